"""Floor 4: spans of time."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from flowparse.times import read_age

__all__ = ["SECONDS", "read_every"]

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
