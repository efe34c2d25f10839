"""Floor 4: parts of a whole."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping import Groups

__all__ = ["with_share"]


def with_share(table: pa.Table, groups: Groups, measure: str) -> pa.Table:
    """The table with each row's part of a measure's total over all groups; null where that is 0."""
    total = pa.scalar(groups.total(measure) or None, pa.float64())
    share = pc.divide(pc.cast(table.column(measure), pa.float64()), total)
    return table.append_column("share", share)
