"""Floor 4: how many different values there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from flowparse.aggregate.again import fold_again
from flowparse.aggregate.keys import fold_networks, read_by, read_limit
from flowparse.aggregate.measures import RECORDS
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sketches import Sketches
from flowparse.aggregate.sorting import top_groups, top_rows
from flowparse.grouping import Groups, Key, Passed

__all__ = ["Distinct", "distinct"]

_COLUMNS: Final = ("distinct", "distinct_low", "distinct_high", "records")


@dataclass(eq=False)
class Distinct(Question):
    """How many different values there are: `distinct` as a question.

    The parameters are those of `distinct`.
    """

    of: str = "dstaddr"
    by: str | Sequence[str] = ("srcaddr",)
    limit: int | None = 20
    approximate: bool = False
    prefix: int | None = None
    prefix_ipv6: int | None = None

    def __post_init__(self) -> None:
        read_limit(self.limit)
        self._of = read_by(self.of, self.prefix, self.prefix_ipv6)[0]
        taken = (*_COLUMNS, self._of.column)
        self._by = read_by(self.by, self.prefix, self.prefix_ipv6, taken)
        self._keys = [one.column for one in self._by]
        fine = self._keys if self.approximate else [*self._keys, self._of.column]
        self._groups = Groups([Key(name) for name in fine], [RECORDS])
        self._sketches = Sketches(self._keys, self._of.column) if self.approximate else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its keys, and the one whose values are counted."""
        return (*self._keys, self._of.column)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        batch = fold_networks(batch, [*self._by, self._of])
        self._groups.add(batch)
        if self._sketches is not None:
            self._sketches.add(batch)

    def absorb(self, other: Distinct) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)
        if self._sketches is not None and other._sketches is not None:
            self._sketches.absorb(other._sketches)

    def table(self, passed: Passed) -> pa.Table:
        """The groups with most values."""
        if self._sketches is None:
            groups = fold_again(self._groups, self._keys, self._of.column, "distinct")
            table = top_groups(groups, "distinct", self.limit)
            return table.select([*self._keys, "distinct", "records"])
        table = self._sketches.with_estimates(self._groups.table())
        table = top_rows(table, "distinct", self._keys, self.limit)
        return table.select([*self._keys, *_COLUMNS])


def distinct(
    source: object,
    of: str = "dstaddr",
    by: str | Sequence[str] = ("srcaddr",),
    limit: int | None = 20,
    *,
    approximate: bool = False,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    **reading: Any,
) -> pa.Table:
    r"""How many different values a column has: destinations of each source, ports of each host.

    Parameters
    ----------
    source : object
        As of `run`.
    of : str
        The column whose values are counted; null is no value.
    by : str or sequence of str
        Columns to group by, as of `top_talkers`; `()` is all records together.
    limit : int, optional
        Rows at most; None is all.
    approximate : bool
        Keep a sketch of each group, of at most about 4 KiB, instead of its values. Needs
        `pip install 'flowparse[sketches]'`.
    prefix, prefix_ipv6 : int, optional
        As of `top_talkers`; `of` is folded too, if it holds addresses.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        The columns of `by`, `distinct` and `records`; of sketches also `distinct_low` and
        `distinct_high`. Most first; equals by their keys, ascending; nulls last.

    Raises
    ------
    ValueError
        A column or an option that there is not. For the rest see `run`.
    ImportError
        Sketches are asked for, and the library for them is not installed.

    Notes
    -----
    Exact: one group in memory for each key and value. Sketches are Apache DataSketches' HLL
    with 8,192 buckets: the standard error is 1.15 %, and the true number lies between
    `distinct_low` and `distinct_high` in 95 of 100 cases. Some hundred values are counted all
    but exactly. They take a call of Python for each value of a batch, so they save memory, not
    time.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstaddr dstport
    ... 10.0.0.1 10.0.0.9 443
    ... 10.0.0.1 10.0.0.8 443
    ... 10.0.0.1 10.0.0.8 22
    ... 10.0.0.2 10.0.0.8 22
    ... '''
    >>> aggregate.distinct(log).to_pylist()[0]
    {'srcaddr': '10.0.0.1', 'distinct': 2, 'records': 3}
    """
    return ask(source, Distinct(of, by, limit, approximate, prefix, prefix_ipv6), reading)
