"""Floor 4: rows become the text of their lines."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.schema import Column, field_column, named_column
from flowparse.writing.encode import encode_lines, narrow, plain_columns

__all__ = ["lines_of", "row_columns", "spell"]


def row_columns(log_format: LogFormat) -> tuple[Column, ...]:
    """The columns that lines in this format are spelled from, each once.

    Times are integers as they stand, so that milliseconds stay what they are; text that repeats
    is in dictionaries.
    """
    return tuple(_column(name) for name in dict.fromkeys(log_format.fields))


def _column(name: str) -> Column:
    if name == EXPORT_TIMESTAMP:
        return named_column(name, "aws")
    exact = field_column(name, "aws")
    return exact if pa.types.is_integer(exact.type) else field_column(name, "typed")


def spell(rows: pa.RecordBatch, log_format: LogFormat) -> bytes:
    """The lines of rows, each with its newline.

    Raises
    ------
    pyarrow.ArrowInvalid, pyarrow.ArrowCapacityError
        A value has no text in a line.
    """
    columns = row_columns(log_format)
    asked = rows.select([column.name for column in columns])
    return b"".join(
        encode_lines(plain_columns(piece, columns), log_format) for piece in narrow(asked)
    )


def lines_of(text: Any) -> pa.Array:
    """The lines of a text without their newlines; after the last newline stands one more."""
    whole = pa.array([text], pa.large_binary())
    return pc.split_pattern(whole, pattern="\n").values
