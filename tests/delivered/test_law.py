"""Parquet by the rules of text: the same records give the same table, however they are stored."""

from __future__ import annotations

import json
import warnings
from dataclasses import fields
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

import flowparse
import reference
from stored import Stored, stored
from strategies import LAW, CutFile, Options, cut_sizes, options

COUNTED = ("records", "no_data", "skip_data", "rejects", "blank")


def keywords(chosen: Options) -> dict[str, Any]:
    return {field.name: getattr(chosen, field.name) for field in fields(chosen)}


def values(column: Any) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.to_pylist()  # type: ignore[no-any-return]


def columns_in(table: Any) -> dict[str, list[Any]]:
    return {name: values(table[name]) for name in table.column_names}


def one_line_later(filters: Any) -> Any:
    """The filter for text, whose header makes each line's number one more than the row's."""
    if not filters:
        return filters
    if isinstance(filters[0], list):
        return [one_line_later(group) for group in filters]
    return [
        (name, op, [v + 1 for v in value[0]] if isinstance(value[0], list) else value[0] + 1)
        if name == "line" and value and value[0] is not None
        else (name, op, *value)
        for name, op, *value in filters
    ]


def foretold(log: Stored, chosen: Options) -> Any:
    """What the oracle says of the text; None where it refuses the options."""
    kwargs = keywords(chosen)
    kwargs["filters"] = one_line_later(kwargs["filters"])
    try:
        result = reference.read([("<bytes>", log.text)], **kwargs)
    except ValueError:
        return None
    if "line" in result.columns:
        result.columns["line"] = [line - 1 for line in result.columns["line"]]
    return result


def rejects_of(rejects: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(r["source"], r["line"], r["field"], r["reason"]) for r in rejects]


def read(source: Any, **kwargs: Any) -> tuple[Any, list[dict[str, Any]], dict[str, int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with flowparse.open_reader(source, on_reject="collect", threads=1, **kwargs) as reader:
            table = pa.Table.from_batches(list(reader), schema=reader.schema)
            table.validate(full=True)
            counts = {name: getattr(reader.counts, name) for name in COUNTED}
            return table, reader.rejects.to_pylist(), counts


logs_and_options = stored().flatmap(lambda log: st.tuples(st.just(log), options(log.case)))


@LAW
@given(logs_and_options)
def test_parquet_equals_the_oracle_of_text(example: tuple[Stored, Options]) -> None:
    """Parquet gives the values, rejects and counts that the oracle has of its records as text."""
    log, chosen = example
    expected = foretold(log, chosen)
    if expected is None or expected.counts["headers"] != 1:  # a record that looks like a header
        return
    table, rejects, counts = read(log.parquet, **keywords(chosen))
    assert columns_in(table) == expected.columns
    assert table.num_rows == expected.num_rows
    assert [(s, line + 1, f, r) for s, line, f, r in rejects_of(rejects)] == rejects_of(
        expected.rejects
    )
    assert counts == {name: expected.counts[name] for name in COUNTED}


@LAW
@given(logs_and_options)
def test_what_text_refuses_parquet_refuses(example: tuple[Stored, Options]) -> None:
    """Options that do not fit the records are the same error for text and for Parquet."""
    log, chosen = example
    outcomes = []
    for source in (log.text, log.parquet):
        try:
            outcomes.append(
                flowparse.read_table(source, on_reject="collect", **keywords(chosen)).schema.types
            )
        except ValueError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@LAW
@given(logs_and_options)
def test_table_equals_stream(example: tuple[Stored, Options]) -> None:
    """`read_table` gives what the stream gives, and the same counts in its metadata."""
    log, chosen = example
    try:
        table, _, counts = read(log.parquet, **keywords(chosen))
    except ValueError:
        return
    whole = flowparse.read_table(log.parquet, on_reject="collect", threads=2, **keywords(chosen))
    assert columns_in(whole) == columns_in(table)
    assert whole.num_rows == table.num_rows
    about = json.loads(whole.schema.metadata[b"flowparse"])
    assert {name: about["counts"][name] for name in COUNTED} == counts


@LAW
@given(stored(), cut_sizes)
def test_any_way_of_reading(log: Stored, sizes: list[int]) -> None:
    """A file that cannot seek and hands over few bytes at a time gives what the bytes give."""
    table, rejects, counts = read(log.parquet)
    cut, cut_rejects, cut_counts = read(CutFile(log.parquet, sizes))
    assert cut.equals(table)
    assert [r[1:] for r in rejects_of(cut_rejects)] == [r[1:] for r in rejects_of(rejects)]
    assert cut_counts == counts
