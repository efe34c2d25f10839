"""Floor 4: spans of a timeline in which nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.times import SECONDS

__all__ = ["MOST_ADDED", "fill_gaps"]

#: Rows that are added at most.
MOST_ADDED: Final = 1_000_000
_NUMBERS: Final = ("records", "packets", "bytes")


def fill_gaps(table: pa.Table, every: int, by: Sequence[str]) -> tuple[pa.Table, int]:
    """Add rows of zeros, so that each span has a row for each key.

    Parameters
    ----------
    table : pyarrow.Table
        time, the columns of `by`, records, packets, bytes.
    every : int
        Seconds of a span.
    by : sequence of str

    Returns
    -------
    pyarrow.Table
        In no order.
    int
        Spans that got no row, since over a million rows would have been added; the longest
        gaps are those that stay.
    """
    timed = table.filter(pc.is_valid(table.column("time")))
    if timed.num_rows == 0:
        return table, 0
    keys = timed.select(by).group_by(list(by)).aggregate([]) if by else None
    n_keys = 1 if keys is None else keys.num_rows
    here = sorted(set(pc.cast(timed.column("time"), pa.int64()).to_pylist()))
    missing, left = _missing(here, every, MOST_ADDED // n_keys - len(here))
    spans = [*here, *missing] if n_keys * len(here) <= MOST_ADDED else []
    if not spans:
        return table, left
    return _with_zeros(table, spans, keys, by), left


def _missing(here: Sequence[int], every: int, budget: int) -> tuple[list[int], int]:
    """The spans between those that are here, of the shortest gaps first, and how many are left."""
    gaps = [(late - early, early) for early, late in pairwise(here) if late - early > every]
    found: list[int] = []
    left = 0
    for length, early in sorted(gaps):
        n = length // every - 1
        if len(found) + n > budget:
            left += n
        else:
            found += range(early + every, early + length, every)
    return found, left


def _with_zeros(
    table: pa.Table, spans: Sequence[int], keys: pa.Table | None, by: Sequence[str]
) -> pa.Table:
    """The table, and zeros where a key has no row in a span."""
    n_keys = 1 if keys is None else keys.num_rows
    times = pa.array(spans, pa.int64())
    each = pa.array([n for n in range(len(spans)) for _ in range(n_keys)], pa.int64())
    columns: dict[str, Any] = {"time": pc.cast(times, SECONDS).take(each)}
    if keys is not None:
        again = pa.array([*range(n_keys)] * len(spans), pa.int64())
        columns |= {name: keys.column(name).take(again) for name in by}
    columns["records"] = pa.repeat(pa.scalar(0, pa.int64()), len(each))
    columns |= dict.fromkeys(_NUMBERS[1:], pa.nulls(len(each), pa.int64()))
    both = pa.concat_tables([table, pa.table(columns).cast(table.schema)])
    names = ["time", *by]
    sums = both.unify_dictionaries().combine_chunks().group_by(names)
    found = sums.aggregate([(name, "sum") for name in _NUMBERS])
    found = found.select([*names, *(f"{name}_sum" for name in _NUMBERS)])
    found = found.rename_columns([*names, *_NUMBERS])
    empty = pc.equal(found.column("records"), 0)
    for name in _NUMBERS[1:]:
        at = found.schema.get_field_index(name)
        found = found.set_column(at, name, pc.if_else(empty, 0, found.column(at)))
    return found
