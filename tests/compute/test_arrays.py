"""What the functions take besides clean Arrow arrays: arrays that lie, and columns of others."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from flowparse import _core, compute


def broken(offsets: list[int], type_: pa.DataType) -> pa.Array:
    """Text of four bytes, whose offsets were never looked at."""
    buffer = pa.array(offsets, pa.int32()).buffers()[1]
    return pa.Array.from_buffers(type_, len(offsets) - 1, [None, buffer, pa.py_buffer(b"::10")])


@pytest.mark.parametrize("offsets", [[0, 3, 2], [0, -1, 1], [2, 1, 4]])
def test_offsets_that_lead_astray_are_refused(offsets: list[int]) -> None:
    """An array whose offsets fall, even below its text, is a ValueError and never read."""
    text = broken(offsets, pa.string())
    calls: list[Any] = [
        lambda: compute.is_private(text),
        lambda: compute.longest_prefix(text, compute.PrefixTable(["::/0"])),
        lambda: compute.network_of(text),
        lambda: compute.address_to_binary(text),
        lambda: compute.binary_to_address(broken(offsets, pa.binary())),
        lambda: compute.decode_tag(text),
        lambda: compute.community_id(text, "::1", 1, 2, 6),
        lambda: _core.Prefixes(text),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="an Arrow array contradicts itself"):
            call()


def test_columns_of_other_lengths_are_refused() -> None:
    """The core refuses columns of a flow that differ in length, whoever calls it."""
    text, numbers = pa.array(["::1", "::2"]), pa.array([1], pa.int64())
    with pytest.raises(ValueError, match="an Arrow array contradicts itself"):
        _core.community_ids(text, text, numbers, numbers, numbers, 0)


def test_columns_of_polars() -> None:
    """A column of polars, which speaks Arrow, is one of text, of categories or of numbers."""
    polars = pytest.importorskip("polars")
    column = polars.Series(["10.0.0.1", None, "192.0.2.1"])
    for given in (column, column.cast(polars.Categorical)):
        assert compute.is_private(given).to_pylist() == [True, None, False]
    assert compute.protocol_name(polars.Series([6, 17])).to_pylist() == ["tcp", "udp"]
    table = compute.PrefixTable(polars.Series(["10.0.0.0/8"]), polars.DataFrame({"team": ["a"]}))
    assert compute.longest_prefix(column, table, "team").to_pylist() == ["a", None, None]


def test_views() -> None:
    """Text and bytes in Arrow's view layouts are read, in dictionaries and in a table's values."""
    text = pa.array(["10.0.0.1", None]).cast(pa.string_view())
    for n in (1, 3):  # fewer rows than the dictionary has values, and more
        rows = pa.DictionaryArray.from_arrays(pa.array([0] * n), text)
        assert compute.is_private(rows).to_pylist() == [True] * n
    assert compute.binary_to_address(pa.array([bytes(4)]).cast(pa.binary_view())).to_pylist() == [
        "0.0.0.0"
    ]
    values = {"team": text, "key": pa.array([b"a", None]).cast(pa.binary_view())}
    table = compute.PrefixTable(["10.0.0.0/8", "::/0"], pa.table(values))
    assert compute.longest_prefix(text, table, "team").to_pylist() == ["10.0.0.1", None]
    assert compute.longest_prefix(text, table, "key").to_pylist() == [b"a", None]
