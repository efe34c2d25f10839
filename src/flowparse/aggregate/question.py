"""Floor 4: a question: a fold whose answer is a small sorted table."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import pyarrow as pa

from flowparse.aggregate.about import describe, with_about
from flowparse.counts import Counts
from flowparse.grouping import Fold, Passed

__all__ = ["Question"]


@dataclass(eq=False)
class Question(Fold):
    """What can be asked of one pass, beside others.

    A subclass is a dataclass: its fields are what is asked, and `fresh` makes another that asks
    the same of nothing.
    """

    def fresh(self) -> Self:
        """An empty one that asks the same."""
        return replace(self)

    @abstractmethod
    def table(self, passed: Passed) -> pa.Table:
        """The answer, sorted, without what its columns mean."""

    def answer(self, passed: Passed | None = None) -> pa.Table:
        """The answer to what has been added.

        Parameters
        ----------
        passed : Passed, optional
            Of the pass; then the answer's metadata tell what it read and lost.

        Returns
        -------
        pyarrow.Table
            Each field's metadata has its `unit` and, under `about`, what it means.
        """
        table = describe(self.table(passed or Passed(Counts())))
        return table if passed is None else with_about(table, passed)
