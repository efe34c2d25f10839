"""Floor 4: the one order that rows of an answer have: ties by the keys, nulls last."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["sort_rows", "top_rows"]


def top_rows(
    table: pa.Table, measure: str, keys: Sequence[str], limit: int | None = None
) -> pa.Table:
    """The rows with the most of `measure`; those with equally much by their keys, ascending."""
    order = [(measure, "descending"), *((key, "ascending") for key in keys)]
    return _sort(table, order).slice(0, limit)


def sort_rows(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows by their keys, ascending."""
    return _sort(table, [(key, "ascending") for key in keys])


def _sort(table: pa.Table, order: Sequence[tuple[str, str]]) -> pa.Table:
    """Sorted by values, not by codes of a dictionary; nulls last."""
    columns = {name: _decoded(table.column(name)) for name, _ in order}
    if not columns:
        return table
    places = pc.sort_indices(pa.table(columns), sort_keys=list(order))
    return table.take(places).combine_chunks()


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column
