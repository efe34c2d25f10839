"""Floor 4: what of the data is missing, damaged or silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.deliveries import WINDOW_SECONDS, find_gaps, with_flow_log
from flowparse.aggregate.losses import lost_lines, lost_sources
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sorting import sort_rows
from flowparse.aggregate.statuses import find_silent, find_statuses
from flowparse.aggregate.times import SECONDS, read_every
from flowparse.grouping import Groups, Key, Measure, Passed

__all__ = ["Quality", "quality"]

_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("what", "account_id", "region", "flow_log_id")),
        *((name, pa.string()) for name in ("interface_id", "source", "reason")),
        ("count", pa.int64()),
        ("unit", pa.string()),
        ("first_seen", SECONDS),
        ("last_seen", SECONDS),
        ("detail", pa.string()),
    ]
)
#: The order in which they are told: what was lost for certain first.
_KINDS: Final = ("error", "reject", "skip-data", "status", "gap", "silent", "no-data")
_INTERFACE: Final = ("account_id", "region", "interface_id")
_FLOW_LOG: Final = ("log_account", "log_region", "log_flow_log_id")


@dataclass(eq=False)
class Quality(Question):
    """What is missing, damaged or silent: `quality` as a question.

    The parameters are those of `quality`.
    """

    silent_after: str | int | timedelta | None = "1h"
    gap_after: str | int | timedelta | None = "15m"

    def __post_init__(self) -> None:
        self._silent = _read_span(self.silent_after, "silent_after")
        self._gap = _read_span(self.gap_after, "gap_after")
        keys = [Key(name) for name in (*_INTERFACE, "log_status")]
        seen = [Measure("min", "start", "first_seen"), Measure("max", "end", "last_seen")]
        self._statuses = Groups(keys, [Measure("count", None, "count"), *seen])
        windows = [*(Key(name) for name in _FLOW_LOG), Key("end", WINDOW_SECONDS, "time")]
        self._windows = Groups(windows, [Measure("count", None, "count")])

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of interfaces and statuses, start and end, and the source."""
        return (*_INTERFACE, "log_status", "start", "end", "source")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        batch = with_flow_log(batch)
        self._statuses.add(batch)
        self._windows.add(batch)

    def absorb(self, other: Quality) -> None:
        """Take what another has gathered."""
        self._statuses.absorb(other._statuses)
        self._windows.absorb(other._windows)

    def table(self, passed: Passed) -> pa.Table:
        """Row by row, what was lost for certain first."""
        found = pa.Table.from_pylist(list(self._rows(passed)), schema=_SCHEMA)
        order = pc.index_in(found.column("what"), pa.array(_KINDS))
        less = pc.negate(found.column("count"))
        found = found.append_column("order", order).append_column("less", less)
        names = [name for name in _SCHEMA.names if name not in ("what", "count", "unit")]
        return sort_rows(found, ["order", "less", *names]).select(_SCHEMA.names)

    def _rows(self, passed: Passed) -> Iterator[dict[str, Any]]:
        yield from lost_sources(passed)
        yield from lost_lines(passed)
        statuses = self._statuses.table()
        yield from find_statuses(statuses)
        if self._silent is not None:
            yield from find_silent(statuses, self._silent)
        if self._gap is not None:
            windows = sort_rows(self._windows.table(), [*_FLOW_LOG, "time"])
            yield from find_gaps(windows, self._gap)


def _read_span(span: object, name: str) -> int | None:
    return None if span is None else read_every(span, name)


def quality(
    source: object,
    *,
    silent_after: str | int | timedelta | None = "1h",
    gap_after: str | int | timedelta | None = "15m",
    **reading: Any,
) -> pa.Table:
    r"""What of the data is missing, damaged or silent; no row where all is well.

    Parameters
    ----------
    source : object
        As of `run`.
    silent_after : str, timedelta or int, optional
        An interface is silent whose last record, NODATA ones too, ends so long or longer
        before the last one of all. None: silence is not looked for.
    gap_after : str, timedelta or int, optional
        A flow log has a gap where for so long no record ends. With intervals of ten minutes,
        two windows without an end are nothing unusual. None: gaps are not looked for.
    **reading
        As of `run`. Under `on_reject="collect"` damaged sources become rows.

    Returns
    -------
    pyarrow.Table
        A row for each loss. `what` is one of these, in this order:

        - `error`: a source that failed: `source`, `reason` (kind of error), `count` of records
          kept, `detail` (the message).
        - `reject`: lines of a source that are no records: `source`, `reason`, `count` of
          lines, `detail` (the first such line).
        - `skip-data`: SKIPDATA records of an interface: `count` of records. Each stands for
          flows that AWS lost.
        - `status`: records of an interface with a status other than OK, NODATA and SKIPDATA.
        - `gap`: windows of five minutes of a flow log in which no record ends: `count` of
          windows, `first_seen` and `last_seen` where the gap begins and ends.
        - `silent`: an interface that fell silent: `count` of seconds, `first_seen` where its
          last record ends, `last_seen` where the last one of all ends.
        - `no-data`: NODATA records of an account and region: `count` of records. They are
          usual, and tell that an interface is there.

        `unit` says what `count` counts; `first_seen` and `last_seen` are else the earliest
        start and the latest end. Most first within each kind; equals by all columns; nulls
        last.

    Raises
    ------
    ValueError
        An option that there is not. For the rest see `run`.

    Notes
    -----
    A flow log is told by the keys of the objects (`source`), as AWS names them; without such
    a key by account and region. Of a table that `read_table` made, its metadata say how many
    lines were rejected and which sources failed. Memory: one group for each interface and
    status, and for each five minutes of a flow log.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''interface-id start end log-status
    ... eni-1 1700000000 1700000050 OK
    ... eni-1 1700000060 1700000110 SKIPDATA
    ... eni-1 1700000120 x OK
    ... '''
    >>> found = aggregate.quality(log, on_reject="collect")
    >>> found.select(["what", "interface_id", "reason", "count", "unit"]).to_pylist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'what': 'reject', 'interface_id': None, 'reason': 'not-a-number', 'count': 1,
      'unit': 'lines'},
     {'what': 'skip-data', 'interface_id': 'eni-1', 'reason': 'SKIPDATA', 'count': 1,
      'unit': 'records'}]
    """
    return ask(source, Quality(silent_after, gap_after), reading)
