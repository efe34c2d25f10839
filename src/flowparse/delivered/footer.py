"""Floor 2: a Parquet file is opened, and its footer tells the format. Stage "format"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from flowparse.delivered.groups import DamageError, Group, read_groups
from flowparse.errors import LogFormatError, SourceError
from flowparse.fields import FIELDS, field_name, near_names
from flowparse.logformat import LogFormat
from flowparse.sources import SeekableFile

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = ["Footer", "damage_at", "format_of", "open_columns", "read_footer"]

#: What is read of a column chunk at a time, where a read costs little. Of the network a whole
#: chunk is asked for at once.
_BUFFER_BYTES: Final = 1 << 20
#: What `flowparse.archive` adds to records: whence they came.
_ARCHIVED: Final = ("archived_input", "archived_line")
_SHOWN_NAMES: Final = 8


@dataclass(frozen=True, slots=True)
class Footer:
    """What a file says of itself.

    Attributes
    ----------
    metadata : pyarrow.parquet.FileMetaData
    groups : tuple of Group
    log_format : LogFormat
        The fields whose columns are read, in the file's order.
    names : dict of str to str
        The column that holds each field.
    types : dict of str to pyarrow.DataType
        Of that column.
    leaves : dict of str to int
        Its place among the columns of a row group.
    unread : tuple of str
        Columns that no field can be: nested ones, and those that are not named like a field.
    """

    metadata: pq.FileMetaData
    groups: tuple[Group, ...]
    log_format: LogFormat
    names: dict[str, str]
    types: dict[str, pa.DataType]
    leaves: dict[str, int]
    unread: tuple[str, ...]


def format_of(file: SeekableFile) -> LogFormat:
    """The log format of a Parquet file: its columns, in order.

    Raises
    ------
    LogFormatError
        No column is a field that AWS writes.
    SourceError
        It is cut off or malformed.
    """
    return read_footer(file).log_format


def read_footer(file: SeekableFile) -> Footer:
    """What a file says of itself. Reads only its end.

    Raises
    ------
    LogFormatError, SourceError
        As `format_of`.
    """
    with damage_at(file, "footer"):
        groups = read_groups(file)
        opened = _parquet_file(file)
        schema = opened.schema_arrow
    names, unread = _fields_of(schema)
    if not any(name in FIELDS for name in names):
        raise _no_flow_log(file.name, schema.names)
    leaves = {opened.metadata.schema.column(n).path: n for n in range(len(opened.schema))}
    return Footer(
        opened.metadata,
        groups,
        LogFormat(tuple(names)),
        names,
        {name: schema.field(schema.get_all_field_indices(c)[0]).type for name, c in names.items()},
        {name: leaves[column] for name, column in names.items()},
        unread,
    )


def _fields_of(schema: pa.Schema) -> tuple[dict[str, str], tuple[str, ...]]:
    names: dict[str, str] = {}
    unread = []
    for column in schema:
        if column.name in _ARCHIVED:
            continue
        name = field_name(column.name)
        if pa.types.is_nested(column.type) or not _is_name(name):
            unread.append(column.name)
        else:
            names.setdefault(name, column.name)
    return names, tuple(unread)


def _is_name(name: str) -> bool:
    try:
        LogFormat((name,))
    except LogFormatError:
        return False
    return True


def _no_flow_log(name: str, columns: Sequence[str]) -> LogFormatError:
    shown = ", ".join(columns[:_SHOWN_NAMES]) + (", ..." if len(columns) > _SHOWN_NAMES else "")
    near = next((near for near in map(near_names, columns) if near), "")
    hint = f"; did you mean {near}?" if near else ""
    return LogFormatError(
        f"{name}: Parquet, and no column of it is a field of AWS's flow logs: "
        f"it has {shown or 'none'}{hint}"
    )


def open_columns(file: SeekableFile, footer: Footer, dictionaries: Sequence[str]) -> pq.ParquetFile:
    """The file once more, without reading its footer again.

    Parameters
    ----------
    file : SeekableFile
    footer : Footer
    dictionaries : sequence of str
        Columns to be kept as the dictionaries that they are stored as.
    """
    with damage_at(file, "footer"):
        return _parquet_file(
            file,
            metadata=footer.metadata,
            read_dictionary=list(dictionaries),
            buffer_size=0 if file.is_remote else _BUFFER_BYTES,
            page_checksum_verification=True,
        )


def _parquet_file(file: SeekableFile, **options: Any) -> pq.ParquetFile:
    """Only who reads Parquet loads what reads it."""
    from pyarrow.parquet import ParquetFile

    return ParquetFile(file, pre_buffer=False, **options)


@contextmanager
def damage_at(file: SeekableFile, place: str) -> Iterator[None]:
    """What pyarrow meets here is damage of the source."""
    try:
        yield
    except SourceError:
        raise
    except (pa.ArrowException, OSError, DamageError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        where = f"{place}; {file.size} bytes in all"
        raise SourceError(
            f"{file.name}: the Parquet file is cut off or malformed: {reason[0]} ({where})",
            source=file.name,
        ) from error
