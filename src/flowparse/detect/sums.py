"""Floor 4: rows of facts by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["group"]


def group(
    table: pa.Table, keys: Sequence[str], measures: Mapping[str, str], *, only: Sequence[str] = ()
) -> pa.Table:
    """One row a key: its measures, by their own names.

    Parameters
    ----------
    table : pyarrow.Table
    keys : sequence of str
        Null is a key like any other.
    measures : mapping
        Column -> pyarrow's name of an aggregate, such as `sum`.
    only : sequence of str
        Columns of which the value is kept where all rows of a key have the same; else null.
    """
    ends = [(name, how) for name in only for how in ("min", "max")]
    asked = [*measures.items(), *ends, *((name, "count") for name in only)]
    found = table.group_by([*keys]).aggregate([*asked, ([], "count_all")])
    columns = {name: found[name] for name in keys}
    columns |= {name: found[f"{name}_{how}"] for name, how in measures.items()}
    for name in only:
        low, high = found[f"{name}_min"], found[f"{name}_max"]
        one = pc.and_(pc.equal(low, high), pc.equal(found[f"{name}_count"], found["count_all"]))
        columns[name] = pc.if_else(pc.fill_null(one, False), low, None)
    return pa.table(columns)
