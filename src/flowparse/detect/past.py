"""Floor 4: what was usual in the hours before, of many entities, one after another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from flowparse.detect.robust import Past

__all__ = ["Usual", "usual_before"]

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Usual:
    """The hours before one, of the same entity.

    Attributes
    ----------
    hours : int
        Since the first, at most a week.
    median, deviation : float
        Of the values; 0 where there are no hours.
    """

    hours: int
    median: float
    deviation: float


def usual_before(
    rows: Iterable[tuple[Hashable, int, int]], week: int, *, quiet: bool, least: int = 0
) -> Iterator[Usual | None]:
    """What was usual before each row.

    Parameters
    ----------
    rows : iterable of (entity, time, value)
        Sorted by entity and time; the time in seconds, one row an hour.
    week : int
        So many hours before count.
    quiet : bool
        Whether an hour without a row is one of the value 0, from the entity's first row on.
    least : int
        Rows of a smaller value are past of others, and have None.
    """
    entity: Hashable = object()
    first = 0
    past = Past(0, week)
    for key, time, value in rows:
        hour = time // _HOUR
        if key != entity:
            entity, first, past = key, hour, Past(hour, week)
        zeros = past.move_to(hour) * quiet
        if value >= least:
            hours = min(week, hour - first)
            yield Usual(hours, past.median(zeros), past.deviation(zeros))
        else:
            yield None
        past.add(hour, value)
