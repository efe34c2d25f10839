"""Floor 5: `flowparse convert`: flow logs to Parquet files, or to text as AWS writes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import Exit, say
from flowparse.cli.options import (
    Reading,
    columns_option,
    output_option,
    partition_option,
    reading_options,
    sources_argument,
)
from flowparse.cli.output import write_result
from flowparse.cli.plain import clean, size
from flowparse.cli.watch import end_of, watch
from flowparse.fields import field_name
from flowparse.logformat import LogFormat
from flowparse.writing.destination import Mode

if TYPE_CHECKING:
    from flowparse.write import WriteResult

__all__ = ["convert"]

_TEXT_NAMES: Final = (".log", ".txt", ".log.gz", ".txt.gz")


def _read_destination(ctx: click.Context, param: click.Parameter, name: str) -> str:
    if name == "-":
        raise click.BadParameter(
            "name a folder or a file; 'head --output parquet' writes to a pipe"
        )
    return name


@click.command()
@sources_argument
@click.argument("destination", callback=_read_destination)
@partition_option
@click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    default="error",
    show_default=True,
    help="What to do with files of an earlier run in DESTINATION.",
)
@columns_option
@reading_options
@output_option
def convert(
    sources: list[object],
    destination: str,
    partition_by: list[str] | None,
    mode: Mode,
    columns: list[str] | None,
    reading: Reading,
    form: str,
) -> Exit:
    """Write SOURCE to DESTINATION: Parquet, or text that AWS's tools read.

    DESTINATION is a folder of Parquet files or one file.parquet. A name that ends with .log,
    .txt, .log.gz or .txt.gz is text: a header, then the columns in their order.

    The result is the list of files written.
    """
    from flowparse.write import to_parquet  # it loads the Parquet writer

    is_text = destination.endswith(_TEXT_NAMES)
    if is_text:
        _check_text(destination, partition_by, mode)
    with watch() as progress:
        options = {"columns": columns, "progress": progress, **reading.keywords()}
        if is_text:
            written = _write_text(sources, destination, options)
        else:
            options |= {"partition_by": partition_by or [], "mode": mode}
            written = to_parquet(sources, destination, **options)
    write_result(_files_table(written.files), form, _show)
    say(_summary(written), "note")
    return end_of(written.counts.rejects, written.errors)


def _check_text(destination: str, partition_by: list[str] | None, mode: Mode) -> None:
    """Text is one file: refuse what only a folder of files can do, and to replace it unasked."""
    if partition_by:
        raise click.UsageError("--partition-by is for Parquet; text is one file")
    if mode == "append":
        raise click.UsageError("--mode append is for Parquet; text is one file")
    if mode == "error" and Path(destination).exists():
        raise click.UsageError(
            f"{destination} is there: pass --mode overwrite to replace it, or name another"
        )


def _write_text(sources: list[object], destination: str, options: dict[str, Any]) -> WriteResult:
    """Text in the format that the columns make."""
    from flowparse.write import write_text

    with flowparse.open_reader(sources, **options) as reader:
        log_format = LogFormat(tuple(field_name(name) for name in reader.schema.names))
        written = write_text(reader, destination, log_format=log_format)
        return replace(written, counts=reader.counts, errors=reader.errors)


def _files_table(files: Sequence[Path]) -> pa.Table:
    """One row a file: its path and bytes."""
    return pa.table(
        {
            "file": pa.array(
                [os.fsencode(file).decode(errors="backslashreplace") for file in files]
            ),
            "bytes": pa.array([file.stat().st_size for file in files], pa.int64()),
        }
    )


def _summary(written: WriteResult) -> str:
    files = "1 file" if len(written.files) == 1 else f"{len(written.files):,} files"
    return f"wrote {written.rows:,} records to {files}, {size(written.bytes)}"


def _show(table: pa.Table) -> None:
    for row in table.to_pylist():  # paths last and in one piece, to be copied
        click.echo(f"{row['bytes']:>15,}  {clean(row['file'])}")
