"""Floor 4: windows of one entity that follow one another are one episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["first_of", "first_windows", "join_windows"]


def join_windows(
    table: pa.Table, keys: Sequence[str], window: str, every: int, *, skip: int = 0
) -> pa.Table:
    """The table sorted by keys and window, with a column `episode`: int64, a number for each.

    Parameters
    ----------
    table : pyarrow.Table
        One row or several a key and window.
    keys : sequence of str
        The columns that make the entity; null is a value like any other.
    window : str
        A column of timestamp[s].
    every : int
        Seconds from one window to the next.
    skip : int
        So many windows without a row do not end an episode.
    """
    table = _sorted(table, keys, window)
    begins = pc.cast(_begins(table, keys, window, every, skip), pa.int64())
    return table.append_column("episode", pc.cumulative_sum(begins))


def first_windows(
    table: pa.Table, keys: Sequence[str], window: str, every: int, *, skip: int = 0
) -> pa.Table:
    """The rows with which episodes begin, as `join_windows` joins them: one finding each.

    A finding has the numbers of its first window, so that what comes later does not change it.
    There must be one row a key and window.
    """
    table = _sorted(table, keys, window)
    return table.filter(_begins(table, keys, window, every, skip))


def first_of(table: pa.Table, keys: Sequence[str], window: str) -> pa.Table:
    """The first row of each key."""
    table = _sorted(table, keys, window)
    if table.num_rows == 0:
        return table
    return table.filter(pa.concat_arrays([pa.array([True]), differs(table, keys)]))


def _sorted(table: pa.Table, keys: Sequence[str], window: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in (*keys, window)]).combine_chunks()


def _begins(table: pa.Table, keys: Sequence[str], window: str, every: int, skip: int) -> Any:
    """Whether each row of a sorted table begins an episode."""
    if table.num_rows == 0:
        return pa.array([], pa.bool_())
    seconds = _whole(table[window].cast(pa.int64()))
    step = pc.subtract(seconds[1:], seconds[:-1])
    begins = pc.or_(differs(table, keys), pc.fill_null(pc.greater(step, every * (1 + skip)), True))
    return pa.concat_arrays([pa.array([True]), begins])


def differs(table: pa.Table, keys: Sequence[str]) -> Any:
    """Whether each row but the first has another key than the row before."""
    found = pa.repeat(pa.scalar(False), table.num_rows - 1)
    for name in keys:
        values = _whole(table[name])
        before, after = values[:-1], values[1:]
        other = pc.fill_null(pc.not_equal(before, after), False)
        other = pc.or_(other, pc.xor(pc.is_null(before), pc.is_null(after)))
        found = pc.or_(found, other)
    return found


def _whole(values: Any) -> Any:
    values = values.combine_chunks()
    return values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
