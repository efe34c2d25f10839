"""Floor 4: records of a unit, sorted so that one host's lie together, become a Parquet file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.archive.taking import INPUT, LINE, Rows
from flowparse.schema import FIRST_MILLISECONDS
from flowparse.writing.chunks import encode_columns
from flowparse.writing.footer import MAGIC, Footer, Piece, empty_footer, read_piece

__all__ = ["ROW_GROUP_ROWS", "Laid", "lay"]

ROW_GROUP_ROWS: Final = 100_000
#: One host's records: those of its interface; then those that it sends.
_SORTED_BY: Final = ("interface_id", "srcaddr")
_WIDTH: Final = 31  # bits of each of them, so that both fit 63
#: Numbers that rise nearly everywhere, or stay near each other: their differences are small.
_RISING: Final = ("start", "end", INPUT, LINE)
#: What a search names: each row group has a Bloom filter of their values, where pyarrow can.
_FILTERED: Final = ("srcaddr", "dstaddr", "interface_id")
_HAS_FILTERS: Final = int(pa.__version__.partition(".")[0]) >= 24
_FALSE_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Laid:
    """A file in memory, and what its manifest says of it."""

    data: bytes
    sha256: str
    rows: int
    row_groups: int
    first: int | None
    last: int | None


def lay(rows: Sequence[tuple[int, Rows]], pool: Executor) -> Laid:
    """The file of records of one format.

    Parameters
    ----------
    rows : sequence of (int, Rows)
        By number of the input, rising.
    pool : Executor
        Encodes columns.
    """
    table = _in_order(_gather(rows))
    sink, footer = io.BytesIO(), Footer()
    sink.write(MAGIC)
    for at in range(0, table.num_rows, ROW_GROUP_ROWS):
        group = table.slice(at, ROW_GROUP_ROWS)
        pieces = _encode(group, pool)
        footer.add_row_group(pieces, group.num_rows, sink.tell())
        for piece in pieces:
            sink.writelines(piece.parts)
    sink.write(footer.to_bytes(empty_footer(table.schema, None)))
    data = sink.getvalue()
    first, last = _span(table)
    sha256 = hashlib.sha256(data).hexdigest()
    return Laid(data, sha256, footer.rows, footer.row_groups, first, last)


def _gather(rows: Sequence[tuple[int, Rows]]) -> pa.Table:
    """All rows, each with its input and its line."""
    batches = []
    for number, one in rows:
        batch = one.batch
        inputs = pa.repeat(pa.scalar(number, pa.int32()), batch.num_rows)
        columns = [*batch.columns[:-1], inputs, batch.columns[-1]]
        names = [*batch.schema.names[:-1], INPUT, LINE]
        batches.append(pa.RecordBatch.from_arrays(columns, names=names))
    table = pa.Table.from_batches(batches)
    order = pa.schema([(INPUT, pa.int32()), (LINE, pa.int64())]).names
    own = [pa.field(name, table.schema.field(name).type, nullable=False) for name in order]
    others = [field for field in table.schema if field.name not in order]
    table = table.cast(pa.schema([*others, *own]))
    return table.unify_dictionaries().combine_chunks()


def _in_order(table: pa.Table) -> pa.Table:
    """Stably sorted: of rows that are alike there, the lines rise."""
    key = None
    for name in _SORTED_BY:
        if name in table.schema.names:
            ranks = _ranks(table.column(name))
            key = ranks if key is None else pc.add(pc.shift_left(key, _WIDTH), ranks)
    if key is None:
        return table
    return table.take(pc.array_sort_indices(key))


def _ranks(column: pa.ChunkedArray) -> pa.Array:
    """Each value's place among all values that there are; nulls come last."""
    array = pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    n = len(array.dictionary)
    places = pc.array_sort_indices(pc.array_sort_indices(array.dictionary)).cast(pa.int64())
    last = min(n, (1 << _WIDTH) - 1)
    ranks = places.take(array.indices).fill_null(n)
    return pc.min_element_wise(ranks, last)


def _encode(group: pa.Table, pool: Executor) -> list[Piece]:
    """The column chunks of a row group."""
    names = group.schema.names
    own = {
        name: pool.submit(_encode_alone, group.select([name])) for name in names if _is_own(name)
    }
    others = group.select([name for name in names if name not in own])
    pieces: Iterator[Piece] = iter(())
    if others.num_columns:
        pieces = iter(encode_columns(others.schema, others.columns, "zstd", pool)())
    return [own[name].result() if name in own else next(pieces) for name in names]


def _is_own(name: str) -> bool:
    return name in _RISING or (name in _FILTERED and _HAS_FILTERS)


def _encode_alone(column: pa.Table) -> Piece:
    """A column as pyarrow's writer lays it, which has encodings that the core lacks."""
    import pyarrow.parquet as pq

    [name] = column.schema.names
    options: dict[str, Any] = {}
    if name in _RISING:
        options = {"use_dictionary": False, "column_encoding": {name: "DELTA_BINARY_PACKED"}}
    else:
        n = len(column.column(name).unique())
        options = {"bloom_filter_options": {name: {"ndv": max(n, 1), "fpp": _FALSE_SHARE}}}
        column = column.unify_dictionaries()
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        sink, column.schema, compression="zstd", store_schema=False, **options
    )
    writer.write_table(column, row_group_size=column.num_rows)
    writer.close()
    return read_piece(sink.getvalue())


def _span(table: pa.Table) -> tuple[int | None, int | None]:
    """The least start and the greatest end, in epoch seconds."""
    return _extreme(table, "start", pc.min), _extreme(table, "end", pc.max)


def _extreme(table: pa.Table, name: str, choose: Any) -> int | None:
    if name not in table.schema.names:
        return None
    times = table.column(name)
    is_late = pc.greater_equal(times, FIRST_MILLISECONDS)
    found = choose(pc.if_else(is_late, pc.divide(times, 1000), times)).as_py()
    return None if found is None else int(found)
