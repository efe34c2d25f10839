"""Floor 2: the row groups of a Parquet file, as its footer tells of them.

pyarrow can read a footer too, but what its accessors meet in a malformed one ends the process.
Its reading of columns does not.

Source: Apache Parquet, `parquet.thrift`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flowparse.sources import SeekableFile
from flowparse.thrift import Struct, decode_struct

__all__ = ["DamageError", "Group", "read_groups"]

_MAGIC: Final = b"PAR1"
_SIZE_BYTES: Final = 4  # of the footer's size, before the last magic
_LEAST_BYTES: Final = len(_MAGIC) + _SIZE_BYTES + len(_MAGIC)
#: What is read first of a file's end; a footer is seldom longer.
_TAIL_BYTES: Final = 64 << 10

# Numbers of fields in parquet.thrift.
_FILE_SCHEMA, _FILE_GROUPS, _FILE_ORDERS = 2, 4, 7
_ELEMENT_CHILDREN: Final = 5
_GROUP_CHUNKS, _GROUP_ROWS = 1, 3
_CHUNK_ABOUT, _ABOUT_STATISTICS = 3, 12
_OLD_GREATEST, _OLD_LEAST, _NULLS, _GREATEST, _LEAST = 1, 2, 3, 5, 6


class DamageError(ValueError):
    """A file is not what it should be."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a row group says of one of its columns, in the bytes that it is stored in.

    Attributes
    ----------
    nulls : int or None
    low, high : bytes or None
        No value is below or above, in the order of the column's type.
    low_signed, high_signed : bytes or None
        The same from older files, which say so of signed numbers only.
    """

    nulls: int | None = None
    low: bytes | None = None
    high: bytes | None = None
    low_signed: bytes | None = None
    high_signed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One row group: its rows, and the statistics of each of its columns."""

    rows: int
    statistics: tuple[Statistics, ...]


def read_groups(file: SeekableFile) -> tuple[Group, ...]:
    """The row groups of a file.

    Raises
    ------
    DamageError
        It has no whole footer.
    """
    data = _footer_bytes(file)
    try:
        footer, _ = decode_struct(data)
        leaves = _count_leaves(footer[_FILE_SCHEMA][1][1])
        has_orders = _FILE_ORDERS in footer
        groups = [_group(one, has_orders) for one in footer[_FILE_GROUPS][1][1]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DamageError("its footer cannot be decoded") from error
    for number, group in enumerate(groups, start=1):
        if len(group.statistics) != leaves:
            raise DamageError(
                f"row group {number} has {len(group.statistics)} columns, the schema {leaves}"
            )
    return tuple(groups)


def _footer_bytes(file: SeekableFile) -> bytes:
    if file.size < _LEAST_BYTES:
        raise DamageError("it is too short to hold a footer")
    file.seek(max(0, file.size - _TAIL_BYTES))
    tail = file.read()
    end = len(tail) - len(_MAGIC) - _SIZE_BYTES
    if not tail.endswith(_MAGIC):
        raise DamageError(f"it ends with {tail[-len(_MAGIC) :]!r}, not with {_MAGIC!r}")
    size = int.from_bytes(tail[end : end + _SIZE_BYTES], "little")
    if size > file.size - _LEAST_BYTES:
        raise DamageError(f"its footer says to be {size} bytes long")
    if size > end:
        file.seek(file.size - size - _SIZE_BYTES - len(_MAGIC))
        return file.read(size)
    return tail[end - size : end]


def _count_leaves(elements: list[Struct]) -> int:
    return sum(not element.get(_ELEMENT_CHILDREN, (0, 0))[1] for element in elements[1:])


def _group(group: Struct, has_orders: bool) -> Group:
    rows = int(group[_GROUP_ROWS][1])
    if rows < 0:
        raise DamageError("a row group has less than no rows")
    chunks = group[_GROUP_CHUNKS][1][1]
    return Group(rows, tuple(_statistics(chunk, has_orders) for chunk in chunks))


def _statistics(chunk: Struct, has_orders: bool) -> Statistics:
    about = chunk[_CHUNK_ABOUT][1]
    if _ABOUT_STATISTICS not in about:
        return Statistics()
    said = about[_ABOUT_STATISTICS][1]

    def value(number: int) -> bytes | None:
        found = said[number][1] if number in said else None
        return found if isinstance(found, bytes) else None

    nulls = said[_NULLS][1] if _NULLS in said else None
    low, high = (value(_LEAST), value(_GREATEST)) if has_orders else (None, None)
    old = value(_OLD_LEAST), value(_OLD_GREATEST)
    return Statistics(nulls if isinstance(nulls, int) else None, low, high, *old)
