"""Columns are encoded one by one and stitched: the files are as whole as pyarrow's own."""

from __future__ import annotations

import datetime
import decimal
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowparse


@pytest.fixture(params=["one task", "a task a column"])
def tasks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of encoding, however few the rows."""
    rows = 1 << 60 if request.param == "one task" else 1
    monkeypatch.setattr("flowparse.writing.chunks._TASK_ROWS", rows)


def coded(values: list[Any], codes: list[int | None]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))


TABLE = pa.table(
    {
        "number": pa.array([1, None, 3], pa.int32()),
        "never": pa.array([1, 2, 3], pa.int64()),
        "text": ["a", None, "c"],
        "coded": coded(["x", "y"], [1, None, 0]),
        "big": pa.array(["a", "b", None], pa.large_string()),
        "day": [datetime.date(2026, 11, 24)] * 3,
        "price": [decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")],
        "list": [[1, 2], [], None],
        "struct": [{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}],
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
        "real": [0.5, None, -1.0],
        "yes": [True, None, False],
        "nothing": pa.nulls(3),
        "raw": [b"\x00", None, b"\xff"],
    }
)
TABLE = TABLE.cast(TABLE.schema.set(1, pa.field("never", pa.int64(), nullable=False)))


@pytest.mark.usefixtures("tasks")
def test_every_type_comes_back(tmp_path: Path) -> None:
    """Flat and nested columns of every kind read back as they were, over several row groups."""
    many = pa.concat_tables([TABLE] * 7)
    flowparse.to_parquet(many, tmp_path / "a.parquet", row_group_rows=8)
    read = pq.read_table(tmp_path / "a.parquet")
    assert read.schema == many.schema
    texts = many.schema.set(3, pa.field("coded", pa.string()))
    assert read.cast(texts).equals(many.cast(texts))  # codes may name other places


@pytest.mark.usefixtures("tasks")
def test_footer_is_that_of_pyarrow(tmp_path: Path) -> None:
    """Schema and statistics are those of a file that pyarrow wrote alone; sizes add up."""
    flowparse.to_parquet(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE, tmp_path / "b.parquet", compression="zstd")
    ours, theirs = (pq.read_metadata(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert ours.schema.equals(theirs.schema)
    schemas = [pq.read_schema(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    assert schemas[0].equals(schemas[1], check_metadata=True)
    group, group_theirs = ours.row_group(0), theirs.row_group(0)
    sizes = [group.column(n).total_uncompressed_size for n in range(ours.num_columns)]
    assert (group.num_rows, group.total_byte_size) == (3, sum(sizes))
    for n in range(ours.num_columns):
        column, column_theirs = group.column(n).to_dict(), group_theirs.column(n).to_dict()
        for name in ("total_compressed_size", "total_uncompressed_size"):
            assert column.pop(name) <= column_theirs.pop(name)
        for name in ("dictionary_page_offset", "data_page_offset"):
            del column[name], column_theirs[name]
        for name in ("has_dictionary_page", "encodings"):  # so few values do without one
            del column[name], column_theirs[name]
        assert column == column_theirs


@pytest.mark.usefixtures("tasks")
def test_chunks_lie_where_the_footer_says(tmp_path: Path) -> None:
    """The chunks of all row groups follow each other from the fourth byte on, without a gap."""
    flowparse.to_parquet(pa.concat_tables([TABLE] * 3), tmp_path / "a.parquet", row_group_rows=4)
    about, at = pq.read_metadata(tmp_path / "a.parquet"), 4
    for g in range(about.num_row_groups):
        for n in range(about.num_columns):
            column = about.row_group(g).column(n)
            begin = column.dictionary_page_offset or column.data_page_offset
            assert begin == at
            at += column.total_compressed_size
    size = (tmp_path / "a.parquet").stat().st_size
    assert at + about.serialized_size + 8 == size


@pytest.mark.usefixtures("tasks")
def test_threads(tmp_path: Path) -> None:
    """Any number of threads writes the same bytes."""
    written = []
    for threads in (1, 2, 5):
        path = tmp_path / f"{threads}.parquet"
        flowparse.to_parquet(TABLE, path, threads=threads)
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_error_of_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails on another thread is raised, and leaves nothing behind."""
    monkeypatch.setattr("flowparse.writing.chunks._TASK_ROWS", 1)
    table = pa.table({"x": [1], "month": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with pytest.raises(pa.ArrowNotImplementedError, match="month_day_nano_interval"):
        flowparse.to_parquet(table, tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- bounds of text


def bounds(path: Path) -> tuple[Any, Any, int]:
    column = pq.read_metadata(path).row_group(0).column(0)
    statistics = column.statistics
    if not statistics.has_min_max:
        return None, None, statistics.null_count
    return statistics.min, statistics.max, statistics.null_count


@pytest.mark.usefixtures("tasks")
@pytest.mark.parametrize(
    ("column", "told"),
    [
        (coded(["b", "a", "c"], [0, 1, 2, None]), ("a", "c", 1)),
        (coded(["b", "zz", "c", "a"], [0, 2, 0]), ("b", "c", 0)),
        (coded(["b"], [None, None]), (None, None, 2)),
        (coded(["é", "z"], [0, 1]), ("z", "é", 0)),
        (coded(["x" * 5000, "y"], [0, 1]), (None, None, 0)),
        (pa.chunked_array([coded(["m"], [0]), coded(["q", "b"], [0, 1])]), ("b", "q", 0)),
    ],
    ids=["all used", "unused values", "nulls", "bytes", "too long", "two dictionaries"],
)
def test_bounds(tmp_path: Path, column: Any, told: tuple[Any, Any, int]) -> None:
    """A chunk tells the least and the greatest text that a row has, compared byte by byte."""
    flowparse.to_parquet(pa.table({"x": column}), tmp_path / "a.parquet")
    assert bounds(tmp_path / "a.parquet") == told


@pytest.mark.usefixtures("tasks")
def test_bounds_of_slices(tmp_path: Path) -> None:
    """Row groups cut out of one batch tell the bounds of their own rows."""
    column = coded(["d", "a", "c", "b"], [0, 1, 2, 3])
    flowparse.to_parquet(pa.table({"x": column}), tmp_path / "a.parquet", row_group_rows=2)
    about = pq.read_metadata(tmp_path / "a.parquet")
    told = [about.row_group(n).column(0).statistics for n in (0, 1)]
    assert [(one.min, one.max) for one in told] == [("a", "d"), ("b", "c")]


# ---------------------------------------------------------------- other readers


def addresses(rows: int, distinct: int) -> list[str]:
    draw = random.Random(1)
    texts = [f"2001:db8::{n:x}" for n in range(distinct)]
    return [draw.choice(texts) for _ in range(rows)]


def log_of(values: list[str]) -> bytes:
    return b"version dstport srcaddr\n" + "".join(f"2 443 {v}\n" for v in values).encode()


@pytest.mark.parametrize("rows", [10, 100_000])
def test_other_readers(tmp_path: Path, rows: int) -> None:
    """DuckDB and polars read what pyarrow reads, and know the rows without reading them."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    path = tmp_path / "a.parquet"
    values = addresses(rows, 500)
    flowparse.to_parquet(log_of(values), path, row_group_rows=40_000)
    found = duckdb.sql(f"select srcaddr, version + dstport from '{path}'").fetchall()
    assert found == [(value, 445) for value in values]
    frame = polars.read_parquet(path)
    assert frame["srcaddr"].to_list() == values
    assert frame["dstport"].sum() == 443 * rows
    least = min(values)
    [counted] = duckdb.sql(f"select count(*) from '{path}' where srcaddr = '{least}'").fetchall()
    assert counted == (values.count(least),)
