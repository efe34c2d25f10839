"""Floor 4: who moves most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa

from flowparse.aggregate.keys import fold_networks, read_by, read_limit, read_measure
from flowparse.aggregate.measures import SEEN, TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.shares import with_share
from flowparse.aggregate.sorting import top_groups
from flowparse.grouping import Groups, Key, Passed

__all__ = ["TopTalkers", "TrafficMeasure", "top_talkers"]

TrafficMeasure = Literal["bytes", "packets", "records"]
_COLUMNS: Final = ("bytes", "packets", "records", "share", "first_seen", "last_seen")


@dataclass(eq=False)
class TopTalkers(Question):
    """Who moves most: `top_talkers` as a question.

    The parameters are those of `top_talkers`.
    """

    by: str | Sequence[str] = ("srcaddr", "dstaddr")
    measure: TrafficMeasure = "bytes"
    limit: int | None = 20
    prefix: int | None = None
    prefix_ipv6: int | None = None
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        read_measure(self.measure, TrafficMeasure)
        read_limit(self.limit)
        self._by = read_by(self.by, self.prefix, self.prefix_ipv6, taken=_COLUMNS)
        keys = [Key(one.column) for one in self._by]
        self._groups = Groups(keys, [*TRAFFIC, *SEEN], memory_bytes=self.memory_bytes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its keys, and packets, bytes, start and end."""
        return (*(one.column for one in self._by), "packets", "bytes", "start", "end")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        self._groups.add(fold_networks(batch, self._by))

    def absorb(self, other: TopTalkers) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """The groups with most, and their share."""
        table = top_groups(self._groups, self.measure, self.limit)
        table = with_share(table, self._groups, self.measure)
        keys = [one.column for one in self._by]
        return table.select([*keys, *_COLUMNS])


def top_talkers(
    source: object,
    by: str | Sequence[str] = ("srcaddr", "dstaddr"),
    measure: TrafficMeasure = "bytes",
    limit: int | None = 20,
    *,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    memory_bytes: int | None = None,
    **reading: Any,
) -> pa.Table:
    r"""Who moves most: records by key, the largest first.

    Parameters
    ----------
    source : object
        As of `run`.
    by : str or sequence of str
        Columns to group by, with hyphens or underscores. `"srcaddr/24"` folds the IPv4
        addresses of one into networks of that prefix, and its IPv6 addresses into /64.
    measure : {"bytes", "packets", "records"}
        What the rows are sorted by.
    limit : int, optional
        Rows at most; None is all.
    prefix, prefix_ipv6 : int, optional
        Fold the addresses of all address columns in `by` into networks: IPv4 to `prefix` (32
        where only the other is given), IPv6 to `prefix_ipv6` (64 unless given).
    memory_bytes : int, optional
        For more keys than memory holds: what each thread may take for them before it writes
        them to files in the system's temporary folder. None: they stay in memory.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        The columns of `by`, then `bytes`, `packets`, `records`, `share` of the measure's
        total over all groups (null where that is 0), `first_seen` (the earliest start) and
        `last_seen` (the latest end). Most first; equals by their keys, ascending; nulls last.
        Null is a key as any value is: of NODATA records, or of a field that a format lacks;
        under a prefix also of what is no address.

    Raises
    ------
    ValueError
        A column or an option that there is not. For the rest see `run`.

    Notes
    -----
    Memory: one group for each key that occurs. Sums are exact: one that does not fit in int64 is
    an OverflowError that names the key.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstaddr bytes
    ... 10.0.0.1 198.51.100.7 4000
    ... 10.0.0.2 198.51.100.7 3000
    ... 10.0.1.1 198.51.100.8 2000
    ... '''
    >>> top = aggregate.top_talkers(log, by="srcaddr", prefix=24)
    >>> top.select(["srcaddr", "bytes", "records", "share"]).to_pylist()[0]
    {'srcaddr': '10.0.0.0/24', 'bytes': 7000, 'records': 2, 'share': 0.7777777777777778}
    """
    question = TopTalkers(by, measure, limit, prefix, prefix_ipv6, memory_bytes)
    return ask(source, question, reading)
