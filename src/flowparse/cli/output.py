"""Floor 5: a result table to standard output, in the form asked for."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

import pyarrow as pa

from flowparse.cli.plain import plain

__all__ = ["write_result"]

_ROWS: Final = 4096


def write_result(table: pa.Table, form: str, show: Callable[[pa.Table], None]) -> None:
    """Write a result.

    Parameters
    ----------
    table : pyarrow.Table
    form : {"table", "json", "csv", "arrow", "parquet"}
    show : callable
        Prints the table for people.
    """
    if form == "table":
        show(table)
        return
    out = sys.stdout.buffer
    _WRITERS[form](table, out)
    out.flush()


def _write_json(table: pa.Table, out: BinaryIO) -> None:
    """One object a line, UTF-8; null is null, times are ISO text."""
    for batch in plain(table).to_batches(max_chunksize=_ROWS):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())
        out.write("".join(lines).encode())


def _write_csv(table: pa.Table, out: BinaryIO) -> None:
    """A header and a row a record, UTF-8, quoted where needed; null is empty."""
    for rows in _csv_rows(plain(table)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        out.write(text.getvalue().encode())


def _csv_rows(table: pa.Table) -> Iterator[Sequence[Sequence[object]]]:
    yield [table.column_names]
    for batch in table.to_batches(max_chunksize=_ROWS):
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _write_arrow(table: pa.Table, out: BinaryIO) -> None:
    """An Arrow IPC stream."""
    with pa.ipc.new_stream(pa.PythonFile(out, "w"), table.schema) as writer:
        writer.write_table(table)


def _write_parquet(table: pa.Table, out: BinaryIO) -> None:
    """A Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(table, pa.PythonFile(out, "w"), compression="zstd")


_WRITERS: Final[dict[str, Callable[[pa.Table, BinaryIO], None]]] = {
    "json": _write_json,
    "csv": _write_csv,
    "arrow": _write_arrow,
    "parquet": _write_parquet,
}
