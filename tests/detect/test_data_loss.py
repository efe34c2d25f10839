"""Records that are missing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.hand import BEGIN, facts, status, until
from flowparse.detect import Facts
from flowparse.detect.data_loss import DataLoss
from strategies import LAW


def told(whole: Facts) -> list[tuple[str, int]]:
    found = DataLoss().find(whole).to_pylist()
    return [(row["entity"], int(row["time"].timestamp() - BEGIN) // 600) for row in found]


def speaking(interface: str, windows: range, **about: object) -> list[dict[str, object]]:
    return [status(n, interface_id=interface, **about) for n in windows]


def skip(window: int, records: int = 1) -> dict[str, object]:
    return status(window, log_status="SKIPDATA", records=records)


def test_a_run_of_skipdata_is_one_finding_when_it_is_long_enough() -> None:
    """The third SKIPDATA makes it evident; the run may pause for two windows."""
    whole = facts(status=[*speaking("eni-1", range(50)), skip(10), skip(13), skip(14), skip(15)])
    (row,) = DataLoss().find(whole).to_pylist()
    assert told(whole) == [("eni-1", 14)]
    assert (row["records"], row["severity"]) == (3, "high")
    assert row["first_seen"].timestamp() == BEGIN + 6000
    assert "in 3 windows (SKIPDATA)" in row["why"]


def test_a_skip_now_and_then_is_none() -> None:
    """Two in a row, and one each hour, are what happens when capacity is short for a moment."""
    now_and_then = [skip(10), skip(11), *(skip(n) for n in range(20, 50, 6))]
    assert told(facts(status=[*speaking("eni-1", range(50)), *now_and_then])) == []


def test_an_interface_that_always_spoke_and_stops_is_found() -> None:
    """Evident after forty minutes, while another of the account goes on."""
    whole = facts(status=[*speaking("eni-1", range(30)), *speaking("eni-2", range(60))])
    assert told(whole) == [("eni-1", 34)]
    (row,) = DataLoss().find(whole).to_pylist()
    assert (row["measure"], row["account_id"]) == (5.0, "111122223333")
    assert row["first_seen"].timestamp() == BEGIN + 600 * 30
    assert "wrote nothing for 50 minutes" in row["why"]


@pytest.mark.parametrize("status_said", ["NODATA", "SKIPDATA"])
def test_nodata_is_no_silence(status_said: str) -> None:
    """An interface without traffic still writes."""
    rows = [
        *speaking("eni-1", range(30)),
        *speaking("eni-1", range(30, 60), log_status=status_said, records=1),
        *speaking("eni-2", range(60)),
    ]
    found = DataLoss().find(facts(status=rows)).to_pylist()
    assert not [row for row in found if "wrote nothing" in row["why"]]


def test_where_nobody_speaks_nobody_is_silent() -> None:
    """Windows without a record of the account are the delivery's, or the end of the data."""
    gap = [*range(30), *range(45, 60)]
    rows = [status(n, interface_id=name) for name in ("eni-1", "eni-2") for n in gap]
    assert told(facts(status=rows)) == []


def test_one_that_speaks_seldom_may_be_silent_for_longer() -> None:
    """With a record in half of the windows, ten empty ones are an accident, forty are not."""
    half = [n for n in range(100) if n % 2]
    rows = [status(n, interface_id="eni-1") for n in half]
    assert told(facts(status=[*rows, *speaking("eni-2", range(110))])) == []
    assert [name for name, _ in told(facts(status=[*rows, *speaking("eni-2", range(140))]))] == [
        "eni-1"
    ]


def test_an_account_that_is_null_is_an_account() -> None:
    """Formats without account-id have all interfaces in one."""
    rows = [*speaking("eni-1", range(30)), *speaking("eni-2", range(60))]
    assert told(facts(status=[{**row, "account_id": None} for row in rows])) == [("eni-1", 34)]


@LAW
@given(st.integers(0, 2**32), st.integers(20, 120))
def test_windows_that_come_later_change_nothing(seed: int, cut: int) -> None:
    """What is found until a moment is the same, row by row, whatever comes after it."""
    draw = random.Random(seed)
    rows = [status(n, interface_id="eni-2") for n in range(120)]
    for name in ("eni-1", "eni-3"):
        spoken, speaks = [], True
        for n in range(120):
            speaks = draw.random() < (0.97 if speaks else 0.1)
            if speaks:
                spoken.append(
                    status(n, interface_id=name, log_status=draw.choice(["OK", "SKIPDATA"]))
                )
        rows += spoken
    whole = facts(status=rows)
    detector = DataLoss(past_windows=6)
    before = detector.find(until(whole, 600 * cut)).to_pylist()
    after = detector.find(whole).to_pylist()
    assert before == [row for row in after if row["time"].timestamp() < BEGIN + 600 * cut]
