"""Floor 4: of the interfaces that logged one flow, the one that counts."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.batches import whole_batch
from flowparse.grouping import Groups, Key, Measure

__all__ = ["FLOW", "VIEW", "choose_views"]

#: What is one direction of a flow.
FLOW: Final = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")
#: Who saw it.
VIEW: Final = ("interface_id", "flow_direction")
_BEST: Final = (
    ("number", "ascending"),
    *((name, "descending") for name in ("bytes", "packets", "records")),
)


def choose_views(views: pa.Table) -> pa.Table:
    """One row for each direction of a flow.

    Parameters
    ----------
    views : pyarrow.Table
        A row for each direction and who saw it: FLOW, VIEW, records, packets, bytes, first_seen,
        last_seen, accepted, rejected, flags.

    Returns
    -------
    pyarrow.Table
        The row of who saw most, with the most `accepted` and `rejected` of any, the flags of
        all, the earliest and the latest time, and the number of `views`.
    """
    batch = whole_batch(views)
    together = Groups(
        [Key(name) for name in FLOW],
        [
            Measure("count", None, "views"),
            *(Measure("max", name, name) for name in ("accepted", "rejected", "last_seen")),
            Measure("min", "first_seen", "first_seen"),
            Measure("or", "flags", "flags"),
        ],
    )
    numbers = together.number(batch)
    flows = together.table()
    if flows.num_rows < views.num_rows:
        views = views.take(_first_of_each(views, numbers))
    for name in ("records", "packets", "bytes"):
        flows = flows.append_column(name, views.column(name))
    return flows


def _first_of_each(views: pa.Table, numbers: pa.Array) -> pa.Array:
    """The place of the best row of each number, in the order of the numbers."""
    columns = {name: views.column(name) for name, _ in _BEST[1:]}
    ranked = pa.table({"number": numbers, **columns})
    places = pc.sort_indices(ranked, sort_keys=list(_BEST))
    sorted_numbers = pc.cast(numbers, pa.int64()).take(places)
    step = pc.subtract(sorted_numbers, _before(sorted_numbers))
    return places.filter(pc.not_equal(step, 0))


def _before(numbers: pa.Array) -> pa.Array:
    """Each row's value of the row before; -1 before the first."""
    first = pa.array([-1], numbers.type)
    return pa.concat_arrays([first, numbers])[:-1]
