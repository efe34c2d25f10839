"""Tables of a report, made by hand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.reader import ERRORS_SCHEMA
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.report.gathered import DENIED, LINKS, TALKERS, VOLUME, Gathered, Part

HOUR = 1_700_000_000 // 3600 * 3600
SIZES = {"records": 10, "packets": 100, "bytes": 5000}
SEEN = {"first_seen": HOUR, "last_seen": HOUR + 60}

TIME = pa.timestamp("s", tz="UTC")
FINDINGS = pa.schema(
    [
        ("time", TIME),
        *((name, pa.string()) for name in ("detector", "severity", "entity", "account_id")),
        *((name, pa.string()) for name in ("interface_id", "srcaddr", "dstaddr")),
        ("dstport", pa.int32()),
        ("protocol", pa.int32()),
        ("action", pa.string()),
        *((name, pa.int64()) for name in ("records", "packets", "bytes")),
        *((name, pa.float64()) for name in ("measure", "expected")),
        ("first_seen", TIME),
        ("last_seen", TIME),
        ("technique", pa.string()),
        ("why", pa.string()),
    ]
)


def rows(schema: pa.Schema, *given: dict[str, Any]) -> pa.Table:
    """Rows of a schema, what is left out null."""
    return pa.Table.from_pylist(list(given), schema=schema)


def part(table: pa.Table, groups: int | None = None) -> Part:
    sums = (sum(table[name].to_pylist()) for name in ("records", "bytes"))
    return Part(table, table.num_rows if groups is None else groups, *sums)


def nothing(**given: Any) -> Gathered:
    """What an empty source gives."""
    no_talkers, no_denied = part(TALKERS.empty_table()), part(DENIED.empty_table())
    return Gathered(**{"sources": ("empty",), "talkers": no_talkers, "denied": no_denied, **given})


def finding(severity: str = "high", **given: Any) -> dict[str, Any]:
    return {
        "time": HOUR,
        "detector": "vertical-scan",
        "severity": severity,
        "entity": "203.0.113.9",
        "technique": "T1046",
        "why": "203.0.113.9 tried 900 ports of 10.0.0.1 in an hour, 890 of them in vain.",
        **given,
    }


def everything(text: str = "203.0.113.9", **given: Any) -> Gathered:
    """Something in every section, with a text of the caller's wherever a log's text can stand."""
    pair = {"srcaddr": text, "dstaddr": "10.0.0.1"}
    talkers = rows(TALKERS, {**pair, **SIZES, **SEEN})
    denied = rows(DENIED, {**pair, "dstport": 22, "protocol": 6, **SIZES, **SEEN})
    link = {"source": text, "destination": "10.0.0.0/24", **SIZES, "rejected": 3}
    reject = {"source": text, "line": 7, "field": text, "reason": "not-a-number", "text": text}
    error = {"source": text, "kind": "InflateError", "message": text, "records_kept": 3}
    story = finding(entity=text, why=text, technique=text, srcaddr=text, detector=text)
    volume = [{"time": HOUR + 60 * i, "action": "ACCEPT", **SIZES} for i in range(60)]
    volume += [{"time": HOUR + 60 * i, "action": text, **SIZES} for i in range(60)]
    tables = {
        "sources": (text,),
        "counts": Counts(records=620, rejects=1, headers=1, objects=1),
        "rejects": rows(REJECTS_SCHEMA, reject),
        "errors": rows(ERRORS_SCHEMA, error),
        "reject_reasons": {"not-a-number": 1},
        "volume": rows(VOLUME, *volume),
        "outside": {"before": 1, "after": 0, "untimed": 2},
        "first": "2023-11-14 22:00:00",
        "last": "2023-11-14 23:00:00",
        "talkers": part(talkers),
        "denied": part(denied),
        "links": rows(LINKS, link),
        "statuses": {"OK": 600, "SKIPDATA": 10, text: 10},
        "actions": {"ACCEPT": {**SIZES, "records": 600}, text: SIZES, None: SIZES},
        "findings": rows(FINDINGS, story),
        "unable": {"beacon": text},
    }
    return Gathered(**{**tables, **given})
