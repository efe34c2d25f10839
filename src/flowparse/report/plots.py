"""Floor 4: which chart shows what."""

from __future__ import annotations

import math
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.report.charts import Chart, bars, heat_map, timeline
from flowparse.report.gathered import Gathered
from flowparse.report.grids import cell, count, rows_of
from flowparse.report.links import matrix
from flowparse.wording import clean, size

__all__ = ["denied_plot", "links_plot", "talkers_plot", "volume_plots"]

#: Bars of a chart, and networks at each side of the map on a wide and on a narrow screen.
_BARS: Final = 10
_WIDE_SIDE: Final = 12
_NARROW_SIDE: Final = 5

_NAMES: Final = {"ACCEPT": "Accepted", "REJECT": "Rejected"}
_COLORS: Final = {"ACCEPT": "--accept", "REJECT": "--reject"}


def volume_plots(gathered: Gathered) -> list[tuple[str, Chart]]:
    """Bytes and records over time, of each action by itself: the few are not lost in the many."""
    plots = []
    actions = pc.unique(gathered.volume["action"]).to_pylist()
    names = {**_NAMES, "": "All" if actions == [""] else "Other"}
    for action in actions:
        rows = gathered.volume.filter(pc.equal(gathered.volume["action"], action))
        name = names.get(action, clean(action))
        for unit in ("bytes", "records") if gathered.bytes else ("records",):
            title = f"{name} {unit}"
            total = cell(unit, pc.sum(rows[unit]).as_py())
            most = cell(unit, pc.max(rows[unit]).as_py())
            label = f"{title} over time: {total} in all, at most {most} in one bar"
            color = _COLORS.get(action, "--other")
            points = _points(rows, unit, gathered.every)
            plots.append((f"{title}: {total}", timeline(points, label, color, unit)))
    return plots


def _points(rows: pa.Table, unit: str, every: int) -> list[dict[str, Any]]:
    begins = pc.cast(rows["time"], pa.int64()).to_pylist()
    return [
        {
            "begin": begin * 1000,
            "end": (begin + every) * 1000,
            "value": row[unit],
            "tip": f"{cell('time', row['time'])}: {cell(unit, row[unit])}"
            + (" records" if unit == "records" else ""),
        }
        for begin, row in zip(begins, rows_of(rows), strict=True)
    ]


def talkers_plot(gathered: Gathered) -> Chart:
    """The pairs with most bytes."""
    name = gathered.measure
    rows = [
        {
            "name": f"{cell('', row['srcaddr'])} \N{RIGHTWARDS ARROW} {cell('', row['dstaddr'])}",
            "value": row[name] or 0,
            "text": cell(name, row[name]),
        }
        for row in rows_of(gathered.talkers.rows.slice(0, _BARS))
    ]
    label = f"The {len(rows)} pairs of addresses with most {name}; the table below has them too"
    return bars(rows, label, "--accept")


def denied_plot(gathered: Gathered) -> Chart:
    """What was rejected most often."""
    rows = [
        {
            "name": f"{cell('', row['srcaddr'])} \N{RIGHTWARDS ARROW} {cell('', row['dstaddr'])}"
            f", {cell('protocol', row['protocol'])} {cell('', row['dstport'])}",
            "value": row["records"],
            "text": count(row["records"]),
        }
        for row in rows_of(gathered.denied.rows.slice(0, _BARS))
    ]
    label = f"The {len(rows)} most frequent rejections; the table below has them too"
    return bars(rows, label, "--reject")


def links_plot(gathered: Gathered) -> Chart:
    """Who talks to whom."""
    name = gathered.measure
    sides = {True: _WIDE_SIDE, False: _NARROW_SIDE}
    cells = {wide: _cells(gathered.links, name, most) for wide, most in sides.items()}
    label = f"{name.capitalize()} from each network to each other one; the table below has them too"
    return heat_map(cells, label)


def _cells(links: pa.Table, name: str, most: int) -> list[dict[str, Any]]:
    rows, columns, table = matrix(links, most)
    logs = [math.log1p(value) for value in table[name].to_pylist()]
    least, largest = min(logs), max(logs)
    return [
        {
            "source": clean(one["source"]),
            "destination": clean(one["destination"]),
            "row": rows.index(one["source"]),
            "column": columns.index(one["destination"]),
            "strength": (log - least) / (largest - least) if largest > least else 1,
            "text": _short(one[name]),
            "tip": f"{clean(one['source'])} to {clean(one['destination'])}: "
            f"{size(one['bytes'])}, {count(one['records'])} records, "
            f"{count(one['rejected'])} rejected",
        }
        for log, one in zip(logs, table.to_pylist(), strict=True)
    ]


def _short(number: float) -> str:
    """A number in few characters: 1.8G."""
    for unit in ("", "k", "M", "G", "T", "P"):
        if number < 999.5:
            return f"{number:.1f}{unit}" if unit and number < 9.95 else f"{number:.0f}{unit}"
        number /= 1000
    return f"{number:.0f}E"
