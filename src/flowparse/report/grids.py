"""Floor 4: tables as the page shows them: every cell is text, clean of control characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pyarrow as pa

from flowparse.compute import protocol_name
from flowparse.wording import clean, size

__all__ = ["Grid", "cell", "count", "grid", "rows_of", "share"]

_NUMBERS: Final = ("records", "packets", "bytes", "rejected", "interfaces")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for the page.

    Attributes
    ----------
    caption : str
    heads : sequence of (str, bool)
        Name of a column, and whether it is one of numbers.
    rows : sequence of sequence of str
    note : str
        What the rows leave out; empty where nothing.
    """

    caption: str
    heads: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]
    note: str = ""


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of a small table; times as text, which any calendar can hold."""
    columns = [
        column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    rows: list[dict[str, Any]] = pa.table(columns, names=table.column_names).to_pylist()
    return rows


def grid(caption: str, rows: Iterable[Mapping[str, Any]], heads: Mapping[str, str]) -> Grid:
    """A table of rows.

    Parameters
    ----------
    caption : str
    rows : iterable of mapping
    heads : mapping of str to str
        Column -> how the page calls it.
    """
    names = [(text, name in _NUMBERS) for name, text in heads.items()]
    cells = [[cell(name, row[name]) for name in heads] for row in rows]
    return Grid(caption, names, cells)


def cell(name: str, value: Any) -> str:
    """One value as people read it; null is a dash."""
    if value is None:
        return "\N{EN DASH}"
    if name == "bytes":
        return size(value)
    if name == "protocol":
        return _protocol(value)
    if name in _NUMBERS:
        return count(value)
    if name in ("time", "first_seen", "last_seen"):
        return clean(str(value).removesuffix("Z"))
    return clean(str(value))


@cache
def _protocol(number: int) -> str:
    return str(protocol_name([number])[0].as_py())


def count(number: int) -> str:
    """A number with its thousands told apart."""
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 0.1 or not part else "< 0.1 %"
