"""Rows to be grouped, and what `Groups` must give of them, in plain Python and in no order."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from flowparse.grouping import Key, Measure

UTC_SECONDS = pa.timestamp("s", "UTC")
SCHEMA = pa.schema(
    {
        "address": pa.string(),
        "name": pa.dictionary(pa.int32(), pa.string()),
        "time": UTC_SECONDS,
        "number": pa.int64(),
        "small": pa.int32(),
        "flag": pa.bool_(),
        "raw": pa.binary(),
    }
)
STRANGE = [
    "",
    " ",
    "1.2.3.4 ",
    "10.0.01.2",
    "256.1.1.1",
    "1.2.3",
    "1.2.3.4.5",
    "1..2.3",
    "01.2.3.4",
]
STRANGE += ["1.2.3.45678", "a.b.c.d", "1.2.3.\xe9", "-", "0.0.0.0", "255.255.255.255", "/.2.3.4"]
addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0, 2**128 - 1).map(lambda n: str(ipaddress.IPv6Address(n))),
    st.sampled_from(STRANGE),
    st.text("0123456789.", max_size=16),
    st.text(max_size=40),
)
numbers = st.one_of(st.integers(-(2**40), 2**40), st.integers(-3, 3))
ROW = st.fixed_dictionaries(
    {
        "address": st.none() | addresses,
        "name": st.none() | st.sampled_from(["ACCEPT", "REJECT", "", "10.0.0.1"]),
        "time": st.none() | st.integers(-(10**6), 2**33),
        "number": st.none() | numbers,
        "small": st.none() | st.integers(-(2**31), 2**31 - 1),
        "flag": st.none() | st.booleans(),
        "raw": st.none() | st.binary(max_size=20),
    }
)
# Few values of each, so that groups have several rows.
rows_of_few = st.lists(ROW, min_size=1, max_size=6).flatmap(
    lambda few: st.lists(st.sampled_from(few), max_size=40)
)
keys = st.lists(
    st.sampled_from(
        [
            Key("address"),
            Key("name"),
            Key("time"),
            Key("number"),
            Key("small"),
            Key("flag"),
            Key("raw"),
            Key("time", 3600, "hour"),
            Key("number", 7, "week"),
            Key("small", 60, "by60"),
        ]
    ),
    max_size=5,
    unique_by=lambda key: key.label,
)
MEASURES = [
    Measure("count", None, "n"),
    Measure("valid", "address", "n address"),
    Measure("valid", "name", "n name"),
    Measure("sum", "number", "sum"),
    Measure("sum", "small", "sum small"),
    Measure("sum", "flag", "sum flag"),
    Measure("min", "time", "first"),
    Measure("max", "small", "max"),
    Measure("min", "flag", "min flag"),
    Measure("or", "number", "or"),
    Measure("minutes", "time", "minutes"),
]


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


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
