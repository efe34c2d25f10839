"""Floor 5: what standard error shows while a command reads, and the exit code it ends with."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Self

import pyarrow as pa

from flowparse.cli.exits import Exit, in_cli_words, say
from flowparse.errors import FormatChangedWarning, RejectWarning
from flowparse.request import Progress

__all__ = ["end_of", "watch"]

#: Readings that are over sooner show no bar.
_BAR_AFTER: Final = 0.4
#: What an `InflateError` says of the option that was taken here already.
_HINT: Final = re.compile(r': on_reject="collect" .*')
_WARNINGS: Final = (RejectWarning, FormatChangedWarning)


@contextmanager
def watch() -> Iterator[Progress | None]:
    """Show progress on a terminal while the block reads; its warnings come after it, a line each.

    Yields
    ------
    callable or None
        For the library's `progress`; None where standard error is no terminal.
    """
    said: list[str] = []
    try:
        with _catch_warnings(said), _Bar() as bar:
            yield bar if sys.stderr.isatty() else None
    finally:
        for message in said:
            say(in_cli_words(message), "warning")


@contextmanager
def _catch_warnings(said: list[str]) -> Iterator[None]:
    """Note the library's warnings; all others go their usual way."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if issubclass(category, _WARNINGS):
                said.append(str(message))
            else:
                show(message, category, *rest)

        for category in _WARNINGS:
            warnings.simplefilter("always", category)
        warnings.showwarning = note  # type: ignore[assignment]
        yield


class _Bar:
    """A progress bar that appears when a reading takes its time, and leaves no trace."""

    def __init__(self) -> None:
        self._begun = monotonic()
        self._progress: Any = None

    def __call__(self, done: int, total: int | None) -> None:
        if self._progress is None:
            if monotonic() - self._begun < _BAR_AFTER:
                return
            self._start(done, total)
        self._progress.update(self._task, completed=done, total=total)

    def _start(self, done: int, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        self._progress = Progress(
            BarColumn(bar_width=None),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", completed=done, total=total)
        self._progress.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def end_of(rejects: int, errors: pa.Table) -> Exit:
    """How a reading ended. The sources that failed are said, a line each.

    Parameters
    ----------
    rejects : int
        Lines that were rejected.
    errors : pyarrow.Table
        As `FlowReader.errors`.
    """
    for error in errors.to_pylist():
        say(in_cli_words(_HINT.sub("", error["message"])))
    if errors.num_rows:
        return Exit.SOURCE
    return Exit.REJECTS if rejects else Exit.DONE
