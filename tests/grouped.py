"""Rows by key in plain Python: what `Groups` must give, in no order."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from flowparse.grouping import Key, Measure

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def seconds(value: Any) -> Any:
    """A time as its seconds since 1970; other values as they are."""
    if isinstance(value, datetime.datetime):
        return int((value.replace(tzinfo=datetime.UTC) - _EPOCH).total_seconds())
    return value


def group(
    rows: Iterable[dict[str, Any]], keys: Sequence[Key], measures: Sequence[Measure]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Measures by key."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = tuple(_floor(seconds(row[key.column]), key.every) for key in keys)
        groups.setdefault(key, []).append(row)
    return {key: tuple(_measure(one, some) for one in measures) for key, some in groups.items()}


def as_groups(table: pa.Table, n_keys: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The same of a table that `Groups` gave; every key must be there once."""
    rows = [tuple(seconds(value) for value in row.values()) for row in table.to_pylist()]
    found = {row[:n_keys]: row[n_keys:] for row in rows}
    assert len(found) == len(rows)
    return found


def _floor(value: Any, every: int | None) -> Any:
    return value if every is None or value is None else value // every * every


def _measure(one: Measure, rows: Sequence[dict[str, Any]]) -> Any:
    if one.column is None:
        return len(rows)
    values = [seconds(row[one.column]) for row in rows if row[one.column] is not None]
    if one.how == "valid":
        return len(values)
    if one.how in ("or", "minutes"):
        bits = 0
        for value in values:
            bits |= value if one.how == "or" else 1 << value // 60 % 60
        return bits
    return {"sum": sum, "min": min, "max": max}[one.how](values) if values else None
