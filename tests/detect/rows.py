"""Rows of talks made by hand, and what a detector says of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from flowparse.detect import FINDINGS, Detector, Facts
from flowparse.detect.facts import TALKS

BEGIN = 1_772_582_400  # 2026-03-04T00:00:00Z
HOST, OTHER, STRANGER = "10.0.0.5", "10.0.0.9", "203.0.113.9"
SYN, SYN_ACK = 3, 19  # of whole connections: FIN is there, too

Row = dict[str, Any]

_USUAL: Row = {
    "account_id": "111122223333",
    "interface_id": "eni-1",
    "client": HOST,
    "server": STRANGER,
    "port": 443,
    "protocol": 6,
    "is_answer": False,
    "action": "ACCEPT",
    "records": 1,
    "packets": 10,
    "bytes": 2000,
    "minutes": 1,
}


def ask(hour: int, **columns: Any) -> Row:
    """A row of requests in that hour."""
    at = BEGIN + 3600 * hour
    return {"hour": at, "first_seen": at, "last_seen": at + 3599, **_USUAL, **columns}


def answer(row: Row, **columns: Any) -> Row:
    """The row of answers to it: as many records."""
    return {**row, "is_answer": True, "action": "ACCEPT", "minutes": row["minutes"], **columns}


def talk(hour: int, **columns: Any) -> list[Row]:
    """Requests, and answers of as many bytes."""
    row = ask(hour, **columns)
    return [row, answer(row)]


def facts_of_rows(rows: Iterable[Row]) -> Facts:
    """Facts whose talks these are; columns that no row has are of no record."""
    return Facts.made(pa.Table.from_pylist([*rows], TALKS))


def found(detector: Detector, rows: Iterable[Row]) -> list[Row]:
    """The findings; the schema is checked on the way."""
    table = detector.find(facts_of_rows(rows))
    assert table.schema == FINDINGS
    findings: list[Row] = table.to_pylist()
    return findings


def told(detector: Detector, rows: Iterable[Row]) -> list[tuple[int, str, str]]:
    """Hour, entity and severity of each finding."""
    return [
        ((int(row["time"].timestamp()) - BEGIN) // 3600, row["entity"], row["severity"])
        for row in found(detector, rows)
    ]
