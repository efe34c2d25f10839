"""Floor 5: results for people, on a terminal of any width."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Final, Literal, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["GAP", "console", "grid"]

#: Characters between columns.
GAP: Final = 2
#: Where nobody looks at the width, such as a file, tables are as wide as they are.
_UNLIMITED: Final = 100_000


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Rich would exit with a code that means something else here."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output for people. It takes text as it is: no markup, no emoji codes."""
    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    return _Console(
        highlight=False, markup=False, emoji=False, width=None if limited else _UNLIMITED
    )


def grid(*names: str, right: Iterable[str] = (), wrap: Iterable[str] = ()) -> Table:
    """An empty table of the house's look.

    Parameters
    ----------
    names : str
        Of the columns.
    right, wrap : iterable of str
        The columns that are numbers, and those that may take several lines.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, GAP - 1, 0, 0),
        header_style="bold",
        border_style="dim",
    )
    for name in names:
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, no_wrap=name not in wrap, overflow="fold")
    return table
