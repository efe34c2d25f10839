"""Stage files: a table to zstd Parquet, beside pyarrow's writer alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

import flowparse
from corpus import DEFAULT, Corpora
from race import Race


def bench_parquet(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    log = corpora.log(DEFAULT)
    table = flowparse.read_table(log.gzip)
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"

    def write_ours() -> None:
        flowparse.to_parquet(table, ours, mode="overwrite")

    def write_theirs() -> None:
        pq.write_table(table, theirs, compression="zstd", row_group_size=1_048_576)

    write_ours()
    write_theirs()
    assert pq.read_table(ours)["bytes"].equals(pq.read_table(theirs)["bytes"])
    race.stage(
        "encode a table as Parquet",
        "",
        log,
        write_ours,
        {"pyarrow.parquet.write_table": write_theirs},
        beside=True,
        rounds=3,
    )
