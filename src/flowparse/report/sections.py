"""Floor 4: what was gathered -> what each section of the page says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flowparse.report.gathered import Gathered
from flowparse.report.grids import count, grid, rows_of, share
from flowparse.report.losses import losses, quality
from flowparse.report.plots import denied_plot, links_plot, talkers_plot, volume_plots
from flowparse.report.told import findings
from flowparse.wording import clean, size

__all__ = ["sections"]

_SIZES: Final = {"records": "Records", "packets": "Packets", "bytes": "Bytes"}
_SEEN: Final = {"first_seen": "First seen (UTC)", "last_seen": "Last seen (UTC)"}
_PAIR: Final = {"srcaddr": "Source", "dstaddr": "Destination"}
#: Rows of the table of links: a page is no archive.
_LINK_ROWS: Final = 200
_SOURCES: Final = 20


def sections(gathered: Gathered) -> dict[str, Any]:
    """What the template fills in."""
    some = gathered.records > 0
    return {
        "empty": _empty(gathered) if not some else "",
        "period": (gathered.first, gathered.last) if gathered.first and gathered.last else None,
        "facts": list(_facts(gathered)),
        "sources": [clean(name) for name in gathered.sources[:_SOURCES]],
        "more_sources": max(0, len(gathered.sources) - _SOURCES),
        "losses": losses(gathered),
        "findings": findings(gathered) if some else None,
        "volume": _volume(gathered) if gathered.volume.num_rows else None,
        "talkers": _talkers(gathered) if gathered.talkers.rows.num_rows else None,
        "links": _links(gathered) if gathered.links.num_rows else None,
        "denied": _denied(gathered) if some else None,
        "quality": quality(gathered),
    }


def _empty(gathered: Gathered) -> str:
    counts = gathered.counts
    if counts.records:
        return f"None of the {count(counts.records)} records passed the filters."
    if counts.rejects:
        return f"No line is a record: all {count(counts.rejects)} were rejected."
    if counts.objects:
        return f"{count(counts.objects)} objects were read, and there is no record in them."
    return "There is nothing in the source: no object, and no record."


def _facts(gathered: Gathered) -> Iterator[tuple[str, str, str]]:
    """Name, value and what there is to say about it."""
    records = gathered.records
    yield "Records", count(records), _left_out(gathered)
    if gathered.bytes:
        yield "Bytes", size(gathered.bytes), "as logged, at each interface"
    actions = (("ACCEPT", "Accepted"), ("REJECT", "Rejected")) if gathered.tells_actions else ()
    for action, name in actions:
        sizes = gathered.actions.get(action, {"records": 0})
        yield name, count(sizes["records"]), f"{share(sizes['records'], records)} of the records"
    if gathered.findings is not None:
        yield "Findings", count(gathered.findings.num_rows), _severe(gathered)


def _left_out(gathered: Gathered) -> str:
    kept, read = gathered.records, gathered.counts.records
    if read > kept:
        return f"of {count(read)} that were read: filters kept these"
    return f"in {count(gathered.counts.objects)} objects" if gathered.counts.objects else ""


def _severe(gathered: Gathered) -> str:
    assert gathered.findings is not None
    told = gathered.findings["severity"].to_pylist()
    found = [f"{told.count(name)} {name}" for name in ("critical", "high", "medium", "low")]
    return ", ".join(text for text in found if not text.startswith("0 ")) or "nothing was found"


def _volume(gathered: Gathered) -> dict[str, Any]:
    heads = {"time": "From (UTC)", "action": "Action", **_SIZES}
    rows = rows_of(gathered.volume)
    return {
        "plots": volume_plots(gathered),
        "grid": grid(f"Volume by {span(gathered.every)} and action", rows, heads),
        "every": span(gathered.every),
        "note": _outside(gathered),
    }


def _outside(gathered: Gathered) -> str:
    """What the chart does not show."""
    words = {
        "before": "begin long before all others",
        "after": "begin long after all others",
        "untimed": "have no start",
        "silent": "tell of no traffic, such as NODATA and SKIPDATA",
    }
    told = [f"{count(n)} {words[name]}" for name, n in gathered.outside.items() if n]
    return f"Records that the charts leave out: {'; '.join(told)}." if told else ""


def _talkers(gathered: Gathered) -> dict[str, Any]:
    part = gathered.talkers
    rows = rows_of(part.rows)
    name = gathered.measure
    table = grid(f"Pairs of addresses with most {name}", rows, {**_PAIR, **_SIZES, **_SEEN})
    whole = part.bytes if name == "bytes" else part.records
    left = whole - sum(row[name] or 0 for row in rows)
    return {
        "plot": talkers_plot(gathered),
        "grid": table,
        "note": f"All others have {_sized(name, left)} of {_sized(name, whole)}." if left else "",
        "measure": name.capitalize(),
    }


def _sized(name: str, number: int) -> str:
    return size(number) if name == "bytes" else f"{count(number)} records"


def _links(gathered: Gathered) -> dict[str, Any]:
    sizes = _SIZES if gathered.bytes else {"records": "Records"}
    heads = {"source": "From", "destination": "To", **sizes, "rejected": "Rejected records"}
    rows = rows_of(gathered.links.slice(0, _LINK_ROWS))
    left = gathered.links.num_rows - len(rows)
    note = ""
    if left:
        rest = rows_of(gathered.links.slice(_LINK_ROWS))
        n_bytes = size(sum(row["bytes"] for row in rest))
        n_records = count(sum(row["records"] for row in rest))
        note = f"{count(left)} more pairs are not in the table: {n_records} records, {n_bytes}."
    table = grid(f"Networks that talk to each other, most {gathered.measure} first", rows, heads)
    return {
        "plot": links_plot(gathered),
        "grid": table,
        "note": note,
        "folded": gathered.folded,
        "measure": gathered.measure.capitalize(),
    }


def _denied(gathered: Gathered) -> dict[str, Any] | None:
    part = gathered.denied
    if not part.rows.num_rows:
        told = gathered.tells_actions
        note = "No record was rejected." if told else "No record says whether it was rejected."
        return {"plot": None, "grid": None, "note": note}
    rows = rows_of(part.rows)
    heads = {**_PAIR, "dstport": "Port", "protocol": "Protocol", **_SIZES, **_SEEN}
    if any(row["reject_reason"] for row in rows):
        heads["reject_reason"] = "Reason"
    heads["interfaces"] = "Interfaces"
    left = part.records - sum(row["records"] for row in rows)
    whole = f"{count(left)} of {count(part.records)} rejected records"
    return {
        "plot": denied_plot(gathered),
        "grid": grid("What was rejected, most records first", rows, heads),
        "note": f"The table leaves out {whole}: those that are rarer." if left else "",
    }


def span(seconds: int) -> str:
    """Seconds as people say them."""
    units = ((604800, "weeks"), (86400, "days"), (3600, "hours"), (60, "minutes"))
    for unit, name in (*units, (1, "seconds")):
        if seconds >= unit and seconds % unit == 0:
            number = seconds // unit
            return f"{number} {name}" if number > 1 else f"1 {name[:-1]}"
    return f"{seconds} seconds"
