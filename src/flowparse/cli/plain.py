"""Floor 5: Arrow values as plain text and numbers, for people, JSON and CSV."""

from __future__ import annotations

from textwrap import fill

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["clean", "plain", "size", "wrap"]


def clean(text: str) -> str:
    """Text without control characters: what a log holds must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def wrap(text: str, columns: int) -> str:
    """Text in lines of so many characters, broken between words only."""
    return fill(text, columns, break_long_words=False, break_on_hyphens=False)


def size(n_bytes: int) -> str:
    """Bytes for people: 1.8 GB, in powers of 1000."""
    number, unit = float(n_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if number < 999.95:
            break
        number, unit = number / 1000, larger
    return f"{number:,.1f} {unit}" if unit != "bytes" else f"{n_bytes} bytes"


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
