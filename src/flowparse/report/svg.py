"""Floor 4: a Vega-Lite chart -> SVG that stands inside a page.

Text stays text and takes the page's font; colors are the page's variables, so that they follow
dark mode and paper. What Vega writes for screen readers goes: the page says it better, in one
label and a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree

from flowparse.report.missing import library

__all__ = ["draw"]

_SVG: Final = "http://www.w3.org/2000/svg"
_NEEDLESS: Final = ("class", "role", "aria-hidden", "aria-roledescription", "pointer-events")
_CONFIG: Final[dict[str, Any]] = {
    "background": None,
    "font": "sans-serif",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--edge)",
        "tickColor": "var(--edge)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "aria": False,
}


def draw(spec: Mapping[str, Any], label: str) -> str:
    """The SVG of a chart.

    Parameters
    ----------
    spec : mapping
        Vega-Lite. The text of the channel `description` becomes a mark's tooltip.
    label : str
        What a screen reader says instead.
    """
    # No address is allowed: nothing is fetched, whatever the specification says.
    text = library("vl_convert").vegalite_to_svg({"config": _CONFIG, **spec}, allowed_base_urls=[])
    root = ElementTree.fromstring(text)
    for parent in list(root.iter()):
        _strip(parent)
    return _as_markup(root, label)


def _strip(parent: ElementTree.Element) -> None:
    """Drop what says nothing; the description of a mark becomes its title."""
    for child in list(parent):
        hidden = child.get("display") == "none" or child.get("d") == "M0,0h0v0h0Z"
        if hidden and not len(child):
            parent.remove(child)
    told = parent.attrib.pop("aria-label", None)
    for name in _NEEDLESS:
        parent.attrib.pop(name, None)
    parent.attrib.pop("font-family", None)
    if parent.get("opacity") == "1":
        del parent.attrib["opacity"]
    if told is not None:
        ElementTree.SubElement(parent, f"{{{_SVG}}}title").text = told


def _as_markup(root: ElementTree.Element, label: str) -> str:
    width, height = (float(root.attrib.pop(side)) for side in ("width", "height"))
    root.attrib.update({"role": "img", "aria-label": label})
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    for name in list(root.attrib):
        if name in ("version", "class"):
            del root.attrib[name]
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")
