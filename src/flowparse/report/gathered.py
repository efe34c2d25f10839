"""Floor 4: what a page is made of: small tables, whatever the size of the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.reader import ERRORS_SCHEMA

__all__ = ["DENIED", "LINKS", "QUALITY", "TALKERS", "VOLUME", "Gathered", "Part"]

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
        ("reject_reason", pa.string()),
        *_SIZES,
        *_SEEN,
        ("interfaces", pa.int64()),
    ]
)
#: Who talks to whom, networks folded.
LINKS: Final = pa.schema(
    [("source", pa.string()), ("destination", pa.string()), *_SIZES, ("rejected", pa.int64())]
)
#: What is missing, damaged or silent, as `flowparse.aggregate.quality` gives it.
QUALITY: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("what", "account_id", "region", "flow_log_id")),
        *((name, pa.string()) for name in ("interface_id", "source", "reason")),
        ("count", pa.int64()),
        ("unit", pa.string()),
        *_SEEN,
        ("detail", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Part:
    """The first rows of a longer table, and what the whole of it sums to.

    Attributes
    ----------
    rows : pyarrow.Table
    records, bytes : int
        Sums over the whole table.
    """

    rows: pa.Table
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
    errors : pyarrow.Table
        As of a `FlowReader`.
    quality : pyarrow.Table
        Of the schema `QUALITY`.
    every : int
        Seconds of a bucket of `volume`.
    volume : pyarrow.Table
        Of the schema `VOLUME`, every bucket of the span there, zeros included; `action` is empty
        where traffic has none.
    outside : dict
        Records that `volume` leaves out: `before`, `after`, `untimed`,
        `silent`.
    first, last : str or None
        The first start and the last end, as text.
    talkers, denied : Part
    links : pyarrow.Table
        Of the schema `LINKS`, most bytes first; complete.
    folded : str
        How addresses were folded into networks.
    actions : dict
        Value of action, or None -> records, packets, bytes.
    findings : pyarrow.Table or None
        None where no detector ran.
    unable : dict
        Detector -> why it could not say anything.
    duplicates : int
        Records that came more than once, as far as detectors looked.
    """

    sources: tuple[str, ...]
    counts: Counts = field(default_factory=Counts)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table)
    quality: pa.Table = field(default_factory=QUALITY.empty_table)
    every: int = 60
    volume: pa.Table = field(default_factory=VOLUME.empty_table)
    outside: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    talkers: Part
    denied: Part
    links: pa.Table = field(default_factory=LINKS.empty_table)
    folded: str = ""
    actions: dict[str | None, dict[str, int]] = field(default_factory=dict)
    findings: pa.Table | None = None
    unable: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0

    @property
    def records(self) -> int:
        """Records that were looked at: after filters."""
        return sum(sizes["records"] for sizes in self.actions.values())

    @property
    def bytes(self) -> int:
        """Bytes of them."""
        return sum(sizes["bytes"] for sizes in self.actions.values())

    @property
    def tells_actions(self) -> bool:
        """Whether some record says that it was accepted or rejected."""
        return bool({"ACCEPT", "REJECT"} & self.actions.keys())

    @property
    def measure(self) -> str:
        """What talkers and links are weighed by: `records` where no record says its bytes."""
        return "bytes" if self.bytes else "records"
