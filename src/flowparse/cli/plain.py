"""Floor 5: Arrow values as plain text and numbers, for people, JSON and CSV."""

from __future__ import annotations

from textwrap import fill

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.wording import clean, size

__all__ = ["clean", "plain", "size", "wrap"]


def wrap(text: str, columns: int) -> str:
    """Text in lines of so many characters, broken between words only."""
    return fill(text, columns, break_long_words=False, break_on_hyphens=False)


def plain(table: pa.Table) -> pa.Table:
    """The table with times as ISO text, such as 2023-11-14T22:13:20Z.

    AWS's int64 can hold times that no calendar of Python's has: they are text too.
    """
    columns = [_plain_column(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=table.column_names)


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
    return column
