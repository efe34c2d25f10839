"""Floor 4: what a page is made of: small tables, whatever the size of the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.reader import ERRORS_SCHEMA
from flowparse.rejects import REJECTS_SCHEMA

__all__ = ["DENIED", "LINKS", "TALKERS", "VOLUME", "Gathered", "Part"]

_TIME: Final = pa.timestamp("s", tz="UTC")
_SIZES: Final = [("records", pa.int64()), ("packets", pa.int64()), ("bytes", pa.int64())]
_SEEN: Final = [("first_seen", _TIME), ("last_seen", _TIME)]

#: Volume over time.
VOLUME: Final = pa.schema([("time", _TIME), ("action", pa.string()), *_SIZES])
#: Pairs of addresses, those with most bytes first.
TALKERS: Final = pa.schema([("srcaddr", pa.string()), ("dstaddr", pa.string()), *_SIZES, *_SEEN])
#: What was rejected, most records first.
DENIED: Final = pa.schema(
    [
        ("srcaddr", pa.string()),
        ("dstaddr", pa.string()),
        ("dstport", pa.int32()),
        ("protocol", pa.int32()),
        *_SIZES,
        *_SEEN,
    ]
)
#: Who talks to whom, networks folded.
LINKS: Final = pa.schema(
    [("source", pa.string()), ("destination", pa.string()), *_SIZES, ("rejected", pa.int64())]
)


@dataclass(frozen=True, slots=True)
class Part:
    """The first rows of a longer table, and what the whole of it sums to.

    Attributes
    ----------
    rows : pyarrow.Table
    groups : int
        Rows of the whole table.
    records, bytes : int
        Sums over the whole table.
    """

    rows: pa.Table
    groups: int
    records: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one pass found.

    Attributes
    ----------
    sources : tuple of str
        As the caller named them.
    counts : Counts
    rejects, errors : pyarrow.Table
        As of a `FlowReader`.
    reject_reasons : dict
        Reason -> lines.
    every : int
        Seconds of a bucket of `volume`.
    volume : pyarrow.Table
        Of the schema `VOLUME`, every bucket of the span there, zeros included.
    outside : dict
        Records that `volume` leaves out: `before`, `after`, `untimed`.
    first, last : str or None
        The first start and the last end, as text.
    talkers, denied : Part
    links : pyarrow.Table
        Of the schema `LINKS`, most bytes first; complete.
    folded : str
        How addresses were folded into networks.
    statuses : dict
        Value of log-status, or None -> records.
    actions : dict
        Value of action, or None -> records, packets, bytes.
    findings : pyarrow.Table or None
        None where no detector ran.
    unable : dict
        Detector -> why it could not say anything.
    """

    sources: tuple[str, ...]
    counts: Counts = field(default_factory=Counts)
    rejects: pa.Table = field(default_factory=REJECTS_SCHEMA.empty_table)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table)
    reject_reasons: dict[str, int] = field(default_factory=dict)
    every: int = 60
    volume: pa.Table = field(default_factory=VOLUME.empty_table)
    outside: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    talkers: Part
    denied: Part
    links: pa.Table = field(default_factory=LINKS.empty_table)
    folded: str = ""
    statuses: dict[str | None, int] = field(default_factory=dict)
    actions: dict[str | None, dict[str, int]] = field(default_factory=dict)
    findings: pa.Table | None = None
    unable: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records that were looked at: after filters."""
        return sum(sizes["records"] for sizes in self.actions.values())

    @property
    def bytes(self) -> int:
        """Bytes of them."""
        return sum(sizes["bytes"] for sizes in self.actions.values())
