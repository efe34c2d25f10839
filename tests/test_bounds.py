"""Between which times the wanted records lie."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowparse.bounds import time_bounds
from flowparse.filters import Window, read_filters

OPEN = Window(None, None)
OPS: dict[str, Any] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, values: value in values,
    "not in": lambda value, values: value not in values,
    "is not null": lambda value, _: value is not None,
}


@pytest.mark.parametrize(
    ("filters", "window", "bounds"),
    [
        ([], OPEN, (None, None)),
        ([], Window(Fraction(5), Fraction(9)), (5, 8)),
        ([], Window(None, Fraction(17, 2)), (None, 8)),
        ([("start", ">=", 7)], Window(Fraction(5), None), (7, None)),
        ([("end", "<", 7)], Window(None, Fraction(5)), (None, 4)),
        ([("end", "<=", 7)], OPEN, (None, 7)),
        ([("start", "=", "1970-01-01T00:00:07Z")], OPEN, (7, 7)),
        ([("end", "in", [9, 7])], OPEN, (7, 9)),
        ([("end", "not in", [9, 7])], OPEN, (None, None)),
        ([("start", "!=", 7), ("bytes", "=", 3)], OPEN, (None, None)),
        ([[("start", ">", 7)], [("start", ">", 3), ("end", "<", 5)]], OPEN, (3, None)),
        ([[("start", ">", 7)], [("dstport", "=", 22)]], OPEN, (None, None)),
        ([("start", ">", 1_700_000_000_000)], OPEN, (None, None)),
    ],
)
def test_bounds(filters: Any, window: Window, bounds: tuple[Any, Any]) -> None:
    """Every condition on start and end narrows them, the loosest of several groups counts."""
    assert time_bounds(read_filters(filters), window) == bounds


TIMES = st.integers(0, 9)
TERMS = st.tuples(st.sampled_from(("start", "end")), st.sampled_from(tuple(OPS)), TIMES).map(
    lambda term: (term[0], term[1], [term[2], 4]) if term[1].endswith("in") else term
)


@given(
    groups=st.lists(st.lists(TERMS, min_size=1, max_size=3), min_size=1, max_size=3),
    since=st.none() | TIMES,
    until=st.none() | TIMES,
)
def test_no_wanted_record_is_outside(groups: Any, since: int | None, until: int | None) -> None:
    """A wanted record ends at or after the first bound and begins at or before the last."""
    window = Window(*(None if time is None else Fraction(time) for time in (since, until)))
    earliest, latest = time_bounds(read_filters(groups), window)
    for start in range(10):
        for end in range(start, 10):
            values = {"start": start, "end": end}
            wanted = any(all(OPS[op](values[c], v) for c, op, v in group) for group in groups)
            inside = (since is None or end >= since) and (until is None or start < until)
            if wanted and inside:
                assert earliest is None or end >= earliest
                assert latest is None or start <= latest
