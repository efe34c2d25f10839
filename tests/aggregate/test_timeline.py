"""How much there was over time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from flowparse import aggregate
from flowparse.aggregate import filling

# 1700000000 is 2023-11-14T22:13:20Z: its five minutes begin at 1699999800.
LOG = b"""start end action packets bytes
1700000000 1700000900 ACCEPT 1 10
1700000099 1700000099 ACCEPT 2 20
1700000100 1700000100 ACCEPT 4 40
1700000700 1700000700 REJECT 8 80
- - - - -
"""


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    times = table["time"].cast(pa.int64())
    table = table.set_column(0, "time", times)
    return list(zip(*table.to_pydict().values(), strict=True))


def test_spans_and_zeros() -> None:
    """A record counts whole where it starts; each action has a row in each span, null last."""
    assert rows(aggregate.timeline(LOG)) == [
        (1699999800, "ACCEPT", 2, 3, 30),
        (1699999800, "REJECT", 0, 0, 0),
        (1700000100, "ACCEPT", 1, 4, 40),
        (1700000100, "REJECT", 0, 0, 0),
        (1700000400, "ACCEPT", 0, 0, 0),
        (1700000400, "REJECT", 0, 0, 0),
        (1700000700, "ACCEPT", 0, 0, 0),
        (1700000700, "REJECT", 1, 8, 80),
        (None, None, 1, None, None),
    ]


def test_without_zeros() -> None:
    """With fill=False only what occurs has a row."""
    assert rows(aggregate.timeline(LOG, fill=False, by=())) == [
        (1699999800, 2, 3, 30),
        (1700000100, 1, 4, 40),
        (1700000700, 1, 8, 80),
        (None, 1, None, None),
    ]


def test_sums_of_nothing_stay_null() -> None:
    """A span whose records say no bytes is null, not 0: only spans without a record are 0."""
    log = b"start action bytes packets\n60 ACCEPT - -\n180 ACCEPT 5 -\n"
    assert rows(aggregate.timeline(log, "1m")) == [
        (60, "ACCEPT", 1, None, None),
        (120, "ACCEPT", 0, 0, 0),
        (180, "ACCEPT", 1, None, 5),
    ]


@pytest.mark.parametrize("every", ["1h", 3600, timedelta(hours=1), "3600s"])
def test_spans_are_named_in_many_ways(every: Any) -> None:
    """Text, seconds and a timedelta mean the same."""
    table = aggregate.timeline(LOG, every, by=())
    assert rows(table)[0] == (1699999200, 4, 15, 150)
    assert json.loads(table.schema.metadata[b"flowparse"])["every_seconds"] == 3600


@pytest.mark.parametrize("every", ["0s", "0.5s", "5 parsecs", -60, "", None])
def test_spans_that_are_none(every: Any) -> None:
    """A span is one whole second or more."""
    with pytest.raises(ValueError, match="every: expected"):
        aggregate.timeline(LOG, every)


def test_the_longest_gaps_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of gaps that would take too many rows the longest are not filled, and that is told."""
    monkeypatch.setattr(filling, "MOST_ADDED", 10)
    log = b"start action bytes\n0 A 1\n1700000000 A 1\n1700000003 A 1\n1700000009 A 1\n"
    table = aggregate.timeline(log, "1s")
    times = table["time"].cast(pa.int64()).to_pylist()
    assert times == [0, *range(1700000000, 1700000004), 1700000009]
    assert json.loads(table.schema.metadata[b"flowparse"])["spans_left_out"] == 1699999999 + 5


def test_a_record_of_1970_takes_no_memory() -> None:
    """A start of 0 beside today's gives two spans and no fifty years of zeros."""
    log = b"start action bytes\n0 ACCEPT 1\n1700000000 ACCEPT 1\n"
    assert aggregate.timeline(log, "1s").num_rows == 2
