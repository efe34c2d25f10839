"""Floor 4: the one order that rows of an answer have: ties by the keys, nulls last."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping import Groups

__all__ = ["sort_rows", "top_groups", "top_rows"]


def top_groups(groups: Groups, measure: str, limit: int | None) -> pa.Table:
    """The groups with most of a measure; those with equally much by their keys, ascending."""
    return groups.top(measure, len(groups) if limit is None else limit)


def top_rows(table: pa.Table, measure: str, keys: Sequence[str], limit: int | None) -> pa.Table:
    """The same of the rows of a table."""
    if limit is not None and 0 < limit < table.num_rows:
        table = _most(table, measure, limit)
    order = [(measure, "descending"), *((key, "ascending") for key in keys)]
    return _sort(table, order).slice(0, limit)


def _most(table: pa.Table, measure: str, limit: int) -> pa.Table:
    """The rows with as much as the last one that counts: a few more than `limit`, if they tie."""
    column = table.column(measure)
    only = pa.table({"": column})
    places = pc.select_k_unstable(only, limit, sort_keys=[("", "descending")])
    least = column.take(places[-1:])[0]
    return table.filter(pc.greater_equal(column, least)) if least.is_valid else table


def sort_rows(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows by their keys, ascending."""
    return _sort(table, [(key, "ascending") for key in keys])


def _sort(table: pa.Table, order: Sequence[tuple[str, str]]) -> pa.Table:
    """Sorted by values, not by codes of a dictionary; nulls last."""
    columns = {name: _decoded(table.column(name)) for name, _ in order}
    places = pc.sort_indices(pa.table(columns), sort_keys=list(order))
    return table.take(places).combine_chunks()


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column
