"""What a host does for the first time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.hand import BEGIN, HOUR, both, facts, talk, until
from flowparse.detect import Baseline, Detector, Facts
from flowparse.detect.new_peer import NewPeer
from flowparse.detect.new_service import NewService
from strategies import LAW

SYN_ACK = 18


def told(detector: Detector, whole: Facts) -> list[tuple[str, int]]:
    found = detector.find(whole).to_pylist()
    return [(row["entity"], int(row["time"].timestamp() - BEGIN) // HOUR) for row in found]


def life(hours: range, **about: Any) -> list[dict[str, Any]]:
    """A request and its answer in each hour."""
    return [row for hour in hours for row in both(hour, **{"records": 5, **about})]


# ---------------------------------------------------------------- services


def test_a_port_that_never_answered_before_is_found_at_its_first_hour() -> None:
    """HTTPS for two days, and then 4444."""
    talks = [*life(range(48)), *life(range(30, 48), port=4444)]
    (row,) = NewService().find(facts(talks)).to_pylist()
    assert told(NewService(), facts(talks)) == [("10.0.0.1:4444", 32)]
    assert (row["dstaddr"], row["dstport"], row["srcaddr"]) == ("10.0.0.1", 4444, None)
    assert row["why"] == (
        "10.0.0.1 answered at TCP port 4444, 15 times in 3 hours, and never before"
    )


@pytest.mark.parametrize(
    "rows",
    [
        life(range(20, 48), port=4444),  # in the time of learning
        life(range(30, 48), port=4444, server="10.0.0.77"),  # a host that is new itself
        life(range(30, 48), port=4444, server="198.51.100.7"),  # a peer's, not ours
        [talk(30, port=4444)],  # nobody answered
        [talk(30, port=4444, is_answer=True, action="REJECT", records=9)],
        life(range(30, 48), port=40_000),  # of which clients draw theirs
        life(range(30, 32), port=4444),  # a job
        life(range(30, 40), port=0, protocol=1),
    ],
)
def test_what_is_no_new_service(rows: list[dict[str, Any]]) -> None:
    """None of these is one."""
    assert told(NewService(), facts([*life(range(48)), *rows])) == []


def test_a_syn_ack_proves_a_high_port() -> None:
    """Where flags tell who answered, every port is a service."""
    high = life(range(30, 40), port=40_000, flags=SYN_ACK)
    assert told(NewService(), facts([*life(range(48)), *high])) == [("10.0.0.1:40000", 32)]


def test_a_server_that_opens_ports_as_it_goes_is_left_alone() -> None:
    """A passive FTP server answers at new ports each hour."""
    ports = [row for hour in range(48) for row in life(range(hour, hour + 3), port=2000 + hour)]
    assert told(NewService(), facts([*life(range(48)), *ports])) == []


# ---------------------------------------------------------------- peers


def test_a_peer_to_which_a_host_never_turned_is_found() -> None:
    """One server for a day and a half, and then another one."""
    talks = [*life(range(48)), *life(range(36, 48), server="203.0.113.7")]
    (row,) = NewPeer().find(facts(talks)).to_pylist()
    assert told(NewPeer(), facts(talks)) == [("10.0.0.9", 38)]
    assert (row["srcaddr"], row["dstaddr"], row["severity"]) == ("10.0.0.9", "203.0.113.7", "low")
    assert "10.0.0.9 turned to 203.0.113.7 in 3 of 6 hours, and never before" in row["why"]


def test_a_host_that_meets_peers_all_day_is_left_alone() -> None:
    """A new peer each hour is what a browser does."""
    peers = [talk(hour + n, server=f"203.0.113.{hour}") for hour in range(48) for n in range(3)]
    assert told(NewPeer(), facts(peers)) == []


def test_a_new_machine_is_no_new_peer() -> None:
    """A monitor turns to a machine that was not there yesterday; one that was there is told."""
    machine = life(range(36, 48), server="10.0.0.77")
    assert told(NewPeer(), facts([*life(range(48)), *machine])) == []
    older = talk(2, client="10.0.0.77", server="10.0.0.1")
    assert told(NewPeer(), facts([*life(range(48)), *machine, older])) == [("10.0.0.9", 38)]


def test_two_accounts_that_see_it_are_one_finding() -> None:
    """The account is not named then."""
    rows = [*life(range(48)), *life(range(36, 48), server="203.0.113.7")]
    (row,) = (
        NewPeer().find(facts([*rows, *({**one, "account_id": "2"} for one in rows)])).to_pylist()
    )
    assert (row["entity"], row["account_id"], row["measure"]) == ("10.0.0.9", None, 1.0)


def test_many_new_peers_at_once_are_a_scan() -> None:
    """Which the scan detectors weigh."""
    swept = [talk(36 + h, server=f"203.0.113.{n}") for n in range(50) for h in range(3)]
    assert told(NewPeer(), facts([*life(range(48)), *swept])) == []
    few = [talk(36 + h, server=f"203.0.113.{n}") for n in range(3) for h in range(3)]
    (row,) = NewPeer().find(facts([*life(range(48)), *few])).to_pylist()
    assert (row["dstaddr"], row["measure"]) == (None, 3.0)


def test_clients_that_come_are_no_peers() -> None:
    """A server has new clients all day; who asks is whom it is about."""
    come = [row for n in range(40) for row in life(range(36, 40), client=f"203.0.113.{n}")]
    assert told(NewPeer(), facts([*life(range(48)), *come])) == []


def test_a_host_is_watched_whatever_it_does() -> None:
    """One that only ever answered, and now asks, has had its time of learning."""
    asks = life(range(36, 48), client="10.0.0.1", server="203.0.113.7")
    assert told(NewPeer(), facts([*life(range(48)), *asks])) == [("10.0.0.1", 38)]


# ---------------------------------------------------------------- the baseline


def test_a_baseline_needs_no_time_of_learning(tmp_path: Path) -> None:
    """What is in it is not new, and what is not is, in the first hour."""
    usual = Baseline.of(facts(life(range(3))))
    usual.save(tmp_path / "usual.parquet")
    usual = Baseline.load(tmp_path / "usual.parquet")
    now = facts([*life(range(3)), *life(range(3), port=4444, server="10.0.0.1")])
    assert told(NewService(baseline=usual), now) == [("10.0.0.1:4444", 2)]
    assert told(NewPeer(baseline=usual), now) == []
    other = facts([*life(range(3)), *life(range(3), server="203.0.113.7")])
    assert told(NewPeer(baseline=usual), other) == [("10.0.0.9", 2)]


def test_a_host_that_is_not_in_the_baseline_still_learns() -> None:
    """A new machine is no new service."""
    usual = Baseline.of(facts(life(range(3))))
    now = facts(life(range(3), server="10.0.0.77", client="10.0.0.78"))
    assert told(NewService(baseline=usual), now) == told(NewPeer(baseline=usual), now) == []


def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path) -> None:
    """The message names the file, and says how to make one."""
    import pyarrow.parquet as pq

    (tmp_path / "a").write_bytes(b"no")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "b")
    for name in "ab":
        with pytest.raises(ValueError, match=f"{name}: .*no baseline"):
            Baseline.load(tmp_path / name)
    with pytest.raises(OSError, match="gone"):
        Baseline.load(tmp_path / "gone")


@LAW
@given(st.integers(0, 2**32), st.integers(25, 70))
def test_hours_that_come_later_change_nothing(seed: int, cut: int) -> None:
    """What is found until a moment is the same, row by row, whatever comes after it."""
    draw = random.Random(seed)
    rows = [
        row
        for hour in range(72)
        for row in both(
            hour,
            client=f"10.0.0.{draw.randint(1, 2)}",
            server=f"10.0.1.{int(draw.expovariate(0.8))}",
            port=draw.choice([22, 80, 443]) + int(draw.expovariate(1.5)),
            records=draw.randint(1, 9),
        )
    ]
    whole = facts(rows)
    for detector in (NewPeer(stays_hours=2), NewService(stays_hours=1)):
        before = detector.find(until(whole, HOUR * cut)).to_pylist()
        after = detector.find(whole).to_pylist()
        assert before == [row for row in after if row["time"].timestamp() < BEGIN + HOUR * cut]
