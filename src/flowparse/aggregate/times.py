"""Floor 4: times of records as seconds, however they were written; and spans of time."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.schema import FIRST_MILLISECONDS
from flowparse.times import read_age

__all__ = ["SECONDS", "read_every", "with_seconds"]

SECONDS: Final = pa.timestamp("s", tz="UTC")


def read_every(every: object, name: str = "every") -> int:
    """Whole seconds of a span such as `"30s"`, `"5m"`, `"1h"`, `"1d"`.

    Raises
    ------
    ValueError
        It is no such span, or no whole number of seconds, or none.
    """
    seconds = read_age(every, name)
    if seconds < 1 or seconds.denominator != 1:
        raise ValueError(f"{name}: expected one second or more, in whole seconds, got {every!r}")
    return int(seconds)


def with_seconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with `start` and `end` as timestamp[s, UTC], of numbers as AWS writes them too."""
    for name in ("start", "end"):
        at = batch.schema.get_field_index(name)
        if at >= 0 and batch.schema.field(at).type != SECONDS:
            batch = batch.set_column(at, name, _seconds(batch.column(at)))
    return batch


def _seconds(values: Any) -> Any:
    if pa.types.is_integer(values.type):
        values = pc.cast(values, pa.int64())
        late = pc.greater_equal(values, FIRST_MILLISECONDS)
        values = pc.if_else(late, pc.divide(values, 1000), values)
    return pc.cast(values, SECONDS, safe=False)
