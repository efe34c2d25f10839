"""Floor 4: which columns a line is spelled from."""

from __future__ import annotations

import pyarrow as pa

from flowparse.fields import column_name
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.schema import Column, field_column, named_column

__all__ = ["line_columns", "row_columns"]


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


def line_columns(rows: pa.RecordBatch, log_format: LogFormat) -> list[pa.Array]:
    """The values of a line, in their order; a field that stands twice is there twice."""
    return [rows.column(column_name(name)) for name in log_format.fields]
