"""Floor 5: `flowparse format`: which log format each source has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import click
import pyarrow as pa

from flowparse.access import Access
from flowparse.cli.exits import Exit, code_of, in_cli_words, say
from flowparse.cli.options import access_options, log_format_option, output_option, sources_argument
from flowparse.cli.output import write_result
from flowparse.errors import FlowparseError, LogFormatError
from flowparse.logformat import LogFormat
from flowparse.sniff import Found, find_format
from flowparse.sources import Source, list_sources

__all__ = ["log_format"]

_SAID_ERRORS: Final = 10
_TOLD_BY: Final = {"log_format": "--log-format"}
_SCHEMA: Final = pa.schema(
    [
        ("format", pa.string()),
        ("told_by", pa.string()),
        ("export_timestamp", pa.bool_()),
        ("fields", pa.int32()),
        ("files", pa.int64()),
        ("first_file", pa.string()),
        ("log_format", pa.string()),
    ]
)


@dataclass(slots=True)
class _Group:
    """The sources of one format. `found` is None where the format is not known."""

    found: Found | None
    first_file: str
    files: int = 0


@click.command("format")
@sources_argument
@log_format_option
@output_option
@access_options
def log_format(
    sources: list[object], log_format: LogFormat | None, form: str, access: Access
) -> Exit:
    """Tell the log format of SOURCE, in the form that AWS and --log-format take.

    Looks at the first line of every file, and groups files of one format. A file whose format
    cannot be told makes the exit code 2.
    """
    survey = _Survey()
    groups = survey.group(list_sources(sources, access=access), log_format)
    write_result(_groups_table(groups), form, _show)
    return survey.end


class _Survey:
    """Looks at sources; what is wrong with one does not hide the others."""

    def __init__(self) -> None:
        self.end = Exit.DONE
        self.n_empty = 0
        self.n_failed = 0

    def group(self, sources: Iterable[Source], given: LogFormat | None) -> list[_Group]:
        groups: dict[Found | None, _Group] = {}
        for source, found in self._look_at(sources, given):
            group = groups.setdefault(found, _Group(found, source.name))
            group.files += 1
        if self.n_failed > _SAID_ERRORS:
            say(f"and {self.n_failed - _SAID_ERRORS} files more")
        if self.n_empty:
            say(f"files with nothing in them: {self.n_empty}", "note")
        return list(groups.values())

    def _fail(self, error: FlowparseError) -> None:
        self.end = max(self.end, code_of(error))
        self.n_failed += 1
        if self.n_failed <= _SAID_ERRORS:
            say(in_cli_words(str(error)))

    def _look_at(
        self, sources: Iterable[Source], given: LogFormat | None
    ) -> Iterator[tuple[Source, Found | None]]:
        for source in sources:
            try:
                found = find_format(source, given)
            except FlowparseError as error:
                self._fail(error)
                if isinstance(error, LogFormatError):
                    yield source, None
                continue
            if found is None:
                self.n_empty += 1
            else:
                yield source, found


def _groups_table(groups: Iterable[_Group]) -> pa.Table:
    return pa.Table.from_pylist([_row(group) for group in groups], schema=_SCHEMA)


def _row(group: _Group) -> dict[str, object]:
    row: dict[str, object] = {
        "format": "unknown",
        "files": group.files,
        "first_file": group.first_file.encode("utf-8", "backslashreplace").decode(),
    }
    if group.found is not None:
        row |= {
            "format": _kind_of(group.found.log_format),
            "told_by": _TOLD_BY.get(group.found.told_by, group.found.told_by),
            "export_timestamp": group.found.exported,
            "fields": len(group.found.log_format),
            "log_format": str(group.found.log_format),
        }
    return row


def _kind_of(log_format: LogFormat) -> str:
    if log_format == LogFormat.default():
        return "default"
    return "transit gateway" if log_format == LogFormat.transit_gateway() else "custom"


def _show(table: pa.Table) -> None:
    from rich.text import Text

    from flowparse.cli.plain import clean
    from flowparse.cli.terminal import console

    out = console()
    for number, row in enumerate(table.to_pylist()):
        if number:
            out.print()
        out.print(Text(f"{row['format']} format", "bold").append(_about(row), "not bold"))
        out.print(clean(_files(row)), soft_wrap=True)
        if row["log_format"]:
            out.print(row["log_format"], soft_wrap=True)  # to be copied: in one piece


def _about(row: dict[str, object]) -> str:
    if row["log_format"] is None:
        return ": pass --log-format"
    exported = ", each line after an export time" if row["export_timestamp"] else ""
    return f", {row['fields']} fields, told by {row['told_by']}{exported}"


def _files(row: dict[str, object]) -> str:
    if row["files"] == 1:
        return str(row["first_file"])
    return f"{row['files']} files, the first {row['first_file']}"
