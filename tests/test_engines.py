"""DuckDB and polars query a dataset: their columns and filters reach the core."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import FlowDataset
from flowparse.scanning import FlowScan, FlowScanner

duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
pl = pytest.importorskip("polars", reason="polars is not installed")

T = 1_700_000_100  # 2023-11-14T22:15:00Z
ACCOUNTS = ("111122223333", "000000000042")


def write_objects(folder: Path) -> list[Path]:
    """Two objects an hour apart, each of another account, as AWS names them."""
    paths = []
    for number, account in enumerate(ACCOUNTS):
        stamp = T + 3600 * number
        at = datetime.fromtimestamp(stamp, UTC)
        lines = ["version account-id region srcaddr dstport bytes action start end"]
        for n in range(40):
            port = "-" if n % 7 == 0 else str(n)
            action = ("ACCEPT", "REJECT", "-")[n % 3]
            times = f"{stamp + n} {stamp + n + 50}"
            lines.append(f"5 {account} us-east-1 10.0.{number}.{n} {port} {n} {action} {times}")
        path = folder / (
            f"AWSLogs/{account}/vpcflowlogs/us-east-1/{at:%Y/%m/%d}/"
            f"{account}_vpcflowlogs_us-east-1_fl-0a1b2c3d_{at:%Y%m%dT%H%MZ}_fe123456.log.gz"
        )
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
        paths.append(path)
    return paths


class Seen:
    """What engines asked of datasets, and the pass that each query became."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scans: list[FlowScan] = []
        self.scanner = FlowDataset.scanner
        monkeypatch.setattr(FlowDataset, "scanner", lambda *a, **k: self._note(*a, **k))

    def _note(self, *arguments: Any, **options: Any) -> FlowScanner:
        scanner = self.scanner(*arguments, **options)
        self.scans.append(scanner._scan)
        return scanner

    def columns(self) -> set[str]:
        return {column.name for scan in self.scans for column in scan.columns}

    def filters(self) -> set[tuple[str, str]]:
        groups = [group for scan in self.scans for group in scan.request.filters]
        return {(condition.column, condition.op) for group in groups for condition in group}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(monkeypatch)


LATER = "2023-11-14 23:00:00"
SQL = [
    ("action = 'REJECT'", {("action", "=")}),
    ("dstport between 5 and 30", {("dstport", ">="), ("dstport", "<=")}),
    ("dstport in (1, 2, 3)", {("dstport", "is not null"), ("dstport", "in")}),
    ("dstport not in (1, 2)", None),
    ("dstport is null", {("dstport", "is null")}),
    ("dstport <> 5 or action = 'ACCEPT'", {("dstport", "!="), ("action", "=")}),
    ("not (dstport = 5)", {("dstport", "!=")}),
    ("dstport > 5.5", None),
    (f"start >= '{LATER}+00'", {("start", ">=")}),
    ("srcaddr like '10.0.1.%'", None),
    (f"account_id = '{ACCOUNTS[1]}' and bytes > 20", {("account_id", "="), ("bytes", ">")}),
    ("bytes % 2 = 0 and action is not null", None),
]


def run(query: str, flows: Any) -> list[Any]:
    """The rows of a query over `flows`."""
    with duckdb.connect() as connection:
        connection.register("flows", flows)
        rows: list[Any] = connection.sql(query).fetchall()
    return rows


@pytest.mark.parametrize(("where", "filters"), SQL, ids=[where for where, _ in SQL])
def test_duckdb(tmp_path: Path, seen: Seen, where: str, filters: Any) -> None:
    """DuckDB gets from a dataset what it gets from the table, and hands over its filter."""
    write_objects(tmp_path)
    query = f"select srcaddr, bytes, start from flows where {where} order by srcaddr"
    expected = run(query, flowparse.read_table(tmp_path))
    assert run(query, flowparse.dataset(tmp_path)) == expected
    assert 0 < len(expected) < 80
    assert "region" not in seen.columns()
    if filters is not None:
        assert seen.filters() == filters


def test_duckdb_opens_only_what_it_needs(tmp_path: Path) -> None:
    """An object that a query's filter excludes is not opened; errors come through."""
    first, _ = write_objects(tmp_path)
    ds = flowparse.dataset(tmp_path)
    first.write_bytes(b"\x1f\x8b spoiled")
    query = "select count(*), sum(bytes) from flows where "
    expected = [(40, sum(range(40)))]
    assert run(f"{query} start >= '{LATER}+00'", ds) == expected
    assert run(f"{query} account_id = '{ACCOUNTS[1]}'", ds) == expected
    with pytest.raises(duckdb.Error, match=first.name):
        run("select count(bytes) from flows", ds)


def test_duckdb_counts_limits_and_joins(tmp_path: Path) -> None:
    """Aggregates, limits, and the same dataset twice in one query."""
    write_objects(tmp_path)
    ds = flowparse.dataset(tmp_path)
    assert run("select count(*) from flows", ds) == [(80,)]
    assert len(run("from flows limit 3", ds)) == 3
    twice = "select count(*) from flows a join flows b on a.srcaddr = b.srcaddr"
    assert run(twice, ds) == [(80,)]


def test_duckdb_finds_it_by_its_variable(tmp_path: Path) -> None:
    """A dataset in a variable is a table of that name."""
    write_objects(tmp_path)
    ds = flowparse.dataset(tmp_path)
    assert len(ds.files) == 2
    assert duckdb.sql("select count(*) from ds where dstport = 5").fetchall() == [(2,)]


PREDICATES = {
    "equal": (pl.col("action") == "REJECT", {("action", "=")}),
    "between": (pl.col("dstport").is_between(5, 30), {("dstport", ">="), ("dstport", "<=")}),
    "in": (pl.col("dstport").is_in([1, 2]), {("dstport", "in")}),
    "null": (pl.col("dstport").is_null(), {("dstport", "is null")}),
    "not": (~(pl.col("dstport") == 5), {("dstport", "!=")}),
    "or": ((pl.col("dstport") == 5) | (pl.col("bytes") > 30), {("dstport", "="), ("bytes", ">")}),
    "time": (pl.col("start") >= datetime(2023, 11, 14, 23, tzinfo=UTC), {("start", ">=")}),
    "function": (pl.col("srcaddr").str.starts_with("10.0.1."), None),
    "float": (pl.col("dstport") > 5.5, None),
}


@pytest.mark.parametrize("name", PREDICATES)
def test_polars(tmp_path: Path, seen: Seen, name: str) -> None:
    """Polars gets from a dataset what it gets from the table, and hands over its predicate."""
    write_objects(tmp_path)
    predicate, filters = PREDICATES[name]
    lazy = pl.scan_pyarrow_dataset(flowparse.dataset(tmp_path))
    found = lazy.filter(predicate).select("srcaddr", "bytes", "start").collect()
    frame = pl.from_arrow(flowparse.read_table(tmp_path))
    expected = frame.filter(predicate).select("srcaddr", "bytes", "start")
    assert found.equals(expected)
    assert 0 < expected.height < 80
    assert "region" not in seen.columns()
    if filters is not None:
        assert seen.filters() == filters


def test_polars_opens_only_what_it_needs(tmp_path: Path) -> None:
    """An object that a predicate excludes is not opened; errors come through."""
    first, _ = write_objects(tmp_path)
    lazy = pl.scan_pyarrow_dataset(flowparse.dataset(tmp_path))
    first.write_bytes(b"\x1f\x8b spoiled")
    found = lazy.filter(pl.col("account_id") == ACCOUNTS[1]).select(pl.len()).collect()
    assert found.item() == 40
    with pytest.raises(Exception, match=first.name):
        lazy.select("bytes").collect()


def test_polars_limits(tmp_path: Path) -> None:
    """A limit, and the frame as a whole by the Arrow stream."""
    write_objects(tmp_path)
    ds = flowparse.dataset(tmp_path)
    assert pl.scan_pyarrow_dataset(ds).head(3).collect().height == 3
    assert pl.scan_pyarrow_dataset(ds).collect().equals(pl.DataFrame(ds))
    assert pl.DataFrame(ds).height == pa.table(ds).num_rows == 80
