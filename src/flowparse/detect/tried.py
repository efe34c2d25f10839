"""Floor 4: what was tried in vain: a scan is many targets that do not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.exchanges import fold

__all__ = ["count_tried", "is_answered", "pair_numbers"]

_HOW: Final = {
    "tried": "count_distinct",
    "answered": "count_distinct",
    "asked": "sum",
    "refused": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
}


def is_answered(rows: pa.Table, tiny_bytes: int) -> Any:
    """Whether each exchange has an answer of more bytes a record than `tiny_bytes`.

    Less is what a closed port sends: a reset, or the SYN and ACK to a scanner that stops there.
    Where bytes are not known, any answer counts.
    """
    tiny = pc.less_equal(rows["answer_bytes"], pc.multiply(rows["answers"], tiny_bytes))
    return pc.and_not(pc.greater(rows["answers"], 0), pc.fill_null(tiny, False))


def pair_numbers(first: Any, second: Any) -> Any:
    """One int64 for two columns of int32; null where either is."""
    high = pc.multiply(pc.cast(first, pa.int64()), 1 << 32)
    return pc.add(high, pc.cast(second, pa.int64()))


def count_tried(
    rows: pa.Table,
    keys: Sequence[str],
    target: Any,
    answered: Any,
    *,
    least: int,
    share: float,
    coarse: Any,
) -> pa.Table:
    """The keys that tried at least so many targets in vain, and that share of all they tried.

    Parameters
    ----------
    rows : pyarrow.Table
        Of `Exchanges`.
    keys : sequence of str
    target, answered : ChunkedArray
        int64 and bool: what is counted, and whether it answered.
    least : int
    share : float
    coarse : ChunkedArray
        int64, alike where the keys are: the rows of the many that tried little are put aside
        by it first.

    Returns
    -------
    pyarrow.Table
        The keys, `tried`, `answered` (both in targets), `asked`, `refused`, `packets`, `bytes`,
        `first_seen`, `last_seen`.
    """
    vain = pc.value_counts(coarse.filter(pc.invert(answered)))
    many = vain.field("values").filter(pc.greater_equal(vain.field("counts"), least))
    near = pc.is_in(coarse, value_set=many)
    none = pa.scalar(None, pa.int64())
    rows = rows.append_column("tried", target)
    rows = rows.append_column("answered", pc.if_else(answered, target, none)).filter(near)
    found = fold(rows, keys, _HOW)
    empty = pc.subtract(found["tried"], found["answered"])
    enough = pc.greater_equal(empty, least)
    mostly = pc.greater_equal(empty, pc.multiply(pc.cast(found["tried"], pa.float64()), share))
    return found.filter(pc.and_(enough, mostly))
