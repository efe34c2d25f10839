"""Floor 4: what most answers measure of a group."""

from __future__ import annotations

from typing import Final

from flowparse.grouping import Measure

__all__ = ["RECORDS", "SEEN", "TRAFFIC"]

RECORDS: Final = Measure("count", None, "records")
TRAFFIC: Final = (RECORDS, Measure("sum", "packets", "packets"), Measure("sum", "bytes", "bytes"))
SEEN: Final = (Measure("min", "start", "first_seen"), Measure("max", "end", "last_seen"))
