"""Floor 3: columns become column chunks, several at a time. Stage "encode".

Where there are many rows, each column is a task of its own. What the core does not encode,
pyarrow's writer does: the column becomes a file of its own in memory, whose chunks are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final

import pyarrow as pa

from flowparse.writing.footer import Piece, read_piece
from flowparse.writing.pages import encode_chunk

__all__ = ["encode_columns"]

#: Rows from which on a column is worth a task.
_TASK_ROWS: Final = 32768


def encode_columns(
    schema: pa.Schema, columns: Sequence[pa.ChunkedArray], compression: str, pool: Executor
) -> Callable[[], list[Piece]]:
    """Begin to encode the columns of one row group.

    Parameters
    ----------
    schema : pyarrow.Schema
        Names the columns, and says if they can be null.
    columns : sequence of pyarrow.ChunkedArray
        Of one length, at least 1.
    compression : str
        As `to_parquet` takes it.
    pool : concurrent.futures.Executor
        Encodes, where there are many rows; otherwise the caller's thread does.

    Returns
    -------
    callable
        Waits, and gives the list of `Piece`, in the order of the columns; or raises what one
        of them met.
    """
    jobs = list(zip(schema, columns, [compression] * len(columns), strict=True))
    if len(columns[0]) < _TASK_ROWS:
        pieces = [_encode(*job) for job in jobs]
        return lambda: pieces
    # The largest begin first, so that no thread is left alone with one in the end.
    order = sorted(range(len(jobs)), key=lambda n: -int(columns[n].nbytes))
    futures = {n: pool.submit(_encode, *jobs[n]) for n in order}
    n_jobs = len(jobs)  # the jobs hold the columns, which are to go when they are encoded
    return lambda: [futures[n].result() for n in range(n_jobs)]


def _encode(field: pa.Field, column: pa.ChunkedArray, compression: str) -> Piece:
    piece = encode_chunk(field, column, compression)
    return _encode_other(field, column, compression) if piece is None else piece


def _encode_other(field: pa.Field, column: pa.ChunkedArray, compression: str) -> Piece:
    """A column of any type, by pyarrow's writer."""
    import pyarrow.parquet as pq  # here, because reading logs needs none of it

    # With several dictionaries, the writer would give them up.
    column = column.unify_dictionaries()
    table = pa.Table.from_arrays([column], schema=pa.schema([field.with_type(column.type)]))
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(sink, table.schema, compression=compression, store_schema=False)
    writer.write_table(table, row_group_size=table.num_rows)
    writer.close()
    return read_piece(sink.getvalue())
