"""Floor 3: a question that is answered batch by batch, in any order and on several threads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import pyarrow as pa

from flowparse.grouping.groups import Groups
from flowparse.grouping.spec import Key, Measure

__all__ = ["Fold", "GroupFold", "Prelude"]


class Fold(ABC):
    """What gathers the batches of one pass.

    The result depends on which rows came, never on their order, on the cuts between batches, or
    on which of several copies a batch went to.
    """

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs; batches may have more."""

    @abstractmethod
    def fresh(self) -> Self:
        """An empty one that asks the same: another thread's."""

    @abstractmethod
    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""

    @abstractmethod
    def absorb(self, other: Self) -> None:
        """Take what another thread's has gathered; `other` is of no use afterwards."""


class Prelude(ABC):
    """What sees every batch of a pass, one after another, before the folds do.

    It runs on one thread, and chooses the rows that the folds get.
    """

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs; batches may have more."""

    @abstractmethod
    def choose(self, batch: pa.RecordBatch) -> pa.BooleanArray | None:
        """The rows that go on, those that are true; None for all."""


class GroupFold(Fold):
    """Rows by key: the plainest fold.

    Parameters
    ----------
    keys : sequence of Key
    measures : sequence of Measure
    **bounds
        As of `Groups`: `memory_bytes` is for each of the threads that fold.
    """

    def __init__(self, keys: Sequence[Key], measures: Sequence[Measure], **bounds: Any) -> None:
        self.groups = Groups(keys, measures, **bounds)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its keys and measures."""
        groups = self.groups
        asked = [key.column for key in groups.keys]
        asked += [one.column for one in groups.measures if one.column is not None]
        return tuple(dict.fromkeys(asked))

    def fresh(self) -> Self:
        """An empty one with the same keys and measures."""
        groups = self.groups
        bounds = {"memory_bytes": groups.memory_bytes, "spill_folder": groups.spill_folder}
        return type(self)(groups.keys, groups.measures, **bounds)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        self.groups.add(batch)

    def absorb(self, other: Self) -> None:
        """Take the groups of another."""
        self.groups.absorb(other.groups)

    def table(self) -> pa.Table:
        """One row a group, in no order."""
        return self.groups.table()
