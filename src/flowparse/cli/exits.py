"""Floor 5: how a command ends: its exit code, and one clear line where it failed."""

from __future__ import annotations

import os
import re
import sys
from enum import IntEnum
from shutil import get_terminal_size
from typing import Final

import click

from flowparse.cli.plain import clean, wrap
from flowparse.errors import DestinationError, InflateError, RecordError, SourceError

__all__ = ["Exit", "code_of", "in_cli_words", "in_color", "say"]


class Exit(IntEnum):
    """What the exit codes mean. The last two are a shell's own: 128 + the signal."""

    DONE = 0
    REJECTS = 1
    USAGE = 2
    SOURCE = 3
    FINDINGS = 10
    INTERRUPTED = 130
    PIPE_CLOSED = 141


_COLORS: Final = {"error": "red", "warning": "yellow", "note": "cyan"}


def code_of(error: Exception) -> Exit:
    """The exit code of an error that the library raised."""
    if isinstance(error, RecordError):
        return Exit.REJECTS
    if isinstance(error, (SourceError, InflateError)):
        return Exit.SOURCE
    if isinstance(error, DestinationError):  # a cause is what the system said while writing
        return Exit.SOURCE if error.__cause__ else Exit.USAGE
    if isinstance(error, (ValueError, ImportError)):  # the latter: an extra is not installed
        return Exit.USAGE
    return Exit.SOURCE


def say(message: str, kind: str = "error") -> None:
    """Write one line to standard error; a terminal gets it wrapped between words.

    Parameters
    ----------
    message : str
    kind : {"error", "warning", "note"}
    """
    mark = click.style(f"{kind}:", fg=_COLORS[kind], bold=True)
    text = clean(f"flowparse: {kind}: {message}")
    if sys.stderr.isatty():
        text = wrap(text, get_terminal_size().columns)
    click.echo(text.replace(f"{kind}:", mark, 1), err=True, color=in_color())


def in_color() -> bool | None:
    """For `click.echo`: None lets it color what goes to a terminal."""
    return False if os.environ.get("NO_COLOR") else None


# The library's messages name Python arguments; here they are options.
_WORDS: Final = (
    (r"\. All are in open_reader\(.*", "; --on-reject raise stops there"),
    (r'on_reject="(\w+)"', r"--on-reject \1"),
    (r" and lists the damage in reader\.errors", " and goes on"),
    (r"; pass log_format, the flow log's LogFormat \(.*\)", "; pass --log-format, {hint}"),
    (r"^filters: ", "--filter: "),
    (r"^log_format\b", "--log-format"),
    (r"^(columns|schema|since|threads|until|mode|by|every): ", r"--\1: "),
    (r"^tier: ", "--thaw: "),
    (r"^prices: ", "--prices: "),
    (r"^look_back: ", "--look-back: "),
    (r"\bwait=SECONDS", "--wait SECONDS"),
    (r"\bunit_objects=(\d+)", r"--unit-objects \1"),
    (r"\bpass state, a folder", "pass --state, a folder"),
    (r"\bpass the state of the runs before", "pass --state of the runs before"),
    (r"\blarger_than=(\d+)", r"--larger-than \1"),
    (r"\blarger_than\b", "--larger-than"),
    (r"\b(abort|keep|delete)_(uploads|noncurrent|markers)\b", r"--\1-\2"),
    (r"until then name prefixes$", "until then name prefixes with --prefix"),
    (r"^partition_by: ", "--partition-by: "),
    (r'mode="(\w+)"', r"--mode \1"),
    (r"Name them in columns, or use read_table\.", "Name them in --columns."),
)
_HINT: Final = "the flow log's LogFormat as AWS shows it"


def in_cli_words(message: str) -> str:
    """A message of the library as a person at the command line can act on it."""
    for pattern, instead in _WORDS:
        message = re.sub(pattern, instead.replace("{hint}", _HINT), message)
    return message
