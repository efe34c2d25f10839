"""Floor 4: how much there was over time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from flowparse.aggregate.filling import fill_gaps
from flowparse.aggregate.keys import fold_networks, read_by
from flowparse.aggregate.measures import TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sorting import sort_rows
from flowparse.aggregate.times import read_every
from flowparse.grouping import Groups, Key, Passed

__all__ = ["Timeline", "timeline"]

_COLUMNS: Final = ("records", "packets", "bytes")


@dataclass(eq=False)
class Timeline(Question):
    """How much there was over time: `timeline` as a question.

    The parameters are those of `timeline`.
    """

    every: str | int | timedelta = "5m"
    by: str | Sequence[str] = "action"
    fill: bool = True
    prefix: int | None = None
    prefix_ipv6: int | None = None

    def __post_init__(self) -> None:
        self._every = read_every(self.every)
        taken = ("time", *_COLUMNS)
        self._by = read_by(self.by, self.prefix, self.prefix_ipv6, taken)
        keys = [Key("start", self._every, "time"), *(Key(one.column) for one in self._by)]
        self._groups = Groups(keys, TRAFFIC)

    @property
    def columns(self) -> tuple[str, ...]:
        """start, those of its keys, packets and bytes."""
        return ("start", *(one.column for one in self._by), "packets", "bytes")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        self._groups.add(fold_networks(batch, self._by))

    def absorb(self, other: Timeline) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """The spans in their order."""
        keys = [one.column for one in self._by]
        table = self._groups.table()
        left = 0
        if self.fill:
            table, left = fill_gaps(table, self._every, keys)
        table = sort_rows(table, ["time", *keys])
        about = {"every_seconds": self._every, "spans_left_out": left}
        return table.replace_schema_metadata({"flowparse": json.dumps(about)})


def timeline(
    source: object,
    every: str | int | timedelta = "5m",
    by: str | Sequence[str] = "action",
    *,
    fill: bool = True,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    **reading: Any,
) -> pa.Table:
    r"""How much there was over time.

    Parameters
    ----------
    source : object
        As of `run`.
    every : str, timedelta or int
        Length of a span, such as `"30s"`, `"5m"`, `"1h"` or `"1d"`; a number is seconds.
        Spans begin at multiples of it since 1970-01-01T00:00Z, so days begin at midnight UTC.
    by : str or sequence of str
        Further columns to group by, as of `top_talkers`; `()` is none.
    fill : bool
        Also give spans, from the first to the last, in which a key has no record: with 0.
    prefix, prefix_ipv6 : int, optional
        As of `top_talkers`.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        `time` (where the span begins), the columns of `by`, `records`, `packets`, `bytes`;
        sorted by time and keys, nulls last. A record counts whole in the span in which it
        starts, however long it is; without a start its time is null.

    Raises
    ------
    ValueError
        A column or an option that there is not. For the rest see `run`.

    Notes
    -----
    Memory: one group for each span and key. Filling adds a million rows at most: of gaps that
    would take more, the longest stay, and `spans_left_out` in the metadata says how many spans
    those are. (One record that claims to be of 1970 makes such a gap.) Where spans with records
    times keys are over a million, nothing is filled.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''start action bytes
    ... 1700000000 ACCEPT 4000
    ... 1700000050 REJECT 60
    ... 1700000130 ACCEPT 1000
    ... '''
    >>> per_minute = aggregate.timeline(log, every="1m", by=())
    >>> per_minute["records"].to_pylist(), per_minute["bytes"].to_pylist()
    ([1, 1, 1], [4000, 60, 1000])
    >>> per_minute["time"][0].as_py().isoformat()
    '2023-11-14T22:13:00+00:00'
    """
    return ask(source, Timeline(every, by, fill, prefix, prefix_ipv6), reading)
