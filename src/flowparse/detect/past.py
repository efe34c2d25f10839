"""Floor 4: what was usual before, robustly: the median, and how far from it is usual."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Usual", "usual_before"]

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Usual:
    """The hours before one, of the same entity.

    Attributes
    ----------
    hours : int
        How many: those that have a value, or all since the first, as was asked.
    median, mad : float
        Of the values, and of their distances from it; 0 where there are no hours.
    """

    hours: int
    median: float
    mad: float


def usual_before(
    rows: Iterable[tuple[Hashable, int, float]], week: int, *, zeros: bool, least: float = 0
) -> Iterator[Usual | None]:
    """What was usual before each row.

    Parameters
    ----------
    rows : iterable of (entity, time, value)
        Sorted by entity and time; the time in seconds, one row an hour.
    week : int
        So many hours before count.
    zeros : bool
        Whether an hour without a row is one of the value 0, from the entity's first row on.
    least : float
        Rows of a smaller value are past of others, and have None.
    """
    entity: Hashable = object()
    window: deque[tuple[int, float]] = deque()
    ordered: list[float] = []
    first = 0
    for key, time, value in rows:
        if key != entity:
            entity, first = key, time
            window.clear()
            ordered.clear()
        while window and window[0][0] < time - week * _HOUR:
            del ordered[bisect_left(ordered, window.popleft()[1])]
        span = min(week, (time - first) // _HOUR) if zeros else len(ordered)
        yield _usual(ordered, span) if value >= least else None
        window.append((time, value))
        insort(ordered, value)


def _usual(ordered: list[float], hours: int) -> Usual:
    """Of so many values, of which the ones that are not listed are 0."""
    if hours == 0:
        return Usual(0, 0.0, 0.0)
    zeros = max(0, hours - len(ordered))
    middle = (hours - 1) // 2
    median = 0.0 if middle < zeros else ordered[middle - zeros]
    distances = sorted([abs(value - median) for value in ordered] + [median] * zeros)
    return Usual(hours, median, distances[middle])
