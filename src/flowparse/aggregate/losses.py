"""Floor 4: lines and sources that a pass has lost, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from flowparse.grouping import Passed

__all__ = ["lost_lines", "lost_sources"]


def lost_sources(passed: Passed) -> Iterator[dict[str, Any]]:
    """A row for each source that failed."""
    known = passed.about["errors"] if passed.about else passed.errors.to_pylist()
    for error in known:
        yield {
            "what": "error",
            "source": error["source"],
            "reason": error["kind"],
            "count": error["records_kept"],
            "unit": "records kept",
            "detail": error["message"],
        }


def lost_lines(passed: Passed) -> Iterator[dict[str, Any]]:
    """A row for each source and reason of rejects; one for those of which the number is known."""
    rejects = passed.rejects
    for source, reason, text, count in _rejects_by_source(rejects):
        yield _row(source, reason, text, count)
    unknown = passed.counts.rejects - rejects.num_rows
    if unknown > 0:
        first = (passed.about or {}).get("first_reject") or {}
        yield _row(None, None, first.get("message"), unknown)


def _rejects_by_source(rejects: Any) -> Iterator[tuple[Any, ...]]:
    asked = [("line", "min"), ("line", "count")]
    found = rejects.group_by(["source", "reason"]).aggregate(asked)
    for row in found.to_pylist():
        here = pc.and_(
            pc.equal(rejects["source"], row["source"]), pc.equal(rejects["line"], row["line_min"])
        )
        text = rejects["text"].filter(here)[0].as_py()
        yield row["source"], row["reason"], text, row["line_count"]


def _row(source: str | None, reason: str | None, detail: str | None, count: int) -> dict[str, Any]:
    return {
        "what": "reject",
        "source": source,
        "reason": reason,
        "count": count,
        "unit": "lines",
        "detail": detail,
    }
