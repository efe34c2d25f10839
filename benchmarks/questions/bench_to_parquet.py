"""16 gzip objects to one zstd Parquet file on all cores: against DuckDB's COPY.

Both use zstd's level 1. DuckDB may lose the order of the records; ours is kept.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

import flowparse
import rivals
from corpus import DEFAULT, Corpora
from race import Race

COMPARED = ["bytes", "srcaddr", "dstport"]


def bench_to_parquet(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    objects = corpora.objects()
    field = rivals.gather("duckdb_csv")
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    paths = [str(path) for path in objects.paths]

    def write() -> None:
        flowparse.to_parquet(objects.folder, ours, mode="overwrite")

    def copy() -> None:
        field.present["duckdb_csv"].copy_to_parquet(paths, DEFAULT, str(theirs))

    write()
    if field.present:
        copy()
        read = pq.read_table(theirs, columns=COMPARED)
        rivals.check_agreement("DuckDB's COPY", read, pq.read_table(ours, columns=COMPARED))
    race.question(
        "16 objects to zstd Parquet on all cores, against DuckDB's COPY",
        objects,
        write,
        {"duckdb COPY": copy} if field.present else {},
        least=5.0,
        rounds=3,
        field=field,
    )
