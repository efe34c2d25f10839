"""Floor 4: runs of equal keys in a sorted table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.episodes import differs

__all__ = ["run_starts", "sort_whole", "sum_in_runs"]


def sort_whole(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Sorted by keys, ascending, each column in one piece."""
    return table.sort_by([(name, "ascending") for name in keys]).combine_chunks()


def run_starts(table: pa.Table, keys: Sequence[str]) -> pa.BooleanArray:
    """Whether each row of a sorted table is the first with its keys."""
    if table.num_rows == 0:
        return pa.array([], pa.bool_())
    return pa.concat_arrays([pa.array([True]), differs(table, keys)])


def sum_in_runs(values: Any, starts: pa.BooleanArray) -> Any:
    """The sum of the values of each row and of those before it in its run; null is 0."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    whole = pc.fill_null(whole, 0)
    sums = pc.cumulative_sum(whole)
    before = pc.if_else(starts, pc.subtract(sums, whole), pa.scalar(None, sums.type))
    return pc.subtract(sums, pc.fill_null_forward(before))
