"""Floor 4: the charts of the page, each for a wide screen and for a narrow one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowparse.report.svg import draw

__all__ = ["Chart", "bars", "heat_map", "timeline"]

WIDE: Final = 992
NARROW: Final = 358

Row = Mapping[str, Any]
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart as two SVGs, of which a style sheet shows the one that fits."""

    wide: str
    narrow: str


def _both(build: Callable[[bool], Spec], label: str) -> Chart:
    return Chart(draw(build(True), label), draw(build(False), label))


def timeline(rows: Sequence[Row], label: str, color: str, unit: str) -> Chart:
    """Bars over time.

    Parameters
    ----------
    rows : sequence of mapping
        `begin` and `end` in milliseconds since 1970, `value`, and `tip`, what a pointer is told.
    label : str
    color : str
        The variable of the style sheet.
    unit : {"bytes", "records"}
    """
    clock = _clock(rows)

    def build(wide: bool) -> Spec:
        kept = ("begin", "end", "value", "tip") if wide else ("begin", "end", "value")
        tip = {"description": {"field": "tip", "type": "nominal"}} if wide else {}
        axis = {"format": "~s" if unit == "records" else ".2~s", "tickCount": 4, "minExtent": 44}
        return {
            "width": WIDE if wide else NARROW,
            "height": 150 if wide else 140,
            "autosize": {"type": "fit", "contains": "padding"},
            "data": {"values": [{name: row[name] for name in kept} for row in rows]},
            "mark": {"type": "bar", "color": f"var({color})", "aria": wide, "binSpacing": 0},
            "encoding": {
                "x": {
                    "field": "begin",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "axis": {
                        "title": None,
                        "grid": False,
                        "format": clock,
                        "labelOverlap": "greedy",
                        "labelSeparation": 8,
                        "tickCount": 10 if wide else 4,
                        "labelFlush": True,
                    },
                },
                "x2": {"field": "end"},
                "y2": {"datum": 0},
                "y": {"field": "value", "type": "quantitative", "axis": {**axis, "title": None}},
                **tip,
            },
        }

    return _both(build, label)


def _clock(rows: Sequence[Row]) -> str:
    """How times are written along an axis of that length."""
    days = (rows[-1]["end"] - rows[0]["begin"]) / 86_400_000
    return "%H:%M" if days <= 1 else "%d %b %H:%M" if days <= 7 else "%Y-%m-%d"


def bars(rows: Sequence[Row], label: str, color: str) -> Chart:
    """A bar a row, longest first, with its name above it and its value at the right.

    Parameters
    ----------
    rows : sequence of mapping
        `name`, `value` and `text`, the value as it is written.
    label : str
    color : str
    """

    def build(wide: bool) -> Spec:
        width = WIDE if wide else NARROW
        longest = max((row["value"] for row in rows), default=1) or 1
        values = [{**row, "order": order} for order, row in enumerate(rows)]
        y = {"field": "order", "type": "ordinal", "axis": None}
        text = {"type": "text", "baseline": "alphabetic", "yOffset": -1}
        return {
            "width": width,
            "height": {"step": 34},
            "autosize": {"type": "fit-x", "contains": "padding"},
            "data": {"values": values},
            "layer": [
                {
                    "mark": {"type": "bar", "height": 9, "yOffset": 8, "color": f"var({color})"},
                    "encoding": {
                        "x": {
                            "field": "value",
                            "type": "quantitative",
                            "axis": None,
                            "scale": {"domain": [0, longest]},
                        }
                    },
                },
                {
                    "mark": {**text, "align": "left", "limit": width - 80},
                    "encoding": {"x": {"value": 0}, "text": {"field": "name", "type": "nominal"}},
                },
                {
                    "mark": {**text, "align": "right", "color": "var(--muted)"},
                    "encoding": {
                        "x": {"value": "width"},
                        "text": {"field": "text", "type": "nominal"},
                    },
                },
            ],
            "encoding": {"y": y},
        }

    return _both(build, label)


def heat_map(cells: Mapping[bool, Sequence[Row]], label: str) -> Chart:
    """Sources down, destinations across; the darker a cell, the more bytes, which it also says.

    Parameters
    ----------
    cells : mapping of bool to sequence of mapping
        For wide and not: `source`, `destination`, `row`, `column` (their places), `strength`
        (0 to 1), `text` and `tip`.
    label : str
    """

    def build(wide: bool) -> Spec:
        kept = list(cells[wide])
        columns = len({cell["column"] for cell in kept})
        axis = {
            "title": None,
            "domain": False,
            "ticks": False,
            "labelLimit": 170 if wide else 98,
            "labelColor": "var(--ink)",
        }
        across = {
            **axis,
            "orient": "top",
            "labelAngle": -40 if wide else -90,
            "labelAlign": "left",
            "labelBaseline": "middle",
        }
        return {
            "width": WIDE if wide else NARROW,
            "height": {"step": 30},
            # Room for labels that lean out, and for fonts that are wider than the one measured.
            "padding": {"left": 12, "top": 16, "right": 84 if wide else 2, "bottom": 2},
            "autosize": {"type": "fit-x", "contains": "padding"},
            "data": {"values": kept},
            "encoding": {
                "x": _place("destination", "column", across),
                "y": _place("source", "row", axis),
            },
            "layer": [
                {
                    "mark": {"type": "rect", "color": "var(--heat)", "aria": wide},
                    "encoding": {
                        "fillOpacity": {
                            "field": "strength",
                            "type": "quantitative",
                            "scale": {"domain": [0, 1], "range": [0.06, 0.5]},
                            "legend": None,
                        },
                        "description": {"field": "tip", "type": "nominal"},
                    },
                },
                {
                    "mark": {"type": "text", "fontSize": 11 if wide or columns < 6 else 10},
                    "encoding": {"text": {"field": "text", "type": "nominal"}},
                },
            ],
        }

    return _both(build, label)


def _place(name: str, order: str, axis: Spec) -> Spec:
    return {
        "field": name,
        "type": "nominal",
        "axis": axis,
        "sort": {"field": order, "op": "min", "order": "ascending"},
        "scale": {"paddingInner": 0.06, "paddingOuter": 0},
    }
