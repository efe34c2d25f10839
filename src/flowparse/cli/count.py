"""Floor 5: `flowparse count`: what became of every line."""

from __future__ import annotations

from typing import Final

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import Exit
from flowparse.cli.options import Reading, output_option, reading_options, sources_argument
from flowparse.cli.output import write_result
from flowparse.cli.watch import end_of, watch
from flowparse.counts import Counts

__all__ = ["count"]

_ABOUT: Final = {
    "matching": "records that the options keep",
    "records": "lines that are records",
    "no_data": "of these, NODATA: a window without traffic",
    "skip_data": "of these, SKIPDATA: records that AWS lost",
    "rejects": "lines that are not records",
    "headers": "lines that name the fields",
    "blank": "lines with nothing on them",
    "lines": "records + rejects + headers + blank",
    "objects": "files or objects read",
    "bytes_read": "bytes as stored",
    "bytes_text": "bytes of text, decompressed",
}


@click.command()
@sources_argument
@reading_options
@output_option
def count(sources: list[object], reading: Reading, form: str) -> Exit:
    """Count the records and all other lines of SOURCE.

    With --filter, --since or --until also the records that match.
    """
    with (
        watch() as progress,
        flowparse.open_reader(
            sources, columns=[], progress=progress, **reading.keywords()
        ) as reader,
    ):
        matching = sum(batch.num_rows for batch in reader)
        counts, errors = reader.counts, reader.errors
    table = counts_table(counts, None if reading.keeps_all else matching)
    write_result(table, form, _show)
    return end_of(counts.rejects, errors)


def counts_table(counts: Counts, matching: int | None = None) -> pa.Table:
    """The counts as one row, in the order in which people read them."""
    numbers = counts.as_dict()
    numbers["lines"] = counts.lines
    if matching is not None:
        numbers["matching"] = matching
    return pa.table({name: pa.array([numbers[name]]) for name in _ABOUT if name in numbers})


def _show(table: pa.Table) -> None:
    from flowparse.cli.terminal import console, grid

    rows = grid("", "count", "", right=["count"])
    for name, (number,) in table.to_pydict().items():
        rows.add_row(name, f"{number:,}", _ABOUT[name])
    console().print(rows)
