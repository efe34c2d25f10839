"""Floor 4: windows of one entity that follow one another are one episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["join_windows"]


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

    Notes
    -----
    To have one finding an episode: `group_by("episode").aggregate([(window, "min"), ...])`.
    """
    table = table.sort_by([(name, "ascending") for name in (*keys, window)]).combine_chunks()
    if table.num_rows == 0:
        return table.append_column("episode", pa.array([], pa.int64()))
    begins = _differs(table, keys)
    seconds = pc.cast(table[window], pa.int64()).combine_chunks()
    step = pc.subtract(seconds[1:], seconds[:-1])
    begins = pc.or_(begins, pc.fill_null(pc.greater(step, every * (1 + skip)), True))
    numbers = pc.cumulative_sum(pc.cast(begins, pa.int64()))
    return table.append_column("episode", pa.concat_arrays([pa.array([0], pa.int64()), numbers]))


def _differs(table: pa.Table, keys: Sequence[str]) -> Any:
    """Whether each row but the first has another key than the row before."""
    found = pa.repeat(pa.scalar(False), table.num_rows - 1)
    for name in keys:
        values = table[name].combine_chunks()
        before, after = values[:-1], values[1:]
        other = pc.fill_null(pc.not_equal(before, after), False)
        other = pc.or_(other, pc.xor(pc.is_null(before), pc.is_null(after)))
        found = pc.or_(found, other)
    return found
