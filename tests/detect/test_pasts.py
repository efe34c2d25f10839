"""What detectors reckon with: bitmaps of minutes, medians of a past, runs, exchanges."""

from __future__ import annotations

import statistics

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.rows import HOST, OTHER, answer, ask, facts_of_rows, talk
from flowparse.detect.minutes import count_bits, minutes_of
from flowparse.detect.past import usual_before
from flowparse.detect.runs import run_starts, sort_whole, sum_in_runs
from flowparse.detect.telling import plural, size
from strategies import LAW

HOUR = 3600


@given(st.lists(st.none() | st.integers(0, (1 << 60) - 1)))
@LAW
def test_bits_are_counted(bitmaps: list[int | None]) -> None:
    """As Python counts them; null is null."""
    counted = count_bits(pa.array(bitmaps, pa.int64())).to_pylist()
    assert counted == [None if bits is None else bits.bit_count() for bits in bitmaps]


@given(st.lists(st.tuples(st.integers(-3, 9), st.none() | st.integers(0, (1 << 60) - 1))))
@LAW
def test_minutes_of_bitmaps(rows: list[tuple[int, int | None]]) -> None:
    """Bit m of an hour is its minute m, with the row that it came from."""
    hours = pa.array([HOUR * hour for hour, _ in rows], pa.timestamp("s", "UTC"))
    bitmaps = pa.array([bits for _, bits in rows], pa.int64())
    row, minute = minutes_of(pa.chunked_array([hours]), pa.chunked_array([bitmaps]))
    by_hand = [
        (n, 60 * hour + m)
        for n, (hour, bits) in enumerate(rows)
        for m in range(60)
        if bits is not None and bits >> m & 1
    ]
    assert sorted(zip(row.to_pylist(), minute.to_pylist(), strict=True)) == by_hand


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), unique=True), st.booleans())
@LAW
def test_medians_of_a_past(keys: list[tuple[str, int]], quiet: bool) -> None:
    """Of the entity's own hours of the week before, quiet ones included if asked."""
    rows = [(key, HOUR * hour, hour * 7 % 5) for key, hour in sorted(keys)]
    week = 9
    for (key, time, _), usual in zip(rows, usual_before(rows, week, quiet=quiet), strict=True):
        mine = {at: value for name, at, value in rows if name == key and at < time}
        hours = range(max(min([*mine, time]), time - week * HOUR), time, HOUR)
        past = [mine.get(at, 0) for at in hours if quiet or at in mine]
        median = statistics.median(past) if past else 0
        distance = statistics.median([abs(value - median) for value in past]) if past else 0
        assert usual is not None
        assert (usual.hours, usual.median) == (len(hours), median)
        assert usual.deviation == pytest.approx(1.4826 * distance)


def test_small_values_have_no_median_but_are_a_past() -> None:
    """Below `least` nothing is reckoned; the value counts for the hours after."""
    rows = [("a", 0, 1), ("a", HOUR, 3), ("a", 2 * HOUR, 9)]
    *none, usual = usual_before(rows, 24, quiet=True, least=5)
    assert none == [None, None]
    assert usual is not None
    assert (usual.hours, usual.median) == (2, 2.0)


@given(st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(-9, 9))))
@LAW
def test_sums_in_runs(rows: list[tuple[int, int | None]]) -> None:
    """Each row has the sum of those of its key up to it; null counts nothing."""
    table = pa.table(
        {
            "key": pa.array([key for key, _ in rows], pa.int64()),
            "row": pa.array(range(len(rows)), pa.int64()),
            "value": pa.array([value for _, value in rows], pa.int64()),
        }
    )
    table = sort_whole(table, ("key", "row"))
    sums = sum_in_runs(table["value"], run_starts(table, ("key",))).to_pylist()
    by_hand = []
    for place, (key, _) in enumerate(ordered := sorted(rows, key=lambda row: row[0])):
        by_hand.append(sum(value or 0 for name, value in ordered[: place + 1] if name == key))
    assert sums == by_hand


def test_requests_and_answers_side_by_side() -> None:
    """Accepted and rejected requests and the answers of one hour are one row; lone answers none."""
    request = ask(1, records=3, packets=30, bytes=300, minutes=6, flags=2)
    denied = ask(1, records=2, packets=2, bytes=80, action="REJECT", flags=2)
    rows = [request, denied, answer(request, records=4, bytes=900), answer(ask(2))]
    exchanges = facts_of_rows(rows).exchanges
    (row,) = exchanges.table.to_pylist()
    counted = ("asked", "refused", "answers", "packets", "bytes", "answer_bytes", "minutes")
    assert [row[name] for name in counted] == [3, 2, 4, 32, 380, 900, 6]
    (named,) = exchanges.named(exchanges.table).to_pylist()
    assert (named["client"], named["interface_id"]) == (request["client"], "eni-1")


def test_names_that_are_null_are_a_key() -> None:
    """Talks without an account are together, and apart from those with one."""
    rows = [*talk(1, account_id=None), *talk(1), *talk(1, server=None), *talk(1, client=None)]
    exchanges = facts_of_rows(rows).exchanges
    accounts = exchanges.named(exchanges.table)["account_id"].to_pylist()
    assert sorted(accounts, key=str) == ["111122223333", None]


def test_one_facts_one_exchange() -> None:
    """Detectors share what they have in common."""
    facts = facts_of_rows(talk(1, client=HOST, server=OTHER))
    assert facts.exchanges is facts.exchanges


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (4e9, "4.0 GB")]
)
def test_sizes_for_people(number: float, text: str) -> None:
    """In steps of a thousand."""
    assert size(number) == text


def test_numbers_with_nouns() -> None:
    """One port, two ports, three addresses."""
    said = [plural(1, "port"), plural(2, "port"), plural(3000, "address")]
    assert said == ["1 port", "2 ports", "3,000 addresses"]
