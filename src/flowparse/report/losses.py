"""Floor 4: what was lost on the way, and how the lines add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowparse.report.gathered import Gathered
from flowparse.report.grids import Grid, count, grid, rows_of
from flowparse.wording import clean, size

__all__ = ["losses", "quality"]


def losses(gathered: Gathered) -> list[str]:
    """A sentence for each kind of loss; none where nothing was lost."""
    return list(_losses(gathered))


def _losses(gathered: Gathered) -> Iterator[str]:
    counts = gathered.counts
    if counts.rejects:
        reasons = ", ".join(f"{count(n)} {why}" for why, n in gathered.reject_reasons.items())
        lines = "line is" if counts.rejects == 1 else "lines are"
        yield f"{count(counts.rejects)} {lines} no record, and not in the figures: {reasons}."
    if gathered.errors.num_rows:
        n = gathered.errors.num_rows
        sources = "source" if n == 1 else "sources"
        yield f"{count(n)} {sources} could not be read to the end; what came before is counted."
    skipped = gathered.statuses.get("SKIPDATA", 0)
    if skipped:
        records = "record says" if skipped == 1 else "records say"
        yield f"{count(skipped)} {records} SKIPDATA: AWS lost flows there, and nobody has them."


def quality(gathered: Gathered) -> dict[str, Any]:
    """The section on the data's quality."""
    return {
        "lines": _lines(gathered),
        "statuses": _statuses(gathered),
        "rejects": _rejects(gathered),
        "errors": _errors(gathered),
        "unable": [(clean(name), clean(why)) for name, why in gathered.unable.items()],
    }


def _lines(gathered: Gathered) -> Grid | None:
    counts = gathered.counts
    if not counts.objects:
        return None
    rows = [
        ["Records", count(counts.records), "lines that are records"],
        ["Rejects", count(counts.rejects), "lines that are no records"],
        ["Headers", count(counts.headers), "lines that name the fields"],
        ["Blank", count(counts.blank), "lines with nothing on them"],
        ["Lines", count(counts.lines), "the sum of these"],
        ["Objects", count(counts.objects), "files or objects read"],
        ["Stored", size(counts.bytes_read), "as stored"],
        ["Text", size(counts.bytes_text), "decompressed"],
    ]
    heads = [("What", False), ("How many", True), ("Meaning", False)]
    return Grid("Every line that was read", heads, rows)


def _statuses(gathered: Gathered) -> Grid | None:
    if not gathered.statuses:
        return None
    rows = [
        {"status": status or "none", "records": n}
        for status, n in sorted(gathered.statuses.items(), key=lambda one: (-one[1], one[0] or ""))
    ]
    heads = {"status": "log-status", "records": "Records"}
    return grid("Records by log-status", rows, heads)


def _rejects(gathered: Gathered) -> Grid | None:
    if not gathered.rejects.num_rows:
        return None
    heads = {"source": "Source", "line": "Line", "field": "Field", "reason": "Reason"}
    rows = rows_of(gathered.rejects)
    for row in rows:
        row["text"] = row["text"][:200] if row["text"] else row["text"]
    table = grid("Lines that are no records", rows, {**heads, "text": "Text"})
    left = gathered.counts.rejects - len(rows)
    note = f"{count(left)} more are not shown." if left > 0 else ""
    return Grid(table.caption, table.heads, table.rows, note)


def _errors(gathered: Gathered) -> Grid | None:
    if not gathered.errors.num_rows:
        return None
    heads = {"source": "Source", "records_kept": "Records kept", "message": "What happened"}
    return grid("Sources that failed", rows_of(gathered.errors), heads)
