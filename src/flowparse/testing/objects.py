"""Floor 4, stage "pack": the bytes of an object, from its lines.

Source: RFC 1952 (gzip).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from flowparse.fields import FIELDS, Kind, field_name
from flowparse.logformat import LogFormat

__all__ = ["gzip_member", "parquet_file", "table_of"]

# No name, no time, an unknown system: the header says nothing about the machine.
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_RAW: Final = -15

# As AWS writes them. Names that are not in the registry are text.
_TYPES: Final[dict[Kind, pa.DataType]] = {
    "int32": pa.int32(),
    "int64": pa.int64(),
    "time": pa.int64(),
    "address": pa.string(),
    "text": pa.string(),
}


def gzip_member(text: bytes, level: int = 6) -> bytes:
    """One gzip member, the same bytes for the same zlib, wherever and whenever it is made."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, _RAW)
    body = deflate.compress(text) + deflate.flush()
    return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)


def parquet_file(lines: Sequence[str], log_format: LogFormat, level: int = 6) -> bytes:
    """The lines as Parquet, with AWS's names and types, and gzip inside."""
    file = BytesIO()
    table = table_of(lines, log_format)
    pq.write_table(table, file, compression="gzip", compression_level=level, store_schema=False)
    return file.getvalue()


def table_of(lines: Sequence[str], log_format: LogFormat) -> pa.Table:
    """The lines as columns. A field named twice is one column; `-` is null."""
    rows = [line.split() for line in lines]
    return pa.table(
        {
            name: _column([row[place] for row in rows], _type(name))
            for name in log_format.columns
            for place in [log_format.fields.index(field_name(name))]
        }
    )


def _type(column: str) -> pa.DataType:
    field = FIELDS.get(field_name(column))
    return _TYPES[field.kind] if field else pa.string()


def _column(texts: list[str], type_: pa.DataType) -> pa.Array:
    known = pa.array([None if text == "-" else text for text in texts], pa.string())
    return known.cast(type_)
