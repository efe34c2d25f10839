"""Floor 4: the file of what no column spells: headers, rejects, odd lines, whole inputs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

__all__ = ["REST_SCHEMA", "encode_rest", "read_rest", "rest_batch"]

REST_SCHEMA: Final = pa.schema(
    [
        pa.field("input", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("raw", pa.large_binary(), nullable=False),
    ]
)
#: Most bytes of a row group, unless one line has more, and rows.
_GROUP_BYTES: Final = 64 << 20
_GROUP_ROWS: Final = 1 << 20
_LEVEL: Final = 9


def rest_batch(number: int, lines: pa.Array, numbers: pa.Array) -> pa.RecordBatch:
    """Lines of one input, with their newlines, and their numbers."""
    inputs = pa.repeat(pa.scalar(number, pa.int32()), len(lines))
    return pa.RecordBatch.from_arrays([inputs, numbers, lines], schema=REST_SCHEMA)


def encode_rest(batches: Sequence[pa.RecordBatch]) -> tuple[bytes, int, int]:
    """A Parquet file of lines; its rows, and its row groups."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    groups = 0
    encoding = dict.fromkeys(("input", "line"), "DELTA_BINARY_PACKED")
    with pq.ParquetWriter(
        sink,
        REST_SCHEMA,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=["raw"],
        column_encoding=encoding,
        write_statistics=["input", "line"],
    ) as writer:
        for part in _parts(batches):
            writer.write_table(pa.Table.from_batches(part), row_group_size=_GROUP_ROWS)
            groups += 1
    return sink.getvalue(), sum(one.num_rows for one in batches), groups


def _parts(batches: Sequence[pa.RecordBatch]) -> list[list[pa.RecordBatch]]:
    """Batches in groups that are no larger than memory likes."""
    parts: list[list[pa.RecordBatch]] = [[]]
    size = rows = 0
    for batch in batches:
        if size and (size + batch.nbytes > _GROUP_BYTES or rows + batch.num_rows > _GROUP_ROWS):
            parts.append([])
            size = rows = 0
        parts[-1].append(batch)
        size += batch.nbytes
        rows += batch.num_rows
    return parts if batches else []


def read_rest(data: bytes) -> pa.Table:
    """The lines of all inputs of a unit, from the bytes of the file.

    Raises
    ------
    pyarrow.ArrowInvalid, OSError
        It is none.
    """
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(data), schema=REST_SCHEMA)
