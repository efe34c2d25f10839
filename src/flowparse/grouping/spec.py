"""Floor 3: what to group by, and what to measure of each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["How", "Key", "Measure"]

How = Literal["count", "valid", "sum", "min", "max", "or", "minutes"]


@dataclass(frozen=True, slots=True)
class Key:
    """A column that rows are grouped by; null is a key like any other.

    Attributes
    ----------
    column : str
        Of the batches: numbers, timestamps, text or a dictionary of text.
    every : int or None
        Rounds a time down to a multiple of this many seconds since 1970, or a number to a
        multiple of this. A number comes out as int64, and below 0 is rounded down too.
    name : str or None
        Of the column in the result; None is `column`.
    """

    column: str
    every: int | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """The name in the result."""
        return self.name or self.column


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that is kept of each group.

    Attributes
    ----------
    how : str
        `count` of rows, `valid` (rows in which the column is not null), `sum`, `min`, `max`, `or`
        of its bits, or `minutes`: bit m is set if a time lay in minute m of an hour. Nulls are
        left out; of nothing but nulls, `sum`, `min` and `max` are null and `or` and `minutes`
        are 0.
    column : str or None
        None for `count`.
    name : str
        Of the column in the result. `min` and `max` have the column's type; all others are
        int64.
    """

    how: How
    column: str | None
    name: str
