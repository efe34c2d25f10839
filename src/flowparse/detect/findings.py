"""Floor 4: what a detector says: the table of findings, and how one is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector

__all__ = ["FINDINGS", "IDENTITY", "SEVERITIES", "find_none", "make_findings", "sort_findings"]

_TIME: Final = pa.timestamp("s", tz="UTC")

#: The columns of findings.
FINDINGS: Final = pa.schema(
    [
        ("time", _TIME),
        ("detector", pa.string()),
        ("severity", pa.string()),
        ("entity", pa.string()),
        ("account_id", pa.string()),
        ("interface_id", pa.string()),
        ("srcaddr", pa.string()),
        ("dstaddr", pa.string()),
        ("dstport", pa.int32()),
        ("protocol", pa.int32()),
        ("action", pa.string()),
        ("records", pa.int64()),
        ("packets", pa.int64()),
        ("bytes", pa.int64()),
        ("measure", pa.float64()),
        ("expected", pa.float64()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
        ("technique", pa.string()),
        ("why", pa.string()),
    ]
)

#: From the least to the most severe.
SEVERITIES: Final = ("low", "medium", "high", "critical")

#: What makes two findings the same one, told twice. Networks of two accounts, or of two VPCs, may
#: have the same private addresses.
IDENTITY: Final = ("time", "detector", "entity", "account_id", "interface_id")


def find_none() -> pa.Table:
    """No findings."""
    return FINDINGS.empty_table()


def make_findings(detector: Detector, **columns: Any) -> pa.Table:
    """Findings of a detector, in their order.

    Parameters
    ----------
    detector : Detector
        Gives `detector` and `technique`.
    **columns : Array, ChunkedArray, list or scalar
        Columns of `FINDINGS`, all of one length; a scalar holds for every row. Those that are
        left out are null. `time`, `severity`, `entity` and `why` are needed.

    Raises
    ------
    ValueError
        A column that findings do not have, or one of the four is missing.
    """
    unknown = sorted(set(columns) - set(FINDINGS.names))
    if unknown:
        raise ValueError(f"findings have no column {', '.join(unknown)}")
    missing = [name for name in ("time", "severity", "entity", "why") if name not in columns]
    if missing:
        raise ValueError(f"findings of {detector.name}: {', '.join(missing)} missing")
    columns = {"detector": detector.name, "technique": detector.technique, **columns}
    rows = len(columns["time"])
    arrays = [_column(columns.get(field.name), field.type, rows) for field in FINDINGS]
    return sort_findings(pa.Table.from_arrays(arrays, schema=FINDINGS))


def _column(values: Any, type_: pa.DataType, rows: int) -> Any:
    if values is None:
        return pa.nulls(rows, type_)
    if isinstance(values, (str, int, float)):
        return pa.repeat(pa.scalar(values, type_), rows)
    if isinstance(values, pa.Scalar):
        return pa.repeat(values.cast(type_), rows)
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return pc.cast(values, type_)
    return pa.array(values, type_)


def sort_findings(findings: pa.Table) -> pa.Table:
    """By time, detector and entity; what is left is decided by the other columns."""
    order: Iterable[str] = (*IDENTITY, "srcaddr", "dstaddr")
    keys = [(name, "ascending") for name in (*order, "dstport", "protocol", "why")]
    return findings.sort_by(keys)


def gather_findings(tables: Sequence[pa.Table]) -> pa.Table:
    """The findings of several detectors as one table."""
    return sort_findings(pa.concat_tables([find_none(), *tables]).combine_chunks())
