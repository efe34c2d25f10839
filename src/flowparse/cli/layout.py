"""Floor 5: which columns of a table a screen has room for, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len

from flowparse.cli.terminal import GAP

__all__ = ["WIDEST", "Layout", "lay_out"]

#: Longer values are folded in their column.
WIDEST: Final = 40

#: What a reader of a flow log looks at first.
_FIRST: Final = (
    "srcaddr",
    "dstaddr",
    "dstport",
    "action",
    "bytes",
    "start",
    "flow_direction",
    "protocol",
    "packets",
    "srcport",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "end",
    "interface_id",
    "account_id",
    "log_status",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns by what becomes of them: each is in one of the lists.

    Attributes
    ----------
    widths : dict of str to int
        Characters that each column takes.
    shown : list of str
        In the table.
    same : list of str
        One value in all rows: said once, below the table.
    hidden : list of str
        No room.
    upright : bool
        A line a column instead of a table.
    """

    widths: Mapping[str, int]
    shown: list[str]
    same: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    upright: bool = False


def lay_out(columns: Mapping[str, Sequence[str]], screen: int, *, asked: bool = False) -> Layout:
    """Fit columns into a screen.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        The cells of each column.
    screen : int
        Its width in characters.
    asked : bool
        The columns and their order were asked for: the first ones matter most.
    """
    names = list(columns)
    widths = {name: _width(name, cells) for name, cells in columns.items()}
    if _fits(names, widths, screen):
        return Layout(widths, names)
    if len(columns[names[0]]) == 1:
        return Layout(widths, names, upright=True)
    same = [] if asked else [name for name in names if len(set(columns[name])) == 1]
    differ = [name for name in names if name not in same] or [same.pop(0)]
    chosen = _choose(differ, widths, screen, asked=asked)
    hidden = [name for name in differ if name not in chosen]
    return Layout(widths, [name for name in differ if name in chosen], same, hidden)


def _width(name: str, cells: Sequence[str]) -> int:
    return max(cell_len(name), min(WIDEST, max(map(cell_len, cells))))


def _fits(names: Sequence[str], widths: Mapping[str, int], screen: int) -> bool:
    return sum(widths[name] + GAP for name in names) - GAP <= screen


def _choose(
    names: Sequence[str], widths: Mapping[str, int], screen: int, *, asked: bool
) -> set[str]:
    """The most telling columns that fit together; at least one."""
    chosen: list[str] = []
    for name in names if asked else sorted(names, key=_rank):
        if not chosen or _fits([*chosen, name], widths, screen):
            chosen.append(name)
    return set(chosen)


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
