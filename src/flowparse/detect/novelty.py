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
from flowparse.detect.sums import How, group

__all__ = ["HOST", "Learning", "new_uses", "without_new_hosts"]

#: What tells hosts apart: accounts may have the same private addresses.
HOST: Final = ("account_id", "host")

_SUMS: Final[dict[str, How]] = {
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
    stays, within : int
        What is new is used in so many hours of so many from the first on.
    quiet_hours, most : int
        More than so many first uses in so many hours before: newness is what it does.
    """

    hours: int
    stays: int
    within: int
    quiet_hours: int
    most: int


def new_uses(
    uses: pa.Table,
    item: Sequence[str],
    watched: pa.Table,
    learning: Learning,
    known: pa.Table | None,
) -> pa.Table:
    """What hosts began to do, and went on with, where it is worth telling.

    Parameters
    ----------
    uses : pyarrow.Table
        `hour`, the columns of `HOST`, those of the item, interface_id, records, packets, bytes,
        first_seen and last_seen.
    item : sequence of str
        What is new: a peer, or a port and protocol.
    watched : pyarrow.Table
        The columns of `HOST`, and `hour`, the first in which the host was seen in any role.
    learning : Learning
    known : pyarrow.Table, optional
        What was there before, of the columns of `HOST` and the item: none of it is new, and its
        hosts have been watched.

    Returns
    -------
    pyarrow.Table
        A row a host and item, with the numbers until it was clear that it stays: `hour` is when
        that was, `first` when it began, and `usual` how many first uses there were in the quiet
        hours before.
    """
    uses = _fill(uses.filter(pc.is_valid(uses["hour"])))
    keys = (*HOST, *item)
    hours = group(uses, (*keys, "hour"), _SUMS, only=("interface_id",))
    firsts = first_of(hours, keys, "hour").select([*keys, "hour"])
    firsts = firsts.rename_columns([*keys, "first"])
    ready = firsts.join(_ready(watched, learning.hours), list(HOST), join_type="inner")
    told = pc.greater_equal(ready["first"], ready["ready"])
    if known is not None:
        known = _fill(known)
        told = pc.or_(told, _is_in(ready, known, HOST))
        told = pc.and_(told, pc.invert(_is_in(ready, known, keys)))
    new = ready.filter(told).drop_columns(["ready"])
    staying = _stays(hours, new, keys, learning)
    return _without_restless(staying, firsts, learning)


def without_new_hosts(new: pa.Table, watched: pa.Table, learning: Learning) -> pa.Table:
    """Without new peers that are watched themselves, but not for long enough."""
    begun = _ready(watched, learning.hours).rename_columns(["account_id", "peer", "begun"])
    new = new.join(begun, ["account_id", "peer"], join_type="left outer")
    known = pc.less_equal(new["begun"], new["first"])
    return new.filter(pc.fill_null(known, True)).drop_columns(["begun"])


def _ready(watched: pa.Table, hours: int) -> pa.Table:
    watched = _fill(watched)
    ready = _after(watched["hour"], hours)
    return watched.select([*HOST]).append_column("ready", ready)


def _stays(hours: pa.Table, new: pa.Table, keys: tuple[str, ...], learning: Learning) -> pa.Table:
    """The new items that are used in enough hours, with their numbers until then."""
    used = hours.join(new, list(keys), join_type="inner")
    used = used.filter(pc.less(used["hour"], _after(used["first"], learning.within)))
    used = used.sort_by([(name, "ascending") for name in (*keys, "hour")])
    used = used.append_column("row", _numbers(used.num_rows))
    begin = used.group_by([*keys]).aggregate([("row", "min")])
    used = used.join(begin, list(keys), join_type="inner")
    used = used.filter(pc.less(pc.subtract(used["row"], used["row_min"]), learning.stays))
    sums = {**_SUMS, "first": "min", "hour": "max", "row": "valid"}
    found = group(used, keys, sums, only=("interface_id",))
    return found.filter(pc.equal(found["row"], learning.stays)).drop_columns(["row"])


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


def _without_restless(new: pa.Table, firsts: pa.Table, learning: Learning) -> pa.Table:
    """What is new of hosts that had few first uses in the hours before its own."""
    if new.num_rows == 0:
        return new.append_column("usual", pa.array([], pa.int64()))
    mine = firsts.filter(pc.is_in(firsts["host"], pc.unique(new["host"])))
    counts = Counter(_hosts_and_hours(mine))  # by the hour, not by the record
    usual = {
        (account, host, hour): sum(
            counts[account, host, hour - back] for back in range(1, learning.quiet_hours + 1)
        )
        for account, host, hour in set(_hosts_and_hours(new))
    }
    before = pa.array([usual[one] for one in _hosts_and_hours(new)], pa.int64())
    new = new.append_column("usual", before)
    return new.filter(pc.less_equal(new["usual"], learning.most))


def _hosts_and_hours(table: pa.Table) -> list[tuple[str, str, int]]:
    """The host of each row, and the number of the hour of its first use."""
    hours = pc.divide(table["first"].cast(pa.int64()), HOUR)
    columns = (table["account_id"], table["host"], hours)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))
