"""Floor 5: records on a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

import click
import pyarrow as pa
from rich.cells import cell_len, chop_cells

from flowparse.cli.exits import in_color, say
from flowparse.cli.layout import WIDEST, Layout, lay_out
from flowparse.cli.plain import clean, plain, wrap
from flowparse.cli.terminal import GAP, console

__all__ = ["show_records"]

#: AWS writes null so.
_NULL: Final = "-"
_STYLES: Final[dict[str, dict[str, Any]]] = {
    "ACCEPT": {"fg": "green"},
    "REJECT": {"fg": "red", "bold": True},
    _NULL: {"dim": True},
}


def show_records(
    table: pa.Table,
    *,
    asked: bool = False,
    numbers: Collection[str] | None = None,
    more: str | None = None,
) -> None:
    """Print records: all columns where they fit; else the most telling ones, saying so.

    Parameters
    ----------
    table : pyarrow.Table
    asked : bool
        The columns were asked for, in this order.
    numbers : collection of str, optional
        The columns to be set right; those of integers unless given.
    more : str, optional
        Where to see columns for which there is no room.
    """
    if table.num_rows == 0:
        say("no records", "note")
        return
    columns = _cells(table)
    screen = console().width
    layout = lay_out(columns, screen, asked=asked)
    if numbers is None:
        numbers = {column.name for column in table.schema if pa.types.is_integer(column.type)}
    lines = _upright(columns) if layout.upright else _lines(columns, layout, numbers)
    for line in lines:
        click.echo(line, color=in_color())
    _show_same({name: columns[name][0] for name in layout.same}, screen)
    if layout.hidden:
        named = f"--columns {layout.hidden[0]},... shows what you name, --output json all"
        say(f"no room for {', '.join(layout.hidden)}: {more or named}", "note")


def _show_same(same: dict[str, str], screen: int) -> None:
    """The columns that have one value in all rows."""
    nulls = [name for name, cell in same.items() if cell == _NULL]
    values = [f"{name} {cell}" for name, cell in same.items() if cell != _NULL]
    for what, parts in (("same in all rows", values), ("null in all rows", nulls)):
        if parts:
            text = wrap(f"{what}: {', '.join(parts)}", screen)
            click.echo(click.style(text, dim=True), color=in_color())


def _cells(table: pa.Table) -> dict[str, list[str]]:
    texts = plain(table)
    return {
        name: [_NULL if value is None else clean(str(value)) for value in column.to_pylist()]
        for name, column in zip(texts.column_names, texts.columns, strict=True)
    }


def _upright(columns: dict[str, list[str]]) -> Iterator[str]:
    """One record, a line a column."""
    width = max(map(cell_len, columns)) + GAP
    for name, (cell,) in columns.items():
        yield click.style(name.ljust(width), bold=True) + _paint(cell, cell)


def _lines(
    columns: dict[str, list[str]], layout: Layout, numbers: Collection[str]
) -> Iterator[str]:
    """A table. Plain text for speed: rich takes a millisecond a row."""
    pads = [_Pad(layout.widths[name], name in numbers) for name in layout.shown]
    heads = [pad(name) for pad, name in zip(pads, layout.shown, strict=True)]
    yield (" " * GAP).join(click.style(head, bold=True) for head in heads)
    yield click.style("─" * (sum(pad.width + GAP for pad in pads) - GAP), dim=True)
    for row in zip(*(columns[name] for name in layout.shown), strict=True):
        for cells in _fold(row, pads):
            painted = (_paint(pad(cell), cell) for pad, cell in zip(pads, cells, strict=True))
            yield (" " * GAP).join(painted).rstrip()


class _Pad:
    """Fills a cell to its column's width."""

    def __init__(self, width: int, right: bool) -> None:
        self.width = width
        self.right = right

    def __call__(self, cell: str) -> str:
        blanks = " " * (self.width - cell_len(cell))
        return blanks + cell if self.right else cell + blanks


def _fold(row: Sequence[str], pads: Sequence[_Pad]) -> Iterator[Sequence[str]]:
    """The lines that a row takes: more than one where a cell is wider than its column."""
    if all(len(cell) <= WIDEST // 2 or cell_len(cell) <= WIDEST for cell in row):
        yield row
        return
    parts = [chop_cells(cell, pad.width) for cell, pad in zip(row, pads, strict=True)]
    yield from zip_longest(*parts, fillvalue="")


def _paint(text: str, cell: str) -> str:
    style = _STYLES.get(cell)
    return click.style(text, **style) if style else text
