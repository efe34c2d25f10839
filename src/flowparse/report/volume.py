"""Floor 4: volume over time, in so many buckets as a chart can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.measures import TRAFFIC
from flowparse.grouping import Fold, Groups, Key, Measure
from flowparse.report.gathered import VOLUME

__all__ = ["STEPS", "Charted", "Volume", "chart"]

#: Seconds of a bucket; each divides all that come after it.
STEPS: Final = (60, 300, 900, 3600, 10800, 21600, 43200, 86400, 604800, 4838400, 53222400)
_MOST_BUCKETS: Final = 300
#: Groups that are kept before buckets are made wider.
_MOST_GROUPS: Final = 200_000
#: Batches between two looks at that.
_LOOK: Final = 64
#: The share of the records that a chart may leave out at either end, where they lie far off.
_STRAY: Final = 0.001
#: Actions that AWS does not have, of which each has a chart.
_STRANGE: Final = 2
#: How often the span of the rest must fit into the whole span for that.
_FAR: Final = 10


class Volume(Fold):
    """Records, packets and bytes by start and action, in memory that is bounded for any span."""

    def __init__(self, every: int = STEPS[0]) -> None:
        self.every = every
        self._start(VOLUME.empty_table())

    def _start(self, folded: pa.Table) -> None:
        """Begin anew behind what is folded already."""
        self._folded = folded
        self._groups = _groups(self.every)
        self._batches = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return ("start", "action", "packets", "bytes")

    def fresh(self) -> Self:
        """An empty one."""
        return type(self)()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the records of one batch."""
        self._groups.add(batch)
        self._batches += 1
        if self._batches % _LOOK == 0:
            self._widen()

    def absorb(self, other: Self) -> None:
        """Take what another has gathered."""
        self.every = max(self.every, other.every)
        self._start(_fold(pa.concat_tables([self.table(), other.table()]), self.every))
        self._widen()

    def table(self) -> pa.Table:
        """Of the schema `VOLUME`, in no order, zeros left out."""
        if not self._batches:
            return self._folded
        table = _whole(self._groups)
        if not self._folded.num_rows:
            return table
        return _fold(pa.concat_tables([self._folded, table]), self.every)

    def _widen(self) -> None:
        while len(self._groups) + self._folded.num_rows > _MOST_GROUPS:
            if self.every == STEPS[-1]:
                return
            self.every = STEPS[STEPS.index(self.every) + 1]
            self._start(_fold(self.table(), self.every))


def _groups(every: int) -> Groups:
    return Groups([Key("start", every=every, name="time"), Key("action")], TRAFFIC)


def _whole(groups: Groups) -> pa.Table:
    table = groups.table().select(VOLUME.names)
    columns = [
        pc.fill_null(column.cast(pa.int64()), 0) if name in ("packets", "bytes") else column
        for name, column in zip(VOLUME.names, table.columns, strict=True)
    ]
    return pa.table(columns, names=VOLUME.names).cast(VOLUME)


def _fold(table: pa.Table, every: int) -> pa.Table:
    """A table of the schema `VOLUME` in buckets of that length."""
    sums = [Measure("sum", name, name) for name in ("records", "packets", "bytes")]
    groups = Groups([Key("time", every=every), Key("action")], sums)
    nothing = pa.RecordBatch.from_pylist([], schema=VOLUME)  # tells the types
    for batch in [nothing, *table.to_batches()]:
        groups.add(batch)
    return groups.table().select(VOLUME.names).cast(VOLUME)


@dataclass(frozen=True, slots=True)
class Charted:
    """What a chart shows of the volume.

    Attributes
    ----------
    table : pyarrow.Table
        Of the schema `VOLUME`, by time and action; buckets without records are zeros.
    every : int
        Seconds of a bucket.
    before, after, untimed, silent : int
        Records that it leaves out: far before or after all others, without a start, or without
        action and bytes, such as NODATA.
    """

    table: pa.Table
    every: int
    before: int = 0
    after: int = 0
    untimed: int = 0
    silent: int = 0


def chart(volume: pa.Table, least: int, every: int | None = None) -> Charted:
    """At most some 300 buckets of the volume.

    Parameters
    ----------
    volume : pyarrow.Table
        What a `Volume` gives.
    least : int
        Seconds of its buckets.
    every : int, optional
        Seconds wanted; a multiple of `least`, or it is rounded up to one.
    """
    timed = volume.filter(pc.is_valid(volume["time"]))
    untimed = _count(volume) - _count(timed)
    timed, silent = _name_untold(timed)
    if not timed.num_rows:
        return Charted(VOLUME.empty_table(), every or least, untimed=untimed, silent=silent)
    begin, end = _span(timed)
    seconds = pc.cast(timed["time"], pa.int64())
    earlier, later = pc.less(seconds, begin), pc.greater(seconds, end)
    kept = timed.filter(pc.and_(pc.invert(earlier), pc.invert(later)))
    step = -(-every // least) * least if every else _step(begin, end, least)
    before, after = _count(timed.filter(earlier)), _count(timed.filter(later))
    return Charted(_fill(kept, step), step, before, after, untimed, silent)


def _name_untold(timed: pa.Table) -> tuple[pa.Table, int]:
    """Traffic without an action has an empty one; what has neither is left out, and counted."""
    told = pc.is_valid(timed["action"])
    moved = pc.greater(pc.add(timed["bytes"], timed["packets"]), 0)
    kept = timed.filter(pc.or_(told, moved))
    at = timed.column_names.index("action")
    silent = _count(timed) - _count(kept)
    return kept.set_column(at, "action", _few(pc.fill_null(kept["action"], ""), kept)), silent


def _few(actions: pa.ChunkedArray, volume: pa.Table) -> pa.Array:
    """The actions, with the rarer ones of those that AWS does not have put together."""
    sums = pa.table({"action": actions, "records": volume["records"]}).group_by("action")
    order = [("records_sum", "descending"), ("action", "ascending")]
    names = sums.aggregate([("records", "sum")]).sort_by(order)["action"].to_pylist()
    strange = [name for name in names if name not in ("ACCEPT", "REJECT", "")]
    rare = pa.array(strange[_STRANGE:], pa.string())
    return pc.if_else(pc.is_in(actions, rare), "other", actions)


def _count(table: pa.Table) -> int:
    return int(pc.sum(table["records"]).as_py() or 0)


def _span(timed: pa.Table) -> tuple[int, int]:
    """The first and the last bucket; without strays, where these would squeeze all others."""
    rows = pa.table({"time": pc.cast(timed["time"], pa.int64()), "records": timed["records"]})
    rows = rows.sort_by("time")
    times, total = rows["time"], _count(rows)
    below = pc.cumulative_sum(rows["records"])
    stray = int(total * _STRAY)
    inner = times.filter(
        pc.and_(
            pc.greater(below, stray),
            pc.less_equal(pc.subtract(below, rows["records"]), total - stray - 1),
        )
    )
    first, last = times[0].as_py(), times[-1].as_py()
    begin, end = inner[0].as_py(), inner[-1].as_py()
    if last - first > _FAR * max(end - begin, STEPS[3]):
        return begin, end
    return first, last


def _step(begin: int, end: int, least: int) -> int:
    steps = [step for step in STEPS if step >= least]
    fitting = (step for step in steps if end // step - begin // step < _MOST_BUCKETS)
    longest = steps[-1]
    return next(fitting, -(-(end - begin + longest) // (_MOST_BUCKETS * longest)) * longest)


def _fill(table: pa.Table, every: int) -> pa.Table:
    """One row for each bucket and action."""
    found = _fold(table, every)
    seconds = pc.cast(found["time"], pa.int64())
    begin, end = pc.min(seconds).as_py(), pc.max(seconds).as_py()
    buckets = range(begin, end + 1, every)
    actions = sorted(pc.unique(found["action"]).to_pylist())
    if len(buckets) * len(actions) > 100_000:
        raise ValueError(
            f"every: {every} seconds give {len(buckets):,} buckets, too many for a page; "
            "choose longer ones, or a shorter time with since and until"
        )
    grid = pa.table(
        {
            "time": pa.array([time for time in buckets for _ in actions], pa.int64()),
            "action": pa.array(actions * len(buckets), pa.string()),
        }
    )
    found = found.set_column(found.column_names.index("time"), "time", seconds)
    filled = grid.join(found, ["time", "action"]).select(VOLUME.names)
    filled = filled.sort_by([("time", "ascending"), ("action", "ascending")])
    columns = [pc.fill_null(filled[name], 0) for name in ("records", "packets", "bytes")]
    times = filled["time"].cast(pa.timestamp("s", tz="UTC"))
    return pa.table([times, filled["action"], *columns], names=VOLUME.names)
