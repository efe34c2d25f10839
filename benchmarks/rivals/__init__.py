"""Others who read such text: one module each, which tells what its rival does not do.

A module has VERSION, and `read(paths, log_format, threads)`, which gives what the rival gives
its own users; `to_arrow(result)` makes that an Arrow table, outside the race. `threads` is 1, or
None for all cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import LogFormat

__all__ = ["Field", "check_agreement", "facts", "gather"]


@dataclass(frozen=True)
class Field:
    """Who takes part in a race, and who cannot."""

    present: dict[str, ModuleType] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Of those who take part."""
        return {name: module.VERSION for name, module in self.present.items()}

    def readers(
        self, paths: Iterable[Path], log_format: LogFormat, threads: int | None
    ) -> dict[str, Callable[[], object]]:
        """A contestant for each."""
        given = [str(path) for path in paths]
        return {
            name: partial(module.read, given, log_format, threads)
            for name, module in self.present.items()
        }

    def check(self, paths: Iterable[Path], log_format: LogFormat, ours: pa.Table) -> None:
        """Each reads what we read, or there is no race."""
        given = [str(path) for path in paths]
        for name, module in self.present.items():
            theirs = module.to_arrow(module.read(given, log_format, None))
            check_agreement(name, theirs, ours)


def gather(*names: str) -> Field:
    """The modules of this package that can be imported."""
    present, absent = {}, []
    for name in names:
        try:
            present[name] = import_module(f"rivals.{name}")
        except ImportError as error:
            absent.append(f"{name} ({error})")
    return Field(present, tuple(absent))


def facts(table: pa.Table) -> dict[str, int]:
    """What two readings of the same records share."""
    return {
        "rows": table.num_rows,
        "sum of bytes": pc.sum(table["bytes"]).as_py(),
        "nulls in srcaddr": table["srcaddr"].null_count,
        "sum of dstport": pc.sum(table["dstport"]).as_py(),
    }


def check_agreement(name: str, theirs: pa.Table, ours: pa.Table) -> None:
    """Refuse a rival that reads something else."""
    if facts(theirs) != facts(ours):
        raise AssertionError(f"{name} reads {facts(theirs)}, flowparse {facts(ours)}")
