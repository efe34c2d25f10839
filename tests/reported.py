"""Tables of a report, made by hand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.detect import FINDINGS
from flowparse.report.gathered import DENIED, LINKS, QUALITY, TALKERS, VOLUME, Gathered, Part

HOUR = 1_700_000_000 // 3600 * 3600
SIZES = {"records": 10, "packets": 100, "bytes": 5000}
SEEN = {"first_seen": HOUR, "last_seen": HOUR + 60}


def rows(schema: pa.Schema, *given: dict[str, Any]) -> pa.Table:
    """Rows of a schema, what is left out null."""
    return pa.Table.from_pylist(list(given), schema=schema)


def part(table: pa.Table, more: int = 0) -> Part:
    """All rows of a table, or of one whose other rows have so many records and bytes."""
    return Part(table, *(sum(table[name].to_pylist()) + more for name in ("records", "bytes")))


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
    lost = {"source": text, "account_id": text, "reason": text, "detail": text}
    losses = [
        {**lost, "what": "error", "count": 3, "unit": "records"},
        {**lost, "what": "reject", "count": 1, "unit": "lines"},
        {**lost, **SEEN, "what": "skip-data", "count": 10, "unit": "records"},
    ]
    story = finding(entity=text, why=text, technique=text, srcaddr=text, detector=text)
    volume = [{"time": HOUR + 60 * i, "action": "ACCEPT", **SIZES} for i in range(60)]
    volume += [{"time": HOUR + 60 * i, "action": text, **SIZES} for i in range(60)]
    tables = {
        "sources": (text,),
        "counts": Counts(records=620, rejects=1, headers=1, objects=1),
        "quality": rows(QUALITY, *losses),
        "volume": rows(VOLUME, *volume),
        "outside": {"before": 1, "after": 0, "untimed": 2},
        "first": "2023-11-14 22:00:00",
        "last": "2023-11-14 23:00:00",
        "talkers": part(talkers),
        "denied": part(denied),
        "links": rows(LINKS, link),
        "actions": {"ACCEPT": {**SIZES, "records": 600}, text: SIZES, None: SIZES},
        "findings": rows(FINDINGS, story),
        "unable": {"beacon": text},
    }
    return Gathered(**{**tables, **given})
