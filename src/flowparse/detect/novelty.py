"""Floor 4: what a host does for the first time, against its own past or a saved one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.episodes import first_of
from flowparse.detect.gather import HOUR
from flowparse.detect.sums import group

__all__ = ["HOST", "Learning", "first_uses"]

#: What tells hosts apart: accounts may have the same private addresses.
HOST: Final = ("account_id", "host")

_SUMS: Final = {
    **dict.fromkeys(("records", "packets", "bytes"), "sum"),
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True, slots=True)
class Learning:
    """When something new is worth telling.

    Attributes
    ----------
    hours : int
        From a host's first hour on it is watched, and nothing of it is new.
    quiet_hours, most : int
        More than so many first uses in so many hours before: newness is what it does.
    """

    hours: int
    quiet_hours: int
    most: int


def first_uses(
    uses: pa.Table, item: Sequence[str], learning: Learning, known: pa.Table | None
) -> pa.Table:
    """The first hour of each item of each host, where it is worth telling.

    Parameters
    ----------
    uses : pyarrow.Table
        `hour`, the columns of `HOST`, those of the item, interface_id, records, packets, bytes,
        first_seen and last_seen.
    item : sequence of str
        What is new: a peer, or a port and protocol.
    learning : Learning
    known : pyarrow.Table, optional
        What was there before, of the columns of `HOST` and the item: none of it is new, and its
        hosts have been watched.

    Returns
    -------
    pyarrow.Table
        A row a host, item and first hour; `usual` is how many first uses there were in the quiet
        hours before.
    """
    uses = _fill(uses.filter(pc.is_valid(uses["hour"])))
    keys = (*HOST, *item)
    hours = group(uses, (*keys, "hour"), _SUMS, only=("interface_id",))
    firsts = first_of(hours, keys, "hour")
    watched = hours.group_by([*HOST]).aggregate([("hour", "min")])
    watched = watched.append_column("ready", _after(watched["hour_min"], learning.hours))
    firsts = firsts.join(watched, list(HOST), join_type="inner")
    ready = pc.greater_equal(firsts["hour"], firsts["ready"])
    if known is not None:
        known = _fill(known)
        ready = pc.or_(ready, _is_in(firsts, known, HOST))
        ready = pc.and_(ready, pc.invert(_is_in(firsts, known, keys)))
    return _without_restless(firsts, ready, learning)


def _fill(table: pa.Table) -> pa.Table:
    """Without nulls among what tells accounts apart: joins would not match them."""
    place = table.column_names.index("account_id")
    return table.set_column(place, "account_id", pc.fill_null(table["account_id"], ""))


def _after(times: pa.ChunkedArray, hours: int) -> pa.ChunkedArray:
    return pc.add(times.cast(pa.int64()), hours * HOUR).cast(pa.timestamp("s")).cast(times.type)


def _is_in(table: pa.Table, known: pa.Table, keys: Sequence[str]) -> pa.ChunkedArray:
    """Whether each row's key is among the known ones."""
    marked = known.group_by([*keys]).aggregate([])
    marked = marked.append_column("known", pa.repeat(pa.scalar(True), marked.num_rows))
    rows = table.select([*keys]).append_column("row", _numbers(table.num_rows))
    found = rows.join(marked, [*keys], join_type="left outer").sort_by("row")
    return pc.fill_null(found["known"], False)


def _numbers(count: int) -> pa.Array:
    return pa.array(range(count), pa.int64())


def _without_restless(firsts: pa.Table, ready: pa.ChunkedArray, learning: Learning) -> pa.Table:
    """The first uses that are ready to be told, of hosts that had few in the hours before."""
    told = firsts.filter(ready)
    if told.num_rows == 0:
        return told.append_column("usual", pa.array([], pa.int64()))
    mine = firsts.filter(pc.is_in(firsts["host"], pc.unique(told["host"])))
    counts = Counter(_hosts_and_hours(mine))  # by the hour, not by the record
    usual = {
        (account, host, hour): sum(
            counts[account, host, hour - back] for back in range(1, learning.quiet_hours + 1)
        )
        for account, host, hour in set(_hosts_and_hours(told))
    }
    before = pa.array([usual[one] for one in _hosts_and_hours(told)], pa.int64())
    told = told.append_column("usual", before)
    return told.filter(pc.less_equal(told["usual"], learning.most))


def _hosts_and_hours(table: pa.Table) -> list[tuple[str, str, int]]:
    """The host and the number of the hour of each row."""
    hours = pc.divide(table["hour"].cast(pa.int64()), HOUR)
    columns = (table["account_id"], table["host"], hours)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))
