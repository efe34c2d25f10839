"""Floor 4: bitmaps of the minutes of an hour."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["count_bits", "minutes_of"]

# The sums of pairs, of nibbles, of bytes: how bits are counted without a loop.
_PAIRS: Final = 0x5555_5555_5555_5555
_FOURS: Final = 0x3333_3333_3333_3333
_BYTES: Final = 0x0F0F_0F0F_0F0F_0F0F


def count_bits(bitmaps: Any) -> Any:
    """How many of the bits 0..59 are set; null where the bitmap is."""
    halves = pc.bit_wise_and(pc.shift_right(bitmaps, 1), _PAIRS)
    sums = pc.subtract(bitmaps, halves)
    sums = pc.add(pc.bit_wise_and(sums, _FOURS), pc.bit_wise_and(pc.shift_right(sums, 2), _FOURS))
    sums = pc.bit_wise_and(pc.add(sums, pc.shift_right(sums, 4)), _BYTES)
    for step in (8, 16, 32):
        sums = pc.add(sums, pc.shift_right(sums, step))
    return pc.bit_wise_and(sums, 127)


def minutes_of(hours: Any, bitmaps: Any) -> tuple[Any, Any]:
    """Each minute whose bit is set.

    Parameters
    ----------
    hours : ChunkedArray of timestamp[s]
    bitmaps : ChunkedArray of int64

    Returns
    -------
    rows : pyarrow.ChunkedArray
        int64: the row of `hours` that it comes from.
    minutes : pyarrow.ChunkedArray
        int64: since 1970. In no order.
    """
    begin = pc.divide(pc.cast(hours, pa.int64()), 60)
    row = pa.array(range(len(bitmaps)), pa.int64())
    rows, minutes = [], []
    for minute in range(60):
        is_set = pc.fill_null(pc.not_equal(pc.bit_wise_and(bitmaps, 1 << minute), 0), False)
        rows.append(row.filter(_whole(is_set)))
        minutes.append(_whole(pc.add(begin.filter(is_set), minute)))
    return pa.chunked_array(rows, pa.int64()), pa.chunked_array(minutes, pa.int64())


def _whole(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
