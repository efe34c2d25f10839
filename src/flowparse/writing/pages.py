"""Floor 3: a column becomes a column chunk, in pages that the core encodes. Stage "encode".

The core takes the types that flowparse makes, and what is laid out as they are. Here pages are
compressed, and get the headers that Parquet wants before them.

Source: Apache Parquet, `parquet.thrift`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from flowparse import _core
from flowparse.thrift import BINARY, I32, I64, LIST, STRUCT, TRUE, Struct, encode_struct
from flowparse.writing.footer import Piece, chunk_of

__all__ = ["encode_chunk"]

#: Rows of a page, the bytes of one of plain text, and those from which on a dictionary grows no
#: more: few pages have little to say of themselves, and large dictionaries still pay.
_PAGE_ROWS: Final = 65536
_PAGE_BYTES_MAX: Final = 1 << 20
_DICTIONARY_BYTES: Final = 4 << 20
#: Where a text is longer, no bounds are told, as pyarrow's writer does.
_BOUND_BYTES: Final = 4096
#: Parquet has no timestamps of seconds: they become milliseconds.
_SECOND: Final = 1000

# Enumerations of parquet.thrift.
_INT32, _INT64, _BYTE_ARRAY = 1, 2, 6
_PLAIN, _RLE, _RLE_DICTIONARY = 0, 3, 8
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
#: Parquet's number of a compression, and pyarrow's name of what it stands for there.
_CODECS: Final[dict[str, tuple[int, str | None]]] = {
    "none": (0, None),
    "snappy": (1, "snappy"),
    "gzip": (2, "gzip"),
    "brotli": (4, "brotli"),
    "zstd": (6, "zstd"),
    "lz4": (7, "lz4_raw"),
}

# Numbers of fields in parquet.thrift.
_PAGE_TYPE, _PAGE_BYTES, _PAGE_STORED, _PAGE_DATA, _PAGE_DICTIONARY = 1, 2, 3, 5, 7
_NULLS, _GREATEST, _LEAST, _GREATEST_EXACT, _LEAST_EXACT = 3, 5, 6, 7, 8


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a type is laid down: the core's kind, Parquet's type, and a factor of the values."""

    kind: int
    physical: int
    scale: int = 1


def _plan(type_: Any) -> _Plan | None:
    """None: the core does not take it."""
    if pa.types.is_int32(type_) or pa.types.is_date32(type_):
        return _Plan(_core.INT32, _INT32)
    if pa.types.is_int64(type_):
        return _Plan(_core.INT64, _INT64)
    if pa.types.is_timestamp(type_):
        return _Plan(_core.INT64, _INT64, _SECOND if type_.unit == "s" else 1)
    if _is_text(type_):
        return _Plan(_core.TEXT, _BYTE_ARRAY)
    if pa.types.is_dictionary(type_) and type_.index_type == pa.int32():
        plain = _is_text(type_.value_type) and not type_.ordered  # the core orders anew
        return _Plan(_core.CODES, _BYTE_ARRAY) if plain else None
    return None


def _is_text(type_: Any) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_binary(type_))


def encode_chunk(field: pa.Field, column: pa.ChunkedArray, compression: str) -> Piece | None:
    """One column of one row group, encoded by the core and compressed.

    Parameters
    ----------
    field : pyarrow.Field
        Its name, and if it can be null.
    column : pyarrow.ChunkedArray
    compression : str
        As `to_parquet` takes it.

    Returns
    -------
    Piece or None
        None: another writer has to do it, or to refuse it. The type is none of the core's, a
        dictionary holds a null, a null is where none may be, or a value is larger than Parquet's
        fields can tell.

    Raises
    ------
    ValueError
        An array contradicts itself.
    """
    plan = _plan(column.type)
    if plan is None or (column.null_count and not field.nullable):
        return None
    if plan.kind == _core.CODES and any(chunk.dictionary.null_count for chunk in column.chunks):
        return None
    try:
        pages = _core.encode_pages(
            column.chunks,
            plan.kind,
            plan.scale,
            field.nullable,
            page_rows=_PAGE_ROWS,
            page_bytes=_PAGE_BYTES_MAX,
            dictionary_bytes=_DICTIONARY_BYTES,
        )
    except ValueError as error:
        raise ValueError(f"{field.name}: {error}") from None
    return None if pages is None else _to_piece(field.name, len(column), plan, pages, compression)


def _to_piece(name: str, rows: int, plan: _Plan, pages: _core.Pages, compression: str) -> Piece:
    number, codec_name = _CODECS[compression]
    out = _Parts(None if codec_name is None else pa.Codec(codec_name))
    about: Struct = {
        1: (I32, plan.physical),
        3: (LIST, (BINARY, [name.encode()])),
        4: (I32, number),
        5: (I64, rows),
        12: (STRUCT, _statistics(plan, pages)),
    }
    if pages.n_dictionary:
        about[11] = (I64, out.at)
        head = {1: (I32, pages.n_dictionary), 2: (I32, _PLAIN)}
        out.add(_DICTIONARY_PAGE, pages.dictionary, {_PAGE_DICTIONARY: (STRUCT, head)})
    about[9] = (I64, out.at)
    encodings = [_PLAIN if plain else _RLE_DICTIONARY for _, _, plain in pages.pages]
    for (data, n, _), encoding in zip(pages.pages, encodings, strict=True):
        head = {1: (I32, n), 2: (I32, encoding), 3: (I32, _RLE), 4: (I32, _RLE)}
        out.add(_DATA_PAGE, data, {_PAGE_DATA: (STRUCT, head)})
    used = {_PLAIN, _RLE, *encodings} if pages.n_dictionary else {_RLE, *encodings}
    about[2] = (LIST, (I32, sorted(used)))
    about[6], about[7] = (I64, out.plain_size), (I64, out.size)
    about[13] = (LIST, (STRUCT, _encoding_stats(encodings, pages.n_dictionary > 0)))
    return Piece(out.parts, out.size, [chunk_of(about)])


class _Parts:
    """Headers and compressed pages, one after another as they will lie in the file."""

    def __init__(self, codec: pa.Codec | None) -> None:
        self.parts: list[bytes | memoryview] = []
        self.size = self.plain_size = 0
        self._codec = codec

    @property
    def at(self) -> int:
        """Where the next page begins, in a file of this column alone."""
        return 4 + self.size

    def add(self, type_: int, data: pa.Buffer, head: Struct) -> None:
        # As bytes: a memoryview of the buffer that it gives else tells a wrong length.
        codec = self._codec
        stored = memoryview(data) if codec is None else codec.compress(data, asbytes=True)
        header = encode_struct(
            {
                _PAGE_TYPE: (I32, type_),
                _PAGE_BYTES: (I32, data.size),
                _PAGE_STORED: (I32, len(stored)),
                **head,
            }
        )
        self.parts += [header, stored]
        self.size += len(header) + len(stored)
        self.plain_size += len(header) + data.size


def _encoding_stats(encodings: Sequence[int], has_dictionary: bool) -> list[Struct]:
    """How many pages of each kind there are."""
    kinds = [(_DATA_PAGE, encoding) for encoding in encodings]
    if has_dictionary:
        kinds.insert(0, (_DICTIONARY_PAGE, _PLAIN))
    return [
        {1: (I32, type_), 2: (I32, encoding), 3: (I32, kinds.count((type_, encoding)))}
        for type_, encoding in dict.fromkeys(kinds)
    ]


def _statistics(plan: _Plan, pages: _core.Pages) -> Struct:
    """The nulls, and the least and the greatest value where there is one and it is short."""
    statistics: Struct = {_NULLS: (I64, pages.nulls)}
    if pages.bounds is None:
        return statistics
    least, greatest = (_to_bytes(bound, plan.physical) for bound in pages.bounds)
    if max(len(least), len(greatest)) <= _BOUND_BYTES:
        statistics |= {_LEAST: (BINARY, least), _GREATEST: (BINARY, greatest)}
        statistics |= {_LEAST_EXACT: (TRUE, None), _GREATEST_EXACT: (TRUE, None)}
    return statistics


def _to_bytes(bound: int | bytes, physical: int) -> bytes:
    if isinstance(bound, bytes):
        return bound
    return bound.to_bytes(4 if physical == _INT32 else 8, "little", signed=True)
