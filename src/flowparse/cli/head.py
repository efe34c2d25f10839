"""Floor 5: `flowparse head`: the first records."""

from __future__ import annotations

from functools import partial

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import Exit
from flowparse.cli.options import (
    Reading,
    columns_option,
    output_option,
    reading_options,
    sources_argument,
)
from flowparse.cli.output import write_result
from flowparse.cli.watch import end_of, watch

__all__ = ["head"]


@click.command()
@sources_argument
@click.option(
    "-n",
    "--records",
    "n",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How many.",
)
@columns_option
@reading_options
@output_option
def head(
    sources: list[object], n: int, columns: list[str] | None, reading: Reading, form: str
) -> Exit:
    """Show the first records of SOURCE: a file, folder, glob, or - for standard input.

    Reading stops when there are enough, so lines that were rejected are counted only in
    sources that were read to their end.
    """
    keywords = reading.keywords()
    if reading.keeps_all:  # reading ahead on more threads would be work for nothing
        keywords["threads"] = reading.threads or 1
    with (
        watch() as progress,
        flowparse.open_reader(sources, columns=columns, progress=progress, **keywords) as reader,
    ):
        table = _take(reader, n)
        rejects, errors = reader.counts.rejects, reader.errors
    show = partial(_show, asked=columns is not None)
    write_result(table, form, show)
    return end_of(rejects, errors)


def _take(reader: flowparse.FlowReader, n: int) -> pa.Table:
    """The first `n` records of a stream."""
    taken: list[pa.RecordBatch] = []
    missing = n
    while missing and (batch := next(reader, None)) is not None:
        taken.append(batch.slice(0, missing))
        missing -= taken[-1].num_rows
    return pa.Table.from_batches(taken, schema=reader.schema)


def _show(table: pa.Table, *, asked: bool) -> None:
    from flowparse.cli.records import show_records

    show_records(table, asked=asked)
