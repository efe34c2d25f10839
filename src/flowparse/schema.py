"""Floor 1: which Arrow column a field becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from flowparse.fields import FIELDS, INT64_MAX, column_name, field_name
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat

__all__ = [
    "CHECK_ISO_TIME",
    "CHECK_NUMBER",
    "CHECK_TEXT",
    "FIRST_MILLISECONDS",
    "REQUESTED_COLUMNS",
    "Column",
    "SchemaName",
    "check_of",
    "field_column",
    "format_columns",
    "is_known",
    "named_column",
    "schema_of",
]

SchemaName = Literal["typed", "aws"]

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())
_SECONDS: Final = pa.timestamp("s", tz="UTC")
_MILLISECONDS: Final = pa.timestamp("ms", tz="UTC")

# fp_kind of flowparse.h
_INT32, _INT64, _TIME, _ISO_TIME, _TEXT, _CODES, _LINE, _SOURCE = range(8)
# fp_check of flowparse.h
CHECK_TEXT, CHECK_NUMBER, CHECK_ISO_TIME = range(3)
#: Times of so many seconds and more are milliseconds, seen in old data.
FIRST_MILLISECONDS: Final = 10**11

_TYPED: Final[dict[str, tuple[int, pa.DataType]]] = {
    "int32": (_INT32, pa.int32()),
    "int64": (_INT64, pa.int64()),
    "time": (_TIME, _SECONDS),
    "address": (_TEXT, pa.string()),
    "text": (_CODES, _DICTIONARY),
}
_AWS: Final[dict[str, tuple[int, pa.DataType]]] = {
    "int32": (_INT32, pa.int32()),
    "int64": (_INT64, pa.int64()),
    "time": (_INT64, pa.int64()),
    "address": (_TEXT, pa.string()),
    "text": (_TEXT, pa.string()),
}
_KINDS: Final = {"typed": _TYPED, "aws": _AWS}


@dataclass(frozen=True, slots=True)
class Column:
    """One output column.

    Attributes
    ----------
    name : str
        With underscores.
    field : str or None
        AWS name of the field that fills it; None where the line has no such field.
    kind : int
        The core's `fp_kind`.
    type : pyarrow.DataType
    """

    name: str
    field: str | None
    kind: int
    type: pa.DataType


#: Columns that come on request only: where a record stood, and what its envelope said.
REQUESTED_COLUMNS: Final[dict[str, Column]] = {
    column.name: column
    for column in (
        Column("source", None, _SOURCE, _DICTIONARY),
        Column("line", None, _LINE, pa.int64()),
        Column("export_timestamp", EXPORT_TIMESTAMP, _ISO_TIME, _MILLISECONDS),
        Column("log_group", None, _CODES, _DICTIONARY),
        Column("log_stream", None, _CODES, _DICTIONARY),
    )
}


def is_known(name: str) -> bool:
    """Is it the name of a field of the registry, or of a column on request?"""
    return field_name(name) in FIELDS or column_name(name) in REQUESTED_COLUMNS


def field_column(field: str, schema: SchemaName) -> Column:
    """The column made from a field; a string where the registry does not know the name."""
    known = FIELDS.get(field)
    kind, type_ = _KINDS[schema][known.kind] if known else (_TEXT, pa.string())
    return Column(column_name(field), field, kind, type_)


def named_column(name: str, schema: SchemaName) -> Column:
    """The column that a caller asks for by name, with hyphens or underscores."""
    requested = REQUESTED_COLUMNS.get(column_name(name))
    if requested is not None and field_name(name) not in FIELDS:
        return requested
    return field_column(field_name(name), schema)


def format_columns(log_format: LogFormat, schema: SchemaName) -> tuple[Column, ...]:
    """The columns that a file in this format has by default."""
    return tuple(field_column(field_name(name), schema) for name in log_format.columns)


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of columns, in order. Every column can be null."""
    return pa.schema([pa.field(column.name, column.type) for column in columns])


def check_of(field: str) -> tuple[int, int]:
    """What the core checks of a field: its `fp_check`, and the largest number."""
    if field == EXPORT_TIMESTAMP:
        return CHECK_ISO_TIME, INT64_MAX
    known = FIELDS.get(field)
    if known is None or known.maximum is None:
        return CHECK_TEXT, 0
    return CHECK_NUMBER, known.maximum
