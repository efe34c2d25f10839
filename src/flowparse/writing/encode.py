"""Floor 3: columns become lines of text, a block at a time. Stage "encode".

No loop over records: `pyarrow.compute` brings a column into its type, and the core spells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.fields import FIELDS, column_name, field_name, near_names
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.schema import Column, field_column, named_column

__all__ = [
    "BLOCK_ROWS",
    "FIRST_MILLISECONDS",
    "check_columns",
    "columns_of",
    "encode_lines",
    "narrow",
    "plain_columns",
]

#: Rows of a block.
BLOCK_ROWS: Final = 16384

#: Times from here on read as milliseconds.
FIRST_MILLISECONDS: Final = 10**11

_TEXT_BYTES: Final = 64 << 20


def columns_of(log_format: LogFormat) -> tuple[Column, ...]:
    """The columns that a file in this format is written from, each once, in AWS's types."""
    return tuple(
        named_column(name, "aws") if name == EXPORT_TIMESTAMP else field_column(name, "aws")
        for name in dict.fromkeys(log_format.fields)
    )


def check_columns(schema: pa.Schema, columns: Sequence[Column]) -> None:
    """Refuse data whose columns are not those of the format, or not of its types.

    Raises
    ------
    ValueError
        It names the columns.
    """
    names = [column.name for column in columns]
    _check_lacking([name for name in names if name not in schema.names], schema.names)
    extra = [name for name in schema.names if name not in names]
    if extra:
        raise ValueError(
            f"log_format has no field for the columns {', '.join(extra)}: select the columns to "
            "write first, or add the fields"
        )
    for column in columns:
        _check_type(column, schema.field(column.name).type)


def _check_lacking(lacking: Sequence[str], names: Sequence[str]) -> None:
    if not lacking:
        return
    hyphens = [name for name in names if column_name(name) in lacking]
    near = near_names(lacking[0], tuple(names)) if not hyphens else ""
    hint = f"; columns are named with underscores, not {', '.join(hyphens)}" if hyphens else ""
    hint = f"; near {lacking[0]}: {near}" if near else hint
    raise ValueError(f"the data lack columns of log_format: {', '.join(lacking)}{hint}")


def _check_type(column: Column, type_: Any) -> None:
    value = type_.value_type if pa.types.is_dictionary(type_) else type_
    if not (pa.types.is_null(value) or any(fits(value) for fits in _types_of(column)[1])):
        raise ValueError(
            f"{column.name}: expected {_types_of(column)[0]}, got {type_}: cast the column first"
        )


def _is_text(type_: Any) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _types_of(column: Column) -> tuple[str, Sequence[Any]]:
    """The types that a column may have: in words, and as tests."""
    if column.field == EXPORT_TIMESTAMP:
        return "a timestamp", (pa.types.is_timestamp,)
    known = FIELDS.get(column.field or "")
    if known is not None and known.kind == "time":
        return "a timestamp or an integer", (pa.types.is_timestamp, pa.types.is_integer)
    if known is not None and known.maximum is not None:
        return "an integer", (pa.types.is_integer,)
    return "text", (_is_text,)


def narrow(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in pieces whose text fits memory, should a dictionary repeat long values."""
    widest = sum(_longest(c.dictionary) for c in batch.columns if pa.types.is_dictionary(c.type))
    rows = max(1, _TEXT_BYTES // max(widest, 1))
    for at in range(0, batch.num_rows, rows):
        yield batch.slice(at, rows)


def _longest(values: Any) -> int:
    return int(pc.max(pc.binary_length(values)).as_py() or 0) if _is_text(values.type) else 0


def plain_columns(batch: pa.RecordBatch, columns: Sequence[Column]) -> dict[str, Any]:
    """The columns of a batch in AWS's types, without dictionaries.

    Raises
    ------
    pyarrow.ArrowInvalid
        A value does not fit its type, or a timestamp is no whole second (millisecond for the
        time of an export).
    """
    return {column.name: _plain(batch.column(column.name), column) for column in columns}


def _plain(array: Any, column: Column) -> Any:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type) and column.field != EXPORT_TIMESTAMP:
        array = _seconds(array)
    return array.cast(column.type)


def _seconds(times: Any) -> Any:
    """Epoch seconds; milliseconds where seconds are so many that they would read as such."""
    seconds = times.cast(pa.timestamp("s", tz=times.type.tz)).cast(pa.int64())
    if (pc.max(seconds).as_py() or 0) < FIRST_MILLISECONDS:
        return seconds
    is_late = pc.greater_equal(seconds, FIRST_MILLISECONDS)
    return pc.multiply_checked(seconds, pc.if_else(is_late, 1000, 1))


def encode_lines(plain: dict[str, Any], log_format: LogFormat, head: bytes) -> memoryview:
    """The lines of a block, each with its newline, behind a head.

    Raises
    ------
    ValueError
        The time of an export is not in the years 0001 to 9999.
    """
    columns = [plain[column_name(field_name(field))] for field in log_format.fields]
    return memoryview(_core.spell(columns, head=head)[0])
