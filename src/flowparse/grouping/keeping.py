"""Floor 3: filters on Arrow data, with the meaning that they have on sources."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa

from flowparse.delivered.keep import rows_kept
from flowparse.delivered.spelled import Spelling
from flowparse.filters import read_filters
from flowparse.grouping.typed import Typed
from flowparse.operands import (
    NUMBER,
    Condition,
    Term,
    network_term,
    null_term,
    number_term,
    text_term,
)
from flowparse.times import exact_number, is_number, read_bound, read_time

__all__ = ["Keeping"]

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Keeping:
    """Which rows `filters`, `since` and `until` keep.

    Parameters
    ----------
    filters : list, optional
    since, until : time, optional
        As of `flowparse.open_reader`.

    Attributes
    ----------
    columns : tuple of str
        What it looks at.
    """

    def __init__(self, filters: Any = None, since: Any = None, until: Any = None) -> None:
        self._filters = read_filters(filters)
        self._since = None if since is None else read_bound(since, "since")
        self._until = None if until is None else read_bound(until, "until")
        asked = [condition.column for group in self._filters for condition in group]
        if self._is_bounded:
            asked += ["start", "end"]
        self.columns = tuple(dict.fromkeys(asked))
        self._spelling = Spelling()
        self._terms: list[tuple[Any, ...]] = []

    @property
    def _is_bounded(self) -> bool:
        return self._since is not None or self._until is not None

    def begin(self, typed: Typed) -> None:
        """Make ready for batches of one schema.

        Raises
        ------
        ValueError
            A value cannot be compared with the column, or there are no times for the bounds.
        """
        bounds = self._bounds(typed) if self._is_bounded else []
        self._terms = [
            (number, *_place(condition, typed.schema))
            for number, group in enumerate(self._filters or ((),))
            for condition in (*group, *bounds)
        ]

    def _bounds(self, typed: Typed) -> list[Condition]:
        has = [name for name in ("start", "end") if typed.has(name)]
        if not has:
            raise ValueError("since and until need start or end, and the data have neither")
        bounds = [Condition(name, "is not null") for name in has]
        if self._since is not None:
            bounds.append(Condition(has[-1], ">=", self._since))
        if self._until is not None:
            bounds.append(Condition(has[0], "<", self._until))
        return bounds

    def rows(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Those of a batch that are kept."""
        if not self._terms:
            return batch
        places = {term[3] for term in self._terms}
        values = {place: _plain(batch.column(place)) for place in places}
        kept = rows_kept(self._terms, values, _no_numbers, self._spelling, batch.num_rows)
        return batch.filter(kept)


def _no_numbers() -> Any:
    raise AssertionError("no term is of the rows' numbers")


def _place(condition: Condition, schema: pa.Schema) -> Term:
    place = schema.get_field_index(condition.column)
    return _term(condition, schema.field(place).type)._replace(field=place)


def _term(condition: Condition, type_: Any) -> Term:
    types = pa.types
    if condition.op in ("is null", "is not null"):
        return null_term(condition)
    value_type = type_.value_type if types.is_dictionary(type_) else type_
    if types.is_string(value_type):
        return network_term(condition) if condition.op == "in network" else text_term(condition)
    if condition.op == "in network":
        raise ValueError(f"filters: {condition.column} holds no addresses: 'in network'")
    if types.is_timestamp(type_):
        unit = _PER_SECOND[type_.unit]
        times = [unit * read_time(v, f"filters: {condition.column}") for v in _values(condition)]
        return number_term(condition, NUMBER, times)
    if types.is_integer(type_) or types.is_boolean(type_):
        return number_term(condition, NUMBER, [_number(condition, v) for v in _values(condition)])
    raise ValueError(f"filters: {condition.column} is {type_}, which cannot be compared")


def _values(condition: Condition) -> Sequence[Any]:
    return condition.value if condition.op in ("in", "not in") else (condition.value,)


def _number(condition: Condition, value: Any) -> Fraction | float:
    if not is_number(value):
        raise ValueError(
            f"filters: {condition.column} is a number and cannot be compared with "
            f"{type(value).__name__} {value!r}"
        )
    try:
        return exact_number(value)
    except (ValueError, OverflowError):
        return float(value)  # NaN and infinity


def _plain(array: Any) -> pa.Array:
    """As `rows_kept` takes it: whole numbers, or text without null values in a dictionary."""
    if pa.types.is_timestamp(array.type):
        return array.view(pa.int64())
    if pa.types.is_dictionary(array.type) and array.dictionary.null_count:
        return array.dictionary_decode()
    return array
