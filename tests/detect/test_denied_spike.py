"""A source that is denied far more often than before."""

from __future__ import annotations

import random
import statistics

from hypothesis import given
from hypothesis import strategies as st

from detect.hand import BEGIN, denial, facts, talk, until
from flowparse.detect import Facts
from flowparse.detect.denied_spike import DeniedSpike
from flowparse.detect.robust import SIGMA, Past
from strategies import LAW

DAY = 288  # windows


def usual(source: str = "198.51.100.9", windows: int = DAY) -> list[dict[str, object]]:
    """Denied now and then: once or twice in each window."""
    return [denial(n, source, 1 + n % 2) for n in range(windows)]


def told(whole: Facts) -> list[tuple[str, int]]:
    found = DeniedSpike().find(whole).to_pylist()
    return [(row["entity"], int(row["time"].timestamp() - BEGIN) // 300) for row in found]


def test_a_spike_over_a_days_past_is_found_once() -> None:
    """Ten minutes of fifty times as many are one finding, at the window in which they began."""
    spike = [denial(DAY, "198.51.100.9", 60), denial(DAY + 1, "198.51.100.9", 70)]
    whole = facts(denials=[*usual(), *spike, denial(DAY + 2, "198.51.100.9", 1)])
    (row,) = DeniedSpike().find(whole).to_pylist()
    assert told(whole) == [("198.51.100.9", DAY)]
    assert (row["records"], row["measure"], row["expected"]) == (60, 60.0, 1.5)
    assert row["why"] == (
        "198.51.100.9 was rejected 60 times in 5 minutes; the median of its past is 1.5"
    )
    assert (row["interface_id"], row["action"]) == ("eni-1", "REJECT")


def test_a_source_that_is_always_denied_as_often_is_none() -> None:
    """Sixty rejects in each window are no spike, and nor is twice as many."""
    many = [denial(n, "198.51.100.9", 60 + n % 7) for n in range(DAY)]
    assert told(facts(denials=[*many, denial(DAY, "198.51.100.9", 130)])) == []


def test_a_source_without_a_past_is_left_to_the_scan_detectors() -> None:
    """A stranger that knocks 300 times within minutes has nothing to be compared with."""
    knocks = [denial(DAY + n, "203.0.113.7", 100) for n in range(24)]
    assert told(facts(talks=[talk(0)], denials=[*usual(), *knocks])) == []


def test_few_rejects_are_no_spike_however_rare_they_were() -> None:
    """Nineteen are below the floor, even where the past is of nothing but quiet windows."""
    seldom = [denial(n, "198.51.100.9", 1) for n in range(0, DAY, 20)]
    assert told(facts(denials=[*seldom, denial(DAY, "198.51.100.9", 19)])) == []
    assert told(facts(denials=[*seldom, denial(DAY, "198.51.100.9", 20)])) == [
        ("198.51.100.9", DAY)
    ]


def test_a_spike_in_the_past_does_not_hide_the_next() -> None:
    """Two spikes of one day are two findings."""
    spikes = [denial(n, "2001:db8::9", 80) for n in (DAY, DAY + 50)]
    past = [denial(n, "2001:db8::9", 1) for n in range(DAY + 60) if n not in (DAY, DAY + 50)]
    assert told(facts(denials=[*past, *spikes])) == [
        ("2001:db8::9", DAY),
        ("2001:db8::9", DAY + 50),
    ]


def test_several_interfaces_are_one_source() -> None:
    """A source's rejects are counted at all interfaces together; no interface is named then."""
    split = [denial(DAY, "198.51.100.9", 30, interface_id=name) for name in ("eni-1", "eni-2")]
    (row,) = DeniedSpike().find(facts(denials=[*usual(), *split])).to_pylist()
    assert (row["records"], row["interface_id"]) == (60, None)


@LAW
@given(st.integers(0, 2**32), st.integers(200, 400))
def test_days_that_come_later_change_nothing(seed: int, cut: int) -> None:
    """What is found until a moment is the same, row by row, whatever comes after it."""
    draw = random.Random(seed)
    rows = [
        denial(n, source, draw.choice([1, 1, 2, 3, 60, 200]))
        for source in ("198.51.100.9", "203.0.113.7")
        for n in range(400)
        if draw.random() < 0.7
    ]
    whole = facts(denials=rows)
    before = DeniedSpike().find(until(whole, 300 * cut)).to_pylist()
    after = DeniedSpike().find(whole).to_pylist()
    assert before == [row for row in after if row["time"].timestamp() < BEGIN + 300 * cut]


@LAW
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9))), st.integers(1, 30))
def test_the_past_is_that_of_its_windows(rows: list[tuple[int, int]], windows: int) -> None:
    """Median and deviation are the statistics module's, of the last windows, quiet ones too."""
    counts = dict(rows)
    past = Past(0, windows)
    for window in range(41):
        recent = [counts.get(n, 0) for n in range(max(0, window - windows), window)]
        quiet = past.move_to(window)
        assert quiet == recent.count(0)
        middle = statistics.median(recent) if recent else 0
        assert past.median(quiet) == middle
        spread = statistics.median(abs(n - middle) for n in recent) if recent else 0
        assert past.deviation(quiet) == SIGMA * spread
        if window in counts:
            past.add(window, counts[window])
