"""Floor 1: between which times the records lie that a call can want."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import TypeAlias

from flowparse.filters import Condition, Filters, Window
from flowparse.times import read_time

__all__ = ["Bound", "group_bounds", "time_bounds"]

#: Seconds since 1970; None is open.
Bound: TypeAlias = Fraction | None

# Larger numbers are milliseconds, which schema "aws" compares as they stand.
_SECONDS_END = 10**11


def time_bounds(filters: Filters, window: Window) -> tuple[Bound, Bound]:
    """Earliest `end` and latest `start` of the records that are wanted.

    Parameters
    ----------
    filters : Filters
        Without those of schema `aws`, where old times are milliseconds.
    window : Window

    Returns
    -------
    (Fraction or None, Fraction or None)
        Seconds since 1970; None is open. Every record wanted ends at or after the first and
        begins at or before the second, a whole second. More records than those wanted may do so.

    Examples
    --------
    >>> after = Condition("start", ">=", 100)
    >>> until = Condition("end", "<", "1970-01-01T00:10:00Z")
    >>> [str(bound) for bound in time_bounds(((after, until),), Window(None, Fraction(500)))]
    ['100', '499']
    """
    groups = [group_bounds(group, window) for group in filters or ((),)]
    return _widest(min, [low for low, _ in groups]), _widest(max, [high for _, high in groups])


def group_bounds(group: Sequence[Condition], window: Window) -> tuple[Bound, Bound]:
    """The same of one group: all its conditions must hold, and the window."""
    lows = [] if window.since is None else [window.since]
    highs = [] if window.until is None else [_before(window.until)]
    for condition in group:
        if condition.column not in ("start", "end"):
            continue
        # A start that is not before a time has an end that is not.
        values = _values(condition)
        if condition.op in ("=", ">", ">=", "in") and values:
            lows.append(min(values))
        if condition.op in ("=", "<=", "in") and values:
            highs.append(max(values))
        if condition.op == "<" and values:
            highs.append(_before(max(values)))
    return max(lows, default=None), min(highs, default=None)


def _before(time: Fraction) -> Fraction:
    """The last whole second before a time: records have no others."""
    return Fraction(ceil(time) - 1)


def _widest(choose: Callable[[Iterable[Fraction]], Fraction], bounds: Sequence[Bound]) -> Bound:
    """One of the groups must hold: the bound of all is that of the widest."""
    known = [bound for bound in bounds if bound is not None]
    return choose(known) if len(known) == len(bounds) else None


def _values(condition: Condition) -> list[Fraction]:
    if condition.op in ("is null", "is not null"):
        return []
    values = condition.value if condition.op in ("in", "not in") else (condition.value,)
    times = [read_time(value, f"filters: {condition.column}") for value in values]
    return times if all(abs(time) < _SECONDS_END for time in times) else []
