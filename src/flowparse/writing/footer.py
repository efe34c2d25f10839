"""Floor 3: the end of a Parquet file, which says what is in it and where.

Each column is encoded on its own, many at a time; their chunks are laid one behind the other, and
this module writes the footer that tells where they came to lie. What a footer says of the schema
is pyarrow's own word, and so is what it says of chunks that pyarrow's writer encoded.

Source: Apache Parquet, `parquet.thrift` and "File Format".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flowparse.thrift import (
    I64,
    LIST,
    STRUCT,
    Struct,
    decode_struct,
    encode_struct,
)

__all__ = ["COUNTS_KEY", "MAGIC", "Footer", "Piece", "chunk_of", "empty_footer", "read_piece"]

#: Key of the counts in a schema's metadata.
COUNTS_KEY: Final = b"flowparse"

#: The first four bytes of a Parquet file, and its last four.
MAGIC: Final = b"PAR1"
_SIZE_BYTES: Final = 4  # of the footer's size, before the last magic

# Numbers of fields in parquet.thrift.
_FILE_ROWS, _FILE_ROW_GROUPS = 3, 4
_GROUP_CHUNKS, _GROUP_BYTES, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_STORED = 1, 2, 3, 5, 6
_CHUNK_ABOUT: Final = 3
#: Offsets from the file's begin, in a chunk and in what it says about itself.
_CHUNK_OFFSETS: Final = (2, 4, 6)
_ABOUT_OFFSETS: Final = (9, 10, 11, 14)
_ABOUT_BYTES, _ABOUT_STORED = 6, 7


@dataclass(frozen=True, slots=True)
class Piece:
    """Column chunks of one row group, as they came out of a file of their own.

    Attributes
    ----------
    parts : list of bytes or memoryview
        The bytes of the chunks, which lie one part after another.
    size : int
        Bytes of all parts.
    chunks : list of Struct
        The `ColumnChunk` of each. Their offsets count from four bytes before the parts.
    """

    parts: Sequence[bytes | memoryview]
    size: int
    chunks: list[Struct]


def read_piece(file: pa.Buffer) -> Piece:
    """The chunks of a whole Parquet file that has one row group.

    Raises
    ------
    ValueError
        It is no such file.
    """
    footer, end = _read_footer(file)
    groups = footer[_FILE_ROW_GROUPS][1][1]
    if len(groups) != 1:
        raise ValueError(f"expected one row group of the Parquet writer, got {len(groups)}")
    data = memoryview(file)[len(MAGIC) : end]
    return Piece([data], len(data), groups[0][_GROUP_CHUNKS][1][1])


def _read_footer(file: pa.Buffer) -> tuple[Struct, int]:
    """The `FileMetaData` of a whole file, and where it begins."""
    view = memoryview(file)
    end = len(view) - len(MAGIC) - _SIZE_BYTES
    begin = end - int.from_bytes(view[end : end + _SIZE_BYTES], "little")
    if bytes(view[-len(MAGIC) :]) != MAGIC or begin < len(MAGIC):
        raise ValueError("the Parquet writer has made no whole file")
    return decode_struct(bytes(view[begin:end]))[0], begin


def chunk_of(about: Struct) -> Struct:
    """The `ColumnChunk` of a `ColumnMetaData`."""
    return {_CHUNK_OFFSETS[0]: (I64, 0), _CHUNK_ABOUT: (STRUCT, about)}


class Footer:
    """What the end of one file will say.

    Attributes
    ----------
    rows, row_groups : int
        Added so far.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._groups: list[bytes] = []  # encoded: a file may have many

    @property
    def row_groups(self) -> int:
        """Added so far."""
        return len(self._groups)

    def add_row_group(self, pieces: Sequence[Piece], rows: int, at: int) -> None:
        """Note a row group.

        Parameters
        ----------
        pieces : sequence of Piece
            All columns, in their order.
        rows : int
        at : int
            Where the first piece lies in the file; the others follow it without a gap.
        """
        begin, chunks = at, []
        for piece in pieces:
            for chunk in piece.chunks:
                _move_chunk(chunk, at - len(MAGIC))
                chunks.append(chunk)
            at += piece.size
        about = [chunk[_CHUNK_ABOUT][1] for chunk in chunks]
        group: Struct = {
            _GROUP_CHUNKS: (LIST, (STRUCT, chunks)),
            _GROUP_BYTES: (I64, sum(one[_ABOUT_BYTES][1] for one in about)),
            _GROUP_ROWS: (I64, rows),
            _GROUP_OFFSET: (I64, begin),
            _GROUP_STORED: (I64, sum(one[_ABOUT_STORED][1] for one in about)),
        }
        self._groups.append(encode_struct(group))
        self.rows += rows

    def to_bytes(self, empty: Struct) -> bytes:
        """The end of the file, from the footer to the last magic.

        Parameters
        ----------
        empty : Struct
            `empty_footer` of the file's schema.
        """
        groups = (LIST, (STRUCT, self._groups))
        encoded = encode_struct({**empty, _FILE_ROWS: (I64, self.rows), _FILE_ROW_GROUPS: groups})
        return encoded + len(encoded).to_bytes(_SIZE_BYTES, "little") + MAGIC


def _move_chunk(chunk: Struct, by: int) -> None:
    """Add to the offsets of a chunk; zero is none."""
    _move(chunk, _CHUNK_OFFSETS, by)
    _move(chunk[_CHUNK_ABOUT][1], _ABOUT_OFFSETS, by)


def _move(fields: Struct, numbers: Sequence[int], by: int) -> None:
    for number in numbers:
        kind, value = fields.get(number, (0, 0))
        if value:
            fields[number] = (kind, value + by)


def empty_footer(schema: pa.Schema, counts: bytes | None) -> Struct:
    """The footer of a file without a row: it lacks the row groups, and nothing else.

    Parameters
    ----------
    schema : pyarrow.Schema
    counts : bytes or None
        JSON that the file's metadata and its Arrow schema are to hold.
    """
    import pyarrow.parquet as pq  # here, because reading logs needs none of it

    if counts is not None:
        schema = schema.with_metadata({**(schema.metadata or {}), COUNTS_KEY: counts})
    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema).close()
    return _read_footer(sink.getvalue())[0]
