"""Floor 3: a table of groups that rows are added to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping.spec import Key, Measure

__all__ = ["Groups"]

_AGAIN: Final = {"count": "sum", "valid": "sum", "sum": "sum", "min": "min", "max": "max"}


class Groups:
    """Rows by key.

    Parameters
    ----------
    keys : sequence of Key
    measures : sequence of Measure
    """

    def __init__(self, keys: Sequence[Key], measures: Sequence[Measure]) -> None:
        self.keys = tuple(keys)
        self.measures = tuple(measures)
        self._parts: list[pa.Table] = []

    def add(self, batch: pa.RecordBatch, where: pa.BooleanArray | None = None) -> None:
        """Take rows: those for which `where` is true, or all."""
        if where is not None:
            batch = batch.filter(where)
        columns: dict[str, Any] = {}
        for key in self.keys:
            columns[key.label] = _key_values(batch.column(key.column), key.every)
        ones = pa.array([1] * batch.num_rows, pa.int64())
        for one in self.measures:
            values = ones if one.column is None else batch.column(one.column)
            if one.how == "valid":
                values = pc.cast(pc.is_valid(values), pa.int64())
            columns[f"measure {one.name}"] = values
        self._parts.append(self._fold(pa.table(columns), first=True))

    def absorb(self, other: Groups) -> None:
        """Take the groups of another with the same keys and measures."""
        self._parts += other._parts
        other._parts = []

    def __len__(self) -> int:
        return int(self.table().num_rows)

    def table(self) -> pa.Table:
        """One row a group, in no order: the keys, then the measures."""
        if not self._parts:
            raise ValueError("no batch was added, so the types are not known")
        whole = self._fold(pa.concat_tables(self._parts), first=False)
        self._parts = [whole]
        names = [key.label for key in self.keys] + [one.name for one in self.measures]
        return whole.rename_columns(names)

    def _fold(self, table: pa.Table, *, first: bool) -> pa.Table:
        names = [key.label for key in self.keys]
        plain = {"count": "sum", "valid": "sum"} if first else {}
        asked = []
        for one in self.measures:
            if one.how == "or":
                raise NotImplementedError("or: of the native core only")
            asked.append((f"measure {one.name}", plain.get(one.how) or _AGAIN[one.how]))
        found = table.combine_chunks().unify_dictionaries().group_by(names).aggregate(asked)
        columns = [found.column(name) for name in names]
        columns += [found.column(f"{name}_{how}") for name, how in asked]
        return pa.table(columns, names=[*names, *[name for name, _ in asked]])


def _key_values(values: Any, every: int | None) -> Any:
    if every is None:
        return values
    seconds = pc.cast(values, pa.int64())
    floored = pc.multiply(pc.floor(pc.divide(pc.cast(seconds, pa.float64()), every)), every)
    return pc.cast(pc.cast(floored, pa.int64()), values.type)
