"""Floor 4: rows of facts by key, grouped by the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping import Groups, Key, Measure
from flowparse.grouping.spec import How

__all__ = ["How", "group"]


def group(
    table: pa.Table, keys: Sequence[str], measures: Mapping[str, How], *, only: Sequence[str] = ()
) -> pa.Table:
    """One row a key, in no order: the keys, and its measures by their own names.

    Parameters
    ----------
    table : pyarrow.Table
    keys : sequence of str
        Null is a key like any other.
    measures : mapping
        Column -> how it is measured.
    only : sequence of str
        Columns of which the value is kept where all rows of a key have the same; else null.
    """
    asked = [Measure(how, name, name) for name, how in measures.items()]
    columns = {name: table[name] for name in (*keys, *measures)}
    values: dict[str, pa.Array] = {}
    for name in only:
        columns[f"code {name}"], values[name] = _code(table[name])
        asked += [Measure(how, f"code {name}", f"{how} {name}") for how in ("min", "max")]
    groups = Groups([Key(name) for name in keys], asked)
    for batch in _batches(pa.table(columns)):
        groups.add(batch)
    found = groups.table()
    columns = {name: found[name].cast(table[name].type) for name in keys}
    columns |= {name: found[name] for name in measures}
    for name, distinct in values.items():
        same = pc.equal(found[f"min {name}"], found[f"max {name}"])
        columns[name] = distinct.take(pc.if_else(same, found[f"min {name}"], None))
    return pa.table(columns)


def _code(values: pa.ChunkedArray) -> tuple[Any, pa.Array]:
    """A number for each value, null included, and the value of each number."""
    coded = pc.dictionary_encode(values.combine_chunks(), null_encoding="encode")
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    return coded.indices, coded.dictionary


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    """The rows as one batch, if there are none as well: it tells the types."""
    batches = table.combine_chunks().to_batches()
    return batches or [pa.RecordBatch.from_pylist([], schema=table.schema)]
