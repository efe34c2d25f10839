"""Floor 4: who moved how much to whom, by addresses and action."""

from __future__ import annotations

from typing import Final, Self

import pyarrow as pa

from flowparse.aggregate.measures import SEEN, TRAFFIC
from flowparse.grouping import Fold, Groups, Key
from flowparse.report.gathered import TALKERS

__all__ = ["Pairs", "sum_actions", "sum_pairs"]

_KEYS: Final = ("srcaddr", "dstaddr", "action")
_SUMS: Final = ("records", "packets", "bytes")


class Pairs(Fold):
    """The one large table of a report; the top talkers and the map both come of it."""

    def __init__(self) -> None:
        self._groups = Groups([Key(name) for name in _KEYS], [*TRAFFIC, *SEEN])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return (*_KEYS, "packets", "bytes", "start", "end")

    def fresh(self) -> Self:
        """An empty one."""
        return type(self)()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the records of one batch."""
        self._groups.add(batch)

    def absorb(self, other: Self) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self) -> pa.Table:
        """One row a pair and action, text for dictionaries, in no order."""
        table = self._groups.table()
        columns = [
            column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            for column in table.columns
        ]
        return pa.table(columns, names=table.column_names)


def sum_pairs(pairs: pa.Table) -> pa.Table:
    """Of the schema `TALKERS`, whatever the action, in no order."""
    asked = [*((name, "sum") for name in _SUMS), ("first_seen", "min"), ("last_seen", "max")]
    found = pairs.group_by(["srcaddr", "dstaddr"]).aggregate(asked)
    names = ["srcaddr", "dstaddr", *(f"{name}_{how}" for name, how in asked)]
    return found.select(names).rename_columns(TALKERS.names).cast(TALKERS)


def sum_actions(pairs: pa.Table) -> dict[str | None, dict[str, int]]:
    """Action -> records, packets, bytes."""
    found = pairs.group_by("action").aggregate([(name, "sum") for name in _SUMS])
    return {
        row["action"]: {name: row[f"{name}_sum"] or 0 for name in _SUMS}
        for row in found.to_pylist()
    }
