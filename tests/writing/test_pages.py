"""The core's Parquet encoder: what it writes, other readers read as it was."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowparse
from flowparse import _core
from flowparse.writing import pages

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
UTC_SECONDS = pa.timestamp("s", tz="UTC")

#: Seconds that Python's datetime knows, as pyarrow's statistics are told in it.
SECONDS = st.integers(-62_135_596_800, 253_402_300_799)
TEXT = st.one_of(
    st.sampled_from(["", "-", "ACCEPT", "10.0.0.1", "2001:db8::1"]),
    st.text(max_size=40).filter(lambda text: "\x00" not in text),
    st.integers(0, 3).map(lambda n: "x" * (7 + n)),
    st.integers(0, 2).map(lambda n: "same begin, " * 4 + str(n) + ", same end" * 2),
)
VALUES = [
    (pa.int32(), st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(0, 3))),
    (pa.int64(), st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 3))),
    (pa.int64(), st.integers(2**62, 2**62 + 300)),
    (UTC_SECONDS, SECONDS),
    (pa.timestamp("ms", tz="UTC"), SECONDS.map(lambda n: n * 1000 + 7)),
    (pa.date32(), st.integers(-719_000, 2_932_896)),
    (pa.string(), TEXT),
    (pa.binary(), st.binary(max_size=20)),
    (DICTIONARY, TEXT),
]


@contextlib.contextmanager
def limits(rows: int, n_bytes: int, dictionary: int) -> Iterator[None]:
    """Pages that end early, and a dictionary that is soon too large."""
    with mock.patch.multiple(
        pages, _PAGE_ROWS=rows, _PAGE_BYTES_MAX=n_bytes, _DICTIONARY_BYTES=dictionary
    ):
        yield


@st.composite
def columns(draw: st.DrawFn) -> pa.ChunkedArray:
    """A column of several arrays, each cut out of a longer one, with nulls or without."""
    type_, values = draw(st.sampled_from(VALUES))
    if draw(st.booleans()):
        few = draw(st.lists(values, min_size=1, max_size=4))
        values = st.sampled_from(few)
    if draw(st.booleans()):
        values = st.one_of(st.none(), values)
    chunks = []
    for _ in range(draw(st.integers(1, 4))):
        times = draw(st.sampled_from([1, 1, 5, 30]))
        array = pa.array(draw(st.lists(values, max_size=20)) * times, plain(type_))
        if pa.types.is_dictionary(type_):
            array = array.dictionary_encode()
        begin = draw(st.integers(0, len(array)))
        chunks.append(array.slice(begin, draw(st.integers(0, len(array)))))
    return pa.chunked_array(chunks, type_)


def plain(type_: Any) -> Any:
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def statistics(path: Path) -> list[Any]:
    about = pq.read_metadata(path)
    found = [about.row_group(g).column(0).statistics for g in range(about.num_row_groups)]
    return [(one.null_count, one.has_min_max and (one.min, one.max)) for one in found]


@given(
    columns(),
    st.sampled_from([1, 3, 8, 20, 4096]),
    st.sampled_from([1, 30, 4096]),
    st.sampled_from([1, 20, 200, 1 << 20]),
    st.sampled_from(["none", "zstd"]),
)
@settings(deadline=None)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    column: pa.ChunkedArray,
    rows: int,
    n_bytes: int,
    dictionary: int,
    compression: str,
) -> None:
    """Any column reads back as it was, wherever pages end; its statistics are pyarrow's."""
    folder = tmp_path_factory.mktemp("round")
    table = pa.table({"x": column})
    decoded = table.cast(pa.schema([("x", plain(column.type))]))
    with limits(rows, n_bytes, dictionary):
        flowparse.to_parquet(table, folder / "a.parquet", compression=compression)
    read = pq.read_table(folder / "a.parquet")
    assert read["x"].cast(plain(column.type)).equals(decoded["x"])
    assert pq.ParquetFile(folder / "a.parquet").metadata.num_rows == len(column)
    pq.write_table(decoded, folder / "b.parquet", row_group_size=1 << 20)
    if len(column):  # without a row, pyarrow writes a row group of none
        assert statistics(folder / "a.parquet") == statistics(folder / "b.parquet")


def mixed(rows: int) -> pa.Table:
    """Every type that flowparse makes, nulls none, all, some; each column's own kind of values."""
    draw = random.Random(rows)
    texts = [f"10.{n % 7}.{n % 250}.{n}" for n in range(5000)]
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    numbers = [draw.randrange(65536) for _ in range(rows)]
    address = [None if n % 11 == 3 else texts[n % 5000] for n in numbers]
    return pa.table(
        {
            "constant": pa.array([2] * rows, pa.int32()),
            "port": pa.array(numbers, pa.int32()),
            "distinct": pa.array([n * 7919 - 2**40 for n in range(rows)], pa.int64()),
            "some": pa.array([None if n % 5 == 0 else n * n for n in numbers], pa.int64()),
            "never": pa.nulls(rows, pa.int64()),
            "time": pa.array([begin + timedelta(seconds=n) for n in numbers], UTC_SECONDS),
            "address": pa.array(address, pa.string()),
            "long": pa.array([str(n) * (n % 40) for n in range(rows)], pa.string()),
            "coded": pa.array([texts[n % 3] for n in numbers]).dictionary_encode(),
            "halves": pa.array(["a"] * (rows // 2) + [None] * (rows - rows // 2), pa.string()),
        }
    )


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 63, 64, 65, 1000, 100_000])
@pytest.mark.parametrize("compression", ["zstd", "none"])
def test_other_readers(tmp_path: Path, rows: int, compression: str) -> None:
    """DuckDB and polars read every type as pyarrow does."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    table, path = mixed(rows), tmp_path / "a.parquet"
    with limits(30_000, 100_000, 20_000):
        flowparse.to_parquet(table, path, compression=compression)
    wanted = table.set_column(8, "coded", table["coded"].cast(pa.string()))
    milliseconds = wanted.schema.set(5, pa.field("time", pa.timestamp("ms", tz="UTC")))
    wanted = wanted.cast(milliseconds)
    assert pq.read_table(path).cast(wanted.schema).equals(wanted)
    found = duckdb.sql(f"select * from '{path}'").to_arrow_table()
    assert found.cast(wanted.schema).equals(wanted)
    frame = polars.read_parquet(path).to_arrow()
    assert frame.cast(wanted.schema).equals(wanted)


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "brotli", "none"])
def test_compressions(tmp_path: Path, compression: str) -> None:
    """Each compression is what the file says it is."""
    duckdb, path = pytest.importorskip("duckdb"), tmp_path / "a.parquet"
    flowparse.to_parquet(mixed(3000), path, compression=compression)
    told = pq.read_metadata(path).row_group(0).column(1).compression
    assert told == ("UNCOMPRESSED" if compression == "none" else compression.upper())
    assert pq.read_table(path)["port"].equals(mixed(3000)["port"])
    total = sum(mixed(3000)["port"].to_pylist())
    assert duckdb.sql(f"select sum(port) from '{path}'").fetchall() == [(total,)]


def chunk(path: Path, table: pa.Table) -> Any:
    flowparse.to_parquet(table, path)
    return pq.read_metadata(path).row_group(0).column(0)


def test_dictionary_only_where_it_pays(tmp_path: Path) -> None:
    """Values that do not repeat are PLAIN; those that do are codes."""
    distinct = chunk(tmp_path / "a.parquet", pa.table({"x": range(100_000)}))
    assert distinct.encodings == ("PLAIN", "RLE")
    repeat = chunk(tmp_path / "b.parquet", pa.table({"x": [1 << n % 60 for n in range(100_000)]}))
    assert "RLE_DICTIONARY" in repeat.encodings
    assert repeat.total_uncompressed_size < 100_000


def test_dictionary_that_grows_too_large(tmp_path: Path) -> None:
    """Pages before it was too large hold codes, those behind it values; all read back."""
    values = [n % 100 for n in range(50_000)] + list(range(50_000))
    with limits(10_000, 1 << 20, 8 * 1000):
        about = chunk(tmp_path / "a.parquet", pa.table({"x": values}))
    assert about.encodings == ("PLAIN", "RLE", "RLE_DICTIONARY")
    assert pq.read_table(tmp_path / "a.parquet")["x"].to_pylist() == values
    assert (about.statistics.min, about.statistics.max) == (0, 49_999)


def test_runs_are_short(tmp_path: Path) -> None:
    """A constant takes a run a page; so does a column without a value."""
    for values in ([7] * 200_000, [None] * 200_000):
        about = chunk(tmp_path / "a.parquet", pa.table({"x": pa.array(values, pa.int64())}))
        (tmp_path / "a.parquet").unlink()
        assert about.total_uncompressed_size < 300


def test_seconds_that_do_not_fit(tmp_path: Path) -> None:
    """A time whose milliseconds no 64 bits hold is refused, as pyarrow refuses it."""
    table = pa.table({"x": pa.array([2**62], pa.timestamp("s"))})
    with pytest.raises(pa.ArrowInvalid):
        flowparse.to_parquet(table, tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_null_where_none_may_be(tmp_path: Path) -> None:
    """A null in a column that cannot have one is an error, and not lost."""
    schema = pa.schema([pa.field("x", pa.int32(), nullable=False)])
    table = pa.table([pa.array([1, None], pa.int32())], schema=schema)
    with pytest.raises(pa.ArrowInvalid, match="x"):
        flowparse.to_parquet(table, tmp_path / "a.parquet")


def test_what_the_core_does_not_take(tmp_path: Path) -> None:
    """Dictionaries in an order, and those of other codes or values, go pyarrow's way."""
    codes = pa.array([1, 0, 1], pa.int32())
    table = pa.table(
        {
            "ordered": pa.DictionaryArray.from_arrays(codes, ["b", "a"], ordered=True),
            "small": pa.DictionaryArray.from_arrays(codes.cast(pa.int8()), ["b", "a"]),
            "numbers": pa.DictionaryArray.from_arrays(codes, [1.5, 2.5]),
        }
    )
    flowparse.to_parquet(table, tmp_path / "a.parquet")
    read = pq.read_table(tmp_path / "a.parquet")
    assert read.to_pydict() == table.to_pydict()
    assert read["ordered"].type == table["ordered"].type
    assert read["ordered"].chunk(0).dictionary.to_pylist() == ["b", "a"]


def test_null_in_a_dictionary(tmp_path: Path) -> None:
    """A dictionary with a null in it is refused, as pyarrow refuses it."""
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int32()), ["a", None])
    with pytest.raises(pa.ArrowNotImplementedError, match="null"):
        flowparse.to_parquet(pa.table({"x": column}), tmp_path / "a.parquet")


# ---------------------------------------------------------------- arrays that lie


def buffer(*numbers: int) -> pa.Buffer:
    return pa.array(numbers, pa.int32()).buffers()[1]


def text_array(*offsets: int) -> pa.Array:
    buffers = [None, buffer(*offsets), pa.py_buffer(b"abcdef")]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def coded_array(*codes: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), ["a", "b"], safe=False)


@pytest.mark.parametrize(
    "array",
    [
        text_array(0, 3, 2, 6),
        text_array(0, 100, 6),
        text_array(0, -1, 6),
        coded_array(0, 2),
        coded_array(-1),
        coded_array(0, 1, 2**31 - 1),
    ],
    ids=["falls", "leaves", "below 0", "no such code", "code below 0", "far code"],
)
@pytest.mark.parametrize("dictionary", [1, 1 << 20])
def test_arrays_that_contradict_themselves(
    tmp_path: Path, array: pa.Array, dictionary: int
) -> None:
    """Offsets and codes that lead out of their array are an error that names the column."""
    with (
        limits(1, 1, dictionary),
        pytest.raises(ValueError, match="x: an Arrow array contradicts"),
    ):
        flowparse.to_parquet(pa.table({"x": array}), tmp_path / "a.parquet")


def test_limits() -> None:
    """The core refuses limits and kinds that there are not."""
    arrays = [pa.array([1])]
    for rows, n_bytes, dictionary in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (2**28 + 1, 1, 1)]:
        with pytest.raises(ValueError, match="limits of a page"):
            _core.encode_pages(
                arrays,
                _core.INT64,
                1,
                True,
                page_rows=rows,
                page_bytes=n_bytes,
                dictionary_bytes=dictionary,
            )
    for kind, scale in [(4, 1), (-1, 1), (_core.INT64, 0), (_core.TEXT, 2)]:
        with pytest.raises(ValueError, match="no kind"):
            _core.encode_pages(
                arrays, kind, scale, True, page_rows=1, page_bytes=1, dictionary_bytes=1
            )


def test_bounds_are_those_of_bytes(tmp_path: Path) -> None:
    """Text is ordered by its bytes, in codes and in PLAIN pages alike."""
    values = ["b", "ba", "", "é", "z", "b\x00"]
    for table in (pa.table({"x": values}), pa.table({"x": values * 100})):
        about = chunk(tmp_path / "a.parquet", table)
        (tmp_path / "a.parquet").unlink()
        assert (about.statistics.min, about.statistics.max) == ("", "é")
    assert pc.min_max(pa.array(values)).as_py() == {"min": "", "max": "é"}
