"""Floor 3: columns become column chunks, several at a time. Stage "encode".

Where there are many rows, each column is a task of its own. The least and greatest value of
text in a dictionary are looked up in the dictionary, which has few values; pyarrow's writer
would look at every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.writing.footer import Piece, read_piece, set_statistics

__all__ = ["encode_columns"]

#: Rows from which on a column is worth a task and a small file of its own.
_TASK_ROWS: Final = 32768
#: Where a text is longer, no bounds are told, as pyarrow's writer does.
_BOUND_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Task:
    """Columns that are encoded together.

    Attributes
    ----------
    fields : list of pyarrow.Field
        Their names, and if they can be null.
    columns : list of pyarrow.ChunkedArray
    compression : str
    """

    fields: list[pa.Field]
    columns: list[pa.ChunkedArray]
    compression: str


def encode_columns(
    schema: pa.Schema, columns: Sequence[pa.ChunkedArray], compression: str, pool: Executor
) -> list[Piece]:
    """Encode the columns of one row group.

    Parameters
    ----------
    schema : pyarrow.Schema
        Names the columns, and says if they can be null.
    columns : sequence of pyarrow.ChunkedArray
        Of one length, at least 1.
    compression : str
        A name that pyarrow knows, or `none`.
    pool : concurrent.futures.Executor
        Encodes, where there are many rows; otherwise the caller's thread does.

    Returns
    -------
    list of Piece
        In the order of the columns.
    """
    if len(columns[0]) < _TASK_ROWS:
        return [_encode(Task(list(schema), list(columns), compression))]
    tasks = [
        Task([field], [column], compression) for field, column in zip(schema, columns, strict=True)
    ]
    # The largest begin first, so that no thread is left alone with one in the end.
    order = sorted(range(len(tasks)), key=lambda n: -int(columns[n].nbytes))
    pieces = dict(zip(order, pool.map(_encode, [tasks[n] for n in order]), strict=True))
    return [pieces[n] for n in range(len(tasks))]


def _encode(task: Task) -> Piece:
    import pyarrow.parquet as pq  # here, because reading logs needs none of it

    columns = [_one_dictionary(column) for column in task.columns]
    own_bounds = len(columns) == 1 and _is_coded_text(columns[0])
    fields = [field.with_type(c.type) for field, c in zip(task.fields, columns, strict=True)]
    table = pa.Table.from_arrays(columns, schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        sink,
        table.schema,
        compression=task.compression,
        write_statistics=not own_bounds,
        store_schema=False,
    )
    writer.write_table(table, row_group_size=table.num_rows)
    writer.close()
    piece = read_piece(sink.getvalue())
    if own_bounds:
        set_statistics(piece.chunks[0], columns[0].null_count, _bounds(columns[0]))
    return piece


def _one_dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with one dictionary: with several, Parquet's writer would give them up."""
    return column.unify_dictionaries()


def _is_coded_text(column: pa.ChunkedArray) -> bool:
    """Is it text in dictionaries without null among their values?"""
    if not pa.types.is_dictionary(column.type):
        return False
    value_type = column.type.value_type
    if not (pa.types.is_string(value_type) or pa.types.is_large_string(value_type)):
        return False
    return all(chunk.dictionary.null_count == 0 for chunk in column.chunks)


def _bounds(column: pa.ChunkedArray) -> tuple[bytes, bytes] | None:
    """The least and the greatest text of a column with one dictionary; None where there is none.

    Text is compared byte by byte, as Parquet wants it.
    """
    values, codes = column.chunk(0).dictionary, _codes(column)
    bounds = pc.min_max(values)
    if not all(_is_used(bounds[name], values, codes) for name in ("min", "max")):
        bounds = pc.min_max(values.take(pc.unique(codes).drop_null()))
    if not bounds["min"].is_valid:
        return None
    least, greatest = (bounds[name].as_buffer().to_pybytes() for name in ("min", "max"))
    return (least, greatest) if max(len(least), len(greatest)) <= _BOUND_BYTES else None


def _codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([chunk.indices for chunk in column.chunks], column.type.index_type)


def _is_used(value: pa.Scalar, values: pa.Array, codes: pa.ChunkedArray) -> bool:
    """Does a row hold this value of the dictionary? A slice may not."""
    code = pc.index(values, value).as_py()
    return bool(code >= 0 and pc.index(codes, code).as_py() >= 0)
