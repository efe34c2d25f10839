"""An archive: its size, its speed, and what a query for one host reads of it.

Sizes are ratios to what DuckDB writes of the same rows, with zstd and in their order, and to gzip.
The speed is that of `to_parquet`, which remembers no order, keeps no reject and proves nothing.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowparse
from corpus import Corpora
from flowparse.archive import archive
from race import Race


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def bench_archive_speed(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    objects = corpora.objects()
    numbers = count()

    def keep() -> None:
        folder = tmp_path / f"kept-{next(numbers)}"
        assert archive(objects.folder, folder).objects == len(objects.paths)
        shutil.rmtree(folder)

    def write() -> None:
        flowparse.to_parquet(objects.folder, tmp_path / "all.parquet", mode="overwrite")

    race.question(
        "16 objects archived, against to_parquet",
        objects,
        keep,
        {"to_parquet": write},
        least=0.5,
        rounds=3,
    )


def bench_archive_size(corpora: Corpora, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Against the gzip originals, and DuckDB's zstd Parquet of the same rows."""
    duckdb = pytest.importorskip("duckdb")
    objects = corpora.objects()
    archive(objects.folder, tmp_path / "kept")
    table = flowparse.read_table(objects.folder)
    plain = [
        field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    rows = table.cast(pa.schema(plain))
    duckdb.sql(f"copy (from rows) to '{tmp_path}/duck.parquet' (format parquet, compression zstd)")
    flowparse.to_parquet(objects.folder, tmp_path / "ours.parquet")
    stored, kept = size_of(objects.folder), size_of(tmp_path / "kept")
    duck, ours = ((tmp_path / name).stat().st_size for name in ("duck.parquet", "ours.parquet"))
    with capsys.disabled():
        print(f"\narchive of {rows.num_rows:,} records: {kept:,} bytes")
        print(f"  gzip {stored:,}: the archive is {kept / stored:.2f} of it (bound 0.50)")
        print(f"  DuckDB {duck:,}: {kept / duck:.2f} of it (bound 1.00)")
        print(f"  to_parquet {ours:,}: {kept / ours:.2f} of it")
    if corpora.scale >= 1:  # of few records, what every file begins with is the most of it
        assert kept < duck


def bench_archive_one_host(corpora: Corpora, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Bytes that a query for one interface takes of the archive's files."""
    objects = corpora.objects()
    archive(objects.folder, tmp_path / "kept")
    data = tmp_path / "kept" / "data"
    [largest] = sorted(data.rglob("*.parquet"), key=lambda path: -path.stat().st_size)[:1]
    names = pq.read_table(largest, columns=["interface_id"])["interface_id"].unique().to_pylist()
    host = sorted(filter(None, names))[len(names) // 2]
    read = []
    for filters in (None, [("interface_id", "=", host)]):
        with flowparse.open_reader(largest, filters=filters) as reader:
            rows = sum(batch.num_rows for batch in reader)
            read.append((rows, reader.counts.bytes_read))
    groups = pq.read_metadata(largest).num_row_groups
    size = largest.stat().st_size
    with capsys.disabled():
        print(f"\none interface in a file of {size:,} bytes, {groups} row groups:")
        print(f"  all: {read[0][0]:,} rows, {read[0][1]:,} bytes read")
        print(f"  one: {read[1][0]:,} rows, {read[1][1]:,} bytes read")
    if groups > 1:
        assert read[1][1] < read[0][1]
