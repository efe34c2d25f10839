"""Floor 4: what was gathered -> one page of HTML."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from flowparse.report.gathered import Gathered
from flowparse.report.missing import library
from flowparse.report.sections import sections
from flowparse.wording import clean

__all__ = ["render"]


@cache
def _template() -> Any:
    jinja2 = library("jinja2")
    here = files("flowparse.report")
    # All that is put in is escaped; charts alone are markup.
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))


def render(gathered: Gathered, title: str) -> str:
    """The page.

    Parameters
    ----------
    gathered : Gathered
    title : str
        Its first heading, and the name of its tab.
    """
    style = (files("flowparse.report") / "style.css").read_text(encoding="utf-8")
    markup = library("markupsafe").Markup
    return str(
        _template().render(
            title=clean(title),
            style=markup(style),
            markup=markup,
            version=version("flowparse"),
            written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            **sections(gathered),
        )
    )
