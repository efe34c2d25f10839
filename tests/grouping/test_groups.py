"""Rows by key in the core, against plain Python and pyarrow."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grouped
from flowparse import _core
from flowparse.grouping import Groups, Key, Measure
from grouped import MEASURES, UTC_SECONDS, batch_of, keys, rows_of_few
from strategies import LAW


@LAW
@given(rows_of_few, keys)
def test_groups_are_those_of_plain_python(rows: list[dict[str, Any]], by: list[Key]) -> None:
    """Every key once, null among them, with every measure of its rows."""
    groups = Groups(by, MEASURES)
    groups.add(batch_of(rows))
    wanted = grouped.group(rows, by, MEASURES)
    assert grouped.as_groups(groups.table(), len(by)) == wanted
    assert len(groups) == len(wanted)


@LAW
@given(rows_of_few, keys, st.data())
def test_cuts_copies_and_order_do_not_matter(
    rows: list[dict[str, Any]], by: list[Key], data: st.DataObject
) -> None:
    """Any cut into batches, slices among them, given to any copy, gives the same groups."""
    wanted = grouped.group(rows, by, MEASURES)
    copies = [Groups(by, MEASURES) for _ in range(data.draw(st.integers(1, 3)))]
    whole = batch_of(data.draw(st.permutations(rows)))
    copies[0].add(whole.slice(0, 0))
    at = 0
    while at < len(rows):
        n = data.draw(st.integers(1, len(rows) - at))
        data.draw(st.sampled_from(copies)).add(whole.slice(at, n))
        at += n
    first, *others = data.draw(st.permutations(copies))
    for other in others:
        first.absorb(other)
        assert len(other) == 0
    assert grouped.as_groups(first.table(), len(by)) == wanted


@LAW
@given(rows_of_few, st.lists(st.none() | st.booleans(), min_size=40, max_size=40))
def test_where_chooses_rows(rows: list[dict[str, Any]], chosen: list[bool | None]) -> None:
    """Only rows for which it is true are taken; null is not."""
    by = [Key("address"), Key("name")]
    chosen = chosen[: len(rows)]
    groups = Groups(by, MEASURES)
    groups.add(batch_of(rows), pa.array([None, *chosen], pa.bool_())[1:])
    kept = [row for row, one in zip(rows, chosen, strict=True) if one]
    assert grouped.as_groups(groups.table(), 2) == grouped.group(kept, by, MEASURES)


@LAW
@given(rows_of_few, keys, st.integers(0, 8), st.sampled_from(MEASURES))
def test_top_is_the_sorted_table(
    rows: list[dict[str, Any]], by: list[Key], limit: int, measure: Measure
) -> None:
    """The largest first, equals by their keys, null after all others."""
    groups = Groups(by, MEASURES)
    groups.add(batch_of(rows))

    def order(row: dict[str, Any]) -> Any:
        value = row[measure.name]
        number = grouped.seconds(value)
        texts = (row[key.label] for key in by)
        keyed = tuple((v is None, v.encode() if isinstance(v, str) else v or 0) for v in texts)
        keyed = tuple((none, grouped.seconds(v)) for none, v in keyed)
        return (value is None, -(number or 0), keyed)

    wanted = sorted(groups.table().to_pylist(), key=order)[:limit]
    assert groups.top(measure.name, limit).to_pylist() == wanted


@LAW
@given(rows_of_few)
def test_number_tells_the_group_of_each_row(rows: list[dict[str, Any]]) -> None:
    """Row i of a batch belongs to row number[i] of the table."""
    groups = Groups([Key("address"), Key("small")], [])
    found = groups.number(batch_of(rows))
    table = groups.table().to_pylist()
    assert [table[i] for i in found.to_pylist()] == [
        {"address": row["address"], "small": row["small"]} for row in rows
    ]


def test_many_groups_are_those_of_pyarrow() -> None:
    """Half a million rows in 200,000 groups of addresses, old and new, as pyarrow groups them."""
    n, width = 500_000, 200_000
    ids = [i * 7919 % width for i in range(n)]
    source = [str(ipaddress.ip_address(i * 2654435761 % 2**32)) for i in ids]
    target = [f"2001:db8::{i % 1000:x}" for i in ids]
    table = pa.table({"s": source, "t": target, "n": range(n)})
    groups = Groups([Key("s"), Key("t")], [Measure("sum", "n", "sum"), Measure("count", None, "c")])
    for batch in table.to_batches(65_536):
        groups.add(batch)
    wanted = table.group_by(["s", "t"]).aggregate([("n", "sum"), ("n", "count")])
    by = [("s", "ascending"), ("t", "ascending")]
    found = groups.table().sort_by(by).combine_chunks()
    assert found.rename_columns(wanted.column_names) == wanted.sort_by(by).combine_chunks()


@pytest.mark.parametrize("kernel", _core.kernel_names())
def test_text_next_to_ipv4_stays_what_it_is(kernel: str) -> None:
    """Every kernel takes for an address only what is written as one, at an end of memory too."""
    parts = ["", "0", "00", "01", "1", "9", "10", "99", "100", "255", "256", "999", "1000", "a1"]
    parts += ["1/", ":", " 1", "1\0", "-1", "\xe9"]
    texts = [".".join(four) for four in itertools.product(parts, repeat=4)]
    texts += [".".join(some) for n in (1, 2, 3) for some in itertools.product(parts, repeat=n)]
    texts += ["1.2.3.4.", ".1.2.3.4", "1.2.3.4.5", "1.2.3.255.255.255", "1.2.3.4 5.6.7.8"]
    before = _core.set_kernel(kernel)
    try:
        for array in (pa.array(texts), pa.array(texts)[len(texts) - 3 :], pa.array(["1.2.3.4"])):
            groups = Groups([Key("k")], [Measure("count", None, "n")])
            groups.add(pa.record_batch({"k": array}))
            assert groups.table()["k"].to_pylist() == array.unique().to_pylist()
    finally:
        _core.set_kernel(before)


def test_dictionaries_may_change() -> None:
    """A value is one key, whatever its code; a null value of a dictionary is null."""
    groups = Groups([Key("name")], [Measure("count", None, "n"), Measure("valid", "name", "valid")])
    for codes, values in [([0, 1, 0], ["b", "a"]), ([2, 1, None], ["z", None, "b"])]:
        array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))
        groups.add(pa.record_batch({"name": array}))
    table = groups.table()
    assert table.schema.field("name").type == pa.dictionary(pa.int32(), pa.string())
    assert grouped.as_groups(table, 1) == {("b",): (3, 3), ("a",): (1, 1), (None,): (2, 0)}


@pytest.mark.parametrize(
    ("array", "outer"),
    [
        (pa.array(["a", None, "a"], pa.large_string()), pa.string()),
        (pa.array(["a", None, "a"], pa.string_view()), pa.string()),
        (pa.array([b"a", None, b"a"], pa.large_binary()), pa.binary()),
        (pa.array([1, None, 1], pa.uint8()), pa.uint8()),
        (pa.array([2**32 - 1, None, 2**32 - 1], pa.uint32()), pa.uint32()),
        (pa.array([2**63 - 1, None, 2**63 - 1], pa.uint64()), pa.uint64()),
        (pa.array([-(2**63), None, -(2**63)], pa.int64()), pa.int64()),
        (pa.array([1, None, 1], pa.timestamp("us")), pa.timestamp("us")),
        (pa.array([1, None, 1], pa.date32()), pa.date32()),
        (pa.array([1, None, 1], pa.duration("ms")), pa.duration("ms")),
        (pa.array([1, None, 1], pa.dictionary(pa.int8(), pa.int64())), pa.int64()),
        (pa.array([None, None, None]), pa.null()),
    ],
)
def test_types_from_elsewhere(array: pa.Array, outer: pa.DataType) -> None:
    """Every type of numbers, times and text is a key, and comes back."""
    groups = Groups([Key("k")], [Measure("count", None, "n")])
    groups.add(pa.record_batch({"k": array}))
    table = groups.table()
    assert table.schema.field("k").type == outer
    values = array.to_pylist()
    wanted = {value: values.count(value) for value in values}
    assert dict(zip(*table.to_pydict().values(), strict=True)) == wanted


def test_large_sums() -> None:
    """A sum on its way may leave int64; one that ends there is told by column and key."""
    groups = Groups([Key("k")], [Measure("sum", "n", "total")])
    large = 2**63 - 1
    groups.add(pa.record_batch({"k": ["a"] * 4 + ["b"], "n": [large, large, -large, -large, 5]}))
    assert grouped.as_groups(groups.table(), 1) == {("a",): (0,), ("b",): (5,)}
    groups.add(pa.record_batch({"k": ["b", "b"], "n": [large, large]}))
    assert groups.total("total") == 2 * large + 5
    with pytest.raises(OverflowError, match=f"'total'.*{2 * large + 5}.*'b'"):
        groups.table()
    with pytest.raises(OverflowError):
        groups.top("total", 1)


def add_text(buffers: list[Any]) -> None:
    text = pa.Array.from_buffers(pa.string(), 2, buffers)
    Groups([Key("k")], []).add(pa.record_batch({"k": text}))


def test_arrays_that_lead_astray_are_refused() -> None:
    """Codes out of the dictionary, and text out of its buffer, and the groups stay as they are."""
    groups = Groups([Key("k")], [Measure("count", None, "n")])
    codes = pa.array([0, 1, 5], pa.int32())
    wrong = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"]), safe=False)
    good = pa.array(["a"]).dictionary_encode()
    groups.add(pa.record_batch({"k": good}))
    for bad in (
        wrong,
        pa.DictionaryArray.from_arrays(pa.array([-1], pa.int32()), ["a"], safe=False),
    ):
        with pytest.raises(ValueError, match=r"dict|codes"):
            groups.add(pa.record_batch({"k": bad}))
    assert grouped.as_groups(groups.table(), 1) == {("a",): (1,)}
    for offsets in ([0, 3, 2], [0, 1, 90], [-1, 1, 2]):
        buffers = [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(b"abc")]
        with pytest.raises(ValueError, match=r"offset|Offset"):
            add_text(buffers)


def test_what_has_no_meaning_is_refused() -> None:
    """Types without a measure, a floor of text, names that are not there."""
    batch = pa.record_batch({"t": pa.array([1], UTC_SECONDS), "s": ["a"], "f": [1.5]})
    for by, measure in [
        (Key("f"), Measure("count", None, "n")),
        (Key("s", 60), Measure("count", None, "n")),
        (Key("s"), Measure("sum", "t", "n")),
        (Key("s"), Measure("sum", "f", "n")),
        (Key("t"), Measure("min", "s", "n")),
        (Key("t"), Measure("minutes", "s", "n")),
    ]:
        with pytest.raises(ValueError, match=r"column '[fst]'"):
            Groups([by], [measure]).add(batch)
    with pytest.raises(ValueError, match="no batch"):
        Groups([Key("s")], []).table()
    with pytest.raises(ValueError, match="no measure 'x'; there are n"):
        Groups([Key("s")], [Measure("count", None, "n")]).top("x", 1)
    edge = pa.record_batch({"n": pa.array([-(2**63)], pa.int64())})
    with pytest.raises(ValueError, match="rounded down"):
        Groups([Key("n", 7)], []).add(edge)
