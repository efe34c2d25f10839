"""Floor 4: findings as the page tells them, the most severe first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.report.gathered import Gathered
from flowparse.report.grids import Grid, cell, count, rows_of
from flowparse.wording import clean

__all__ = ["findings"]

#: Findings that are told in full; of the others, how many there are of each kind.
_TOLD: Final = 200
#: Of these, those that are seen at once.
_OPEN: Final = 10
_SEVERITIES: Final = ("critical", "high", "medium", "low")
_EVIDENCE: Final = {
    "srcaddr": "source",
    "dstaddr": "destination",
    "dstport": "port",
    "protocol": "protocol",
    "action": "action",
    "interface_id": "interface",
    "account_id": "account",
    "records": "records",
    "packets": "packets",
    "bytes": "bytes",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One finding."""

    severity: str
    detector: str
    entity: str
    why: str
    time: str
    seen: str
    technique: str
    evidence: list[tuple[str, str]]


def findings(gathered: Gathered) -> dict[str, Any] | None:
    """The section on findings; None where no detector ran."""
    table = gathered.findings
    if table is None:
        return None
    rank = pc.index_in(table["severity"], pa.array(_SEVERITIES))
    ranked = table.append_column("rank", pc.fill_null(rank, len(_SEVERITIES)))
    order = [("rank", "ascending"), ("time", "ascending"), ("detector", "ascending")]
    ranked = ranked.sort_by([*order, ("entity", "ascending")])
    told = [_tell(row) for row in rows_of(ranked.slice(0, _TOLD))]
    left = table.num_rows - len(told)
    return {
        "total": table.num_rows,
        "open": told[:_OPEN],
        "more": told[_OPEN:],
        "left": count(left) if left else "",
        "kinds": _kinds(table) if table.num_rows > _OPEN else None,
    }


def _tell(row: dict[str, Any]) -> Told:
    evidence = [
        (text, cell(name, row[name]))
        for name, text in _EVIDENCE.items()
        if row.get(name) is not None
    ]
    first, last = row.get("first_seen"), row.get("last_seen")
    seen = f"{cell('first_seen', first)} to {cell('last_seen', last)}" if first and last else ""
    return Told(
        severity=clean(str(row["severity"])),
        detector=clean(str(row["detector"])),
        entity=clean(str(row["entity"])),
        why=clean(str(row["why"])),
        time=cell("time", row["time"]),
        seen=seen,
        technique=clean(row["technique"] or ""),
        evidence=evidence,
    )


def _kinds(table: pa.Table) -> Grid:
    """How many findings of each detector, by severity."""
    found = table.group_by(["detector", "severity"]).aggregate([("severity", "count")])
    numbers = {
        (row["detector"], row["severity"]): row["severity_count"] for row in found.to_pylist()
    }
    detectors = sorted({name for name, _ in numbers})
    told = {severity for _, severity in numbers}
    severities = [severity for severity in _SEVERITIES if severity in told]
    heads = [("Detector", False), *((name.capitalize(), True) for name in severities)]
    rows = [
        [clean(name), *(count(numbers.get((name, severity), 0)) for severity in severities)]
        for name in detectors
    ]
    return Grid("Findings by detector and severity", heads, rows)
