"""Floor 4: records of a unit, sorted so that one host's lie together, become a Parquet file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache, partial
from inspect import signature
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.archive.taking import INPUT, LINE, Rows
from flowparse.schema import FIRST_MILLISECONDS
from flowparse.writing.chunks import encode_columns
from flowparse.writing.footer import MAGIC, Footer, Piece, empty_footer, read_piece

__all__ = ["ROW_GROUP_ROWS", "Laid", "has_filters", "lay"]

ROW_GROUP_ROWS: Final = 100_000
#: One host's records: those of its interface; then those that it sends.
_SORTED_BY: Final = ("interface_id", "srcaddr")
_WIDTH: Final = 31  # bits of each of them, so that both fit 63
#: Numbers that rise nearly everywhere, or stay near each other: their differences are small.
_RISING: Final = ("start", "end", INPUT, LINE)
#: What a search names: each row group has a Bloom filter of their values, where pyarrow can.
_FILTERED: Final = ("srcaddr", "dstaddr", "interface_id")
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


def lay(rows: Sequence[tuple[int, Rows]], pool: Executor, encoders: Executor) -> Laid:
    """The file of records of one format.

    Parameters
    ----------
    rows : sequence of (int, Rows)
        By number of the input, rising.
    pool : Executor
        Sorts columns, each on its own.
    encoders : Executor
        Another one: encodes them.
    """
    names = [*rows[0][1].batch.schema.names[:-1], INPUT, LINE]
    gathered = dict(zip(names, pool.map(partial(_gather, rows), names), strict=True))
    fields = [pa.field(n, a.type, nullable=n not in (INPUT, LINE)) for n, a in gathered.items()]
    order = _order(gathered)
    n_rows = sum(one.batch.num_rows for _, one in rows)
    span = _span(gathered)
    encode = partial(_encode, order=order, encoders=encoders)
    columns = list(pool.map(encode, fields, [gathered.pop(name) for name in names]))
    sink, footer = io.BytesIO(), Footer()
    sink.write(MAGIC)
    for number, at in enumerate(range(0, n_rows, ROW_GROUP_ROWS)):
        pieces = [column[number] for column in columns]
        footer.add_row_group(pieces, min(ROW_GROUP_ROWS, n_rows - at), sink.tell())
        for piece in pieces:
            sink.writelines(piece.parts)
    sink.write(footer.to_bytes(empty_footer(pa.schema(fields), None)))
    data = sink.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    return Laid(data, sha256, footer.rows, footer.row_groups, *span)


def _gather(rows: Sequence[tuple[int, Rows]], name: str) -> pa.Array:
    """A column of all rows; or the input of each, or its line."""
    if name == INPUT:
        counts = pa.array([one.batch.num_rows for _, one in rows], pa.int64())
        return _repeated([number for number, _ in rows], counts)
    own = rows[0][1].batch.num_columns - 1 if name == LINE else name
    chunks = [one.batch.column(own) for _, one in rows]
    column = pa.chunked_array(chunks).unify_dictionaries()
    return pa.concat_arrays(column.chunks)


def _repeated(numbers: Sequence[int], counts: pa.Array) -> pa.Array:
    """Each number as often as its count says."""
    ends = pc.cumulative_sum(counts)
    runs = pa.RunEndEncodedArray.from_arrays(ends, pa.array(numbers, pa.int32()))
    return pc.run_end_decode(runs)


def _order(columns: Mapping[str, pa.Array]) -> pa.Array | None:
    """Stably sorted: of rows that are alike there, the lines rise."""
    key = None
    for name in _SORTED_BY:
        if name in columns:
            ranks = _ranks(columns[name])
            key = ranks if key is None else pc.add(pc.shift_left(key, _WIDTH), ranks)
    return None if key is None else pc.array_sort_indices(key)


def _ranks(array: pa.Array) -> pa.Array:
    """Each value's place among all values that there are; nulls come last."""
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    n = len(array.dictionary)
    places = pc.array_sort_indices(pc.array_sort_indices(array.dictionary)).cast(pa.int64())
    last = min(n, (1 << _WIDTH) - 1)
    ranks = places.take(array.indices).fill_null(n)
    return pc.min_element_wise(ranks, last)


def _encode(
    field: pa.Field, column: pa.Array, order: pa.Array | None, encoders: Executor
) -> list[Piece]:
    """The chunks of a column, one for each row group."""
    if order is not None:
        column = column.take(order)
    pieces = []
    for at in range(0, len(column), ROW_GROUP_ROWS):
        part = column.slice(at, ROW_GROUP_ROWS)
        if _is_own(field.name):
            pieces.append(_encode_alone(field, part))
        else:
            chunked = pa.chunked_array([part])
            pieces += encode_columns(pa.schema([field]), [chunked], "zstd", encoders)()
    return pieces


def _is_own(name: str) -> bool:
    return name in _RISING or (name in _FILTERED and has_filters())


@cache
def has_filters() -> bool:
    """Whether this pyarrow writes Bloom filters."""
    import pyarrow.parquet as pq

    return "bloom_filter_options" in signature(pq.ParquetWriter).parameters


def _encode_alone(field: pa.Field, part: pa.Array) -> Piece:
    """A column as pyarrow's writer lays it, which has encodings that the core lacks."""
    import pyarrow.parquet as pq

    name = field.name
    column = pa.Table.from_arrays([part], schema=pa.schema([field]))
    options: dict[str, Any] = {}
    if name in _RISING:
        options = {"use_dictionary": False, "column_encoding": {name: "DELTA_BINARY_PACKED"}}
    else:
        n = len(part.unique())
        options = {"bloom_filter_options": {name: {"ndv": max(n, 1), "fpp": _FALSE_SHARE}}}
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        sink, column.schema, compression="zstd", store_schema=False, **options
    )
    writer.write_table(column, row_group_size=column.num_rows)
    writer.close()
    return read_piece(sink.getvalue())


def _span(columns: Mapping[str, pa.Array]) -> tuple[int | None, int | None]:
    """The least start and the greatest end, in epoch seconds."""
    return _extreme(columns, "start", pc.min), _extreme(columns, "end", pc.max)


def _extreme(columns: Mapping[str, pa.Array], name: str, choose: Any) -> int | None:
    if name not in columns:
        return None
    times = columns[name]
    is_late = pc.greater_equal(times, FIRST_MILLISECONDS)
    found = choose(pc.if_else(is_late, pc.divide(times, 1000), times)).as_py()
    return None if found is None else int(found)
