"""Floor 4: what was lost on the way, and how the lines add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from flowparse.report.gathered import Gathered
from flowparse.report.grids import Grid, cell, count, rows_of
from flowparse.wording import clean, size

__all__ = ["losses", "quality"]

#: Rows of the table of losses.
_SHOWN: Final = 100
_KINDS: Final = {
    "error": "source failed",
    "reject": "lines rejected",
    "skip-data": "flows lost by AWS",
    "status": "unusual status",
    "gap": "gap in the delivery",
    "silent": "interface fell silent",
    "no-data": "no traffic",
}
_WHERE: Final = ("account_id", "region", "flow_log_id", "interface_id", "source")


def losses(gathered: Gathered) -> list[str]:
    """A sentence for each kind of loss, and on records that came twice; none where all is well."""
    sums = _sums(gathered)
    kinds = [what for what in ("reject", "error", "skip-data", "gap") if what in sums]
    told = [_sentence(what, *sums[what]) for what in kinds]
    if gathered.duplicates:
        again = f"{count(gathered.duplicates)} records had come before"
        told.append(f"{again}: detectors saw them once, the figures count each time.")
    return told


def _sums(gathered: Gathered) -> dict[str, tuple[int, int]]:
    """Kind -> its rows, and what they count."""
    table = gathered.quality.group_by("what").aggregate([("count", "sum"), ("what", "count")])
    return {row["what"]: (row["what_count"], row["count_sum"] or 0) for row in table.to_pylist()}


def _sentence(what: str, rows: int, number: int) -> str:
    if what == "reject":
        lines = "line is" if number == 1 else "lines are"
        return f"{count(number)} {lines} no record, and not in the figures."
    if what == "error":
        sources = "source" if rows == 1 else "sources"
        return f"{count(rows)} {sources} could not be read to the end; what came before is counted."
    if what == "skip-data":
        records = "record says" if number == 1 else "records say"
        return f"{count(number)} {records} SKIPDATA: AWS lost flows there, and nobody has them."
    gaps = "gap" if rows == 1 else "gaps"
    return f"{count(rows)} {gaps} in the delivery: no record ends for 15 minutes or longer."


def quality(gathered: Gathered) -> dict[str, Any]:
    """The section on the data's quality."""
    return {
        "lost": _lost(gathered),
        "lines": _lines(gathered),
        "unable": [(clean(name), clean(why)) for name, why in gathered.unable.items()],
    }


def _lost(gathered: Gathered) -> Grid | None:
    table = gathered.quality
    if not table.num_rows:
        return None
    heads = [("What", False), ("How many", True), ("Where", False), ("When (UTC)", False)]
    rows = [_row(row) for row in rows_of(table.slice(0, _SHOWN))]
    left = table.num_rows - len(rows)
    note = ""
    if left:
        kinds = pc.value_counts(table["what"].slice(_SHOWN)).to_pylist()
        told = ", ".join(f"{count(one['counts'])} of {_KINDS[one['values']]}" for one in kinds)
        note = f"{count(left)} more rows are not shown: {told}."
    return Grid("Lost, damaged or silent", [*heads, ("Details", False)], rows, note)


def _row(row: Mapping[str, Any]) -> list[str]:
    where = ", ".join(clean(row[name]) for name in _WHERE if row[name] is not None)
    first, last = (cell(name, row[name]) for name in ("first_seen", "last_seen"))
    when = f"{first} to {last}" if row["first_seen"] is not None else ""
    details = ": ".join(clean(row[name][:300]) for name in ("reason", "detail") if row[name])
    kind = _KINDS.get(row["what"], row["what"])
    return [clean(kind), f"{count(row['count'])} {row['unit']}", where, when, details]


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
        ["NODATA", count(counts.no_data), "of the records: windows without traffic"],
        ["SKIPDATA", count(counts.skip_data), "of the records: flows that AWS lost"],
        ["Objects", count(counts.objects), "files or objects read"],
        ["Stored", size(counts.bytes_read), "as stored"],
        ["Text", size(counts.bytes_text), "decompressed"],
    ]
    heads = [("What", False), ("How many", True), ("Meaning", False)]
    return Grid("Every line that was read", heads, rows)
