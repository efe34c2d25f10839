"""Floor 1: between which times the records lie that a call can want."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from flowparse.filters import Condition, Filters, Window
from flowparse.times import read_time

__all__ = ["time_bounds"]

Bound = Fraction | None

# Larger numbers are milliseconds, which schema "aws" compares as they stand.
_SECONDS_END = 10**11


def time_bounds(filters: Filters, window: Window) -> tuple[Bound, Bound]:
    """Earliest `end` and latest `start` of the records that are wanted.

    Returns
    -------
    (Fraction or None, Fraction or None)
        Seconds since 1970; None is open. Every record wanted ends at or after the first and
        begins at or before the second. More records than those wanted may do so.

    Examples
    --------
    >>> after = Condition("start", ">=", 100)
    >>> until = Condition("end", "<", "1970-01-01T00:10:00Z")
    >>> [str(bound) for bound in time_bounds(((after, until),), Window(None, Fraction(500)))]
    ['100', '500']
    """
    groups = [_bounds_of(group) for group in filters] or [(None, None)]
    earliest = [low for low, _ in groups]
    latest = [high for _, high in groups]
    return (
        _strictest(max, [window.since, _widest(min, earliest)]),
        _strictest(min, [window.until, _widest(max, latest)]),
    )


def _widest(choose: object, bounds: Sequence[Bound]) -> Bound:
    """One of the groups must hold: the bound of all is that of the widest."""
    known = [bound for bound in bounds if bound is not None]
    return choose(known) if len(known) == len(bounds) else None  # type: ignore[operator]


def _strictest(choose: object, bounds: Iterable[Bound]) -> Bound:
    known = [bound for bound in bounds if bound is not None]
    return choose(known) if known else None  # type: ignore[operator]


def _bounds_of(group: Sequence[Condition]) -> tuple[Bound, Bound]:
    """All conditions must hold. A start that is not before a time has an end that is not."""
    lows: list[Fraction] = []
    highs: list[Fraction] = []
    for condition in group:
        if condition.column not in ("start", "end"):
            continue
        values = _values(condition)
        if condition.op in ("=", ">", ">=", "in") and values:
            lows.append(min(values))
        if condition.op in ("=", "<", "<=", "in") and values:
            highs.append(max(values))
    return max(lows, default=None), min(highs, default=None)


def _values(condition: Condition) -> list[Fraction]:
    values = condition.value if condition.op in ("in", "not in") else (condition.value,)
    if condition.op in ("is null", "is not null"):
        return []
    times = [read_time(value, f"filters: {condition.column}") for value in values]
    return times if all(abs(time) < _SECONDS_END for time in times) else []
