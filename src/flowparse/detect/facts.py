"""Floor 4: the small tables that every finding follows from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping import Groups, Key, Measure

if TYPE_CHECKING:
    from flowparse.detect.exchanges import Exchanges

__all__ = ["DENIALS", "STATUS", "TALKS", "Facts"]

_TIME: Final = pa.timestamp("s", tz="UTC")
_TEXT: Final = pa.string()

#: Who talked with whom, by the hour.
TALKS: Final = pa.schema(
    [
        ("hour", _TIME),
        ("account_id", _TEXT),
        ("interface_id", _TEXT),
        ("client", _TEXT),
        ("server", _TEXT),
        ("port", pa.int32()),
        ("protocol", pa.int32()),
        ("is_answer", pa.bool_()),
        ("action", _TEXT),
        ("records", pa.int64()),
        ("packets", pa.int64()),
        ("bytes", pa.int64()),
        ("flags", pa.int64()),
        ("minutes", pa.int64()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
    ]
)

#: Who was denied, by five minutes.
DENIALS: Final = pa.schema(
    [
        ("window", _TIME),
        ("account_id", _TEXT),
        ("interface_id", _TEXT),
        ("srcaddr", _TEXT),
        ("records", pa.int64()),
        ("packets", pa.int64()),
        ("bytes", pa.int64()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
    ]
)

#: What each interface said of its own records, by ten minutes.
STATUS: Final = pa.schema(
    [
        ("window", _TIME),
        ("account_id", _TEXT),
        ("interface_id", _TEXT),
        ("log_status", _TEXT),
        ("records", pa.int64()),
    ]
)

_MERGED: Final = {
    "records": "sum",
    "packets": "sum",
    "bytes": "sum",
    "flags": "or",
    "minutes": "or",
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class Facts:
    """Who talked with whom, who was denied, and which interfaces spoke; no records.

    Made by `facts_of`. All times are in UTC, null where a format lacks the field.

    Attributes
    ----------
    talks : pyarrow.Table
        A row for each hour, interface, client, server, port and protocol, direction and action:
        `records`, `packets`, `bytes`, `flags` (TCP flags OR-ed, 0 where there are none),
        `minutes` (bit m: a record began in minute m of the hour), `first_seen`, `last_seen`.
        `port` is the server's; `is_answer` says that the records go from server to client. See
        `flowparse.detect.orient` for how the sides are told apart.
    denials : pyarrow.Table
        A row for each five minutes, interface and `srcaddr` whose records were rejected.
    status : pyarrow.Table
        A row for each ten minutes, interface and `log_status`: `records`.
    columns : frozenset of str
        The columns that held a value in some record.
    """

    talks: pa.Table
    denials: pa.Table
    status: pa.Table
    columns: frozenset[str]

    @classmethod
    def none(cls) -> Self:
        """Those of no records."""
        return cls.made()

    @classmethod
    def made(
        cls,
        talks: pa.Table | None = None,
        denials: pa.Table | None = None,
        status: pa.Table | None = None,
        columns: Iterable[str] | None = None,
    ) -> Self:
        """From tables made by hand: columns in any order and of near types, missing ones null.

        Without `columns`, those that the tables tell of are taken to have been there.
        """
        talks, denials = _conform(talks, TALKS), _conform(denials, DENIALS)
        status = _conform(status, STATUS)
        tables = (talks, denials, status)
        told = {_FROM.get(name, name) for table in tables for name in _with_values(table)}
        if {"client", "server"} & told:
            told |= {"srcaddr", "dstaddr", "dstport", "srcport", "start"}
        return cls(talks, denials, status, frozenset(told if columns is None else columns))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.talks.num_rows or self.denials.num_rows or self.status.num_rows)

    def absorb(self, other: Facts) -> Facts:
        """Those of this and the other's records together; no record may be in both."""
        return Facts(
            _merge(self.talks, other.talks),
            _merge(self.denials, other.denials),
            _merge(self.status, other.status),
            self.columns | other.columns,
        )

    def oldest(self) -> pa.Scalar:
        """The hour in which the oldest record began; null where there is none."""
        times = [self.talks["hour"], self.denials["window"], self.status["window"]]
        first = min((one for one in map(pc.min, times) if one.is_valid), key=_seconds, default=None)
        hour = None if first is None else _seconds(first) // 3600 * 3600
        return pa.scalar(hour, _TIME)

    @cached_property
    def exchanges(self) -> Exchanges:
        """The requests of `talks` with their answers beside them."""
        from flowparse.detect.exchanges import exchanges_of

        return exchanges_of(self.talks)

    @cached_property
    def uploads(self) -> pa.Table:
        """What each private host sent to public addresses: window (an hour), account_id,
        interface_id, host, peer, port, protocol, records, packets, bytes, first_seen, last_seen.
        """
        from flowparse.detect.uploads import uploads_of

        return uploads_of(self.talks)


def _seconds(time: pa.Scalar) -> int:
    return int(time.cast(pa.int64()).as_py())


_FROM: Final = {"port": "dstport", "flags": "tcp_flags", "window": "start", "hour": "start"}


def _with_values(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if table[name].null_count < table.num_rows]


def _conform(table: pa.Table | None, schema: pa.Schema) -> pa.Table:
    if table is None:
        return schema.empty_table()
    unknown = set(table.column_names) - set(schema.names)
    if unknown:
        raise ValueError(f"no such column of facts: {', '.join(sorted(unknown))}")
    arrays = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _merge(mine: pa.Table, others: pa.Table) -> pa.Table:
    if not mine.num_rows or not others.num_rows:
        return mine if mine.num_rows else others
    return regroup(pa.concat_tables([mine, others]))


def regroup(table: pa.Table) -> pa.Table:
    """One row a key again, where rows of one table of facts came together."""
    names = table.column_names
    keys = [Key(name) for name in names if name not in _MERGED]
    measures = [Measure(_MERGED[name], name, name) for name in names if name in _MERGED]  # type: ignore[arg-type]
    groups = Groups(keys, measures)
    for batch in table.combine_chunks().to_batches() or table.schema.empty_table().to_batches():
        groups.add(batch)
    return groups.table().cast(table.schema)
