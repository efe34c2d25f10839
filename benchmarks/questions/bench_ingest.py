"""10,000 small objects, object by object exactly once: what that costs, and what it saves.

The rival is `to_parquet` of the same objects, which remembers nothing: a run that has all to do
against it, and then a run that has nothing to do.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import flowparse
from corpus import Corpora
from race import Race


def bench_first_run(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    objects = corpora.small_objects()
    numbers = count()

    def ingest() -> None:
        result = flowparse.ingest(objects.folder, tmp_path / f"flows-{next(numbers)}")
        assert result.objects == len(objects.paths)

    def write() -> None:
        flowparse.to_parquet(objects.folder, tmp_path / "all.parquet", mode="overwrite")

    race.question(
        f"{len(objects.paths)} small objects ingested, against writing them",
        objects,
        ingest,
        {"to_parquet": write},
        least=0.4,
        rounds=3,
    )


def bench_next_run(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    objects = corpora.small_objects()
    flowparse.ingest(objects.folder, tmp_path / "flows")

    def ingest() -> None:
        assert flowparse.ingest(objects.folder, tmp_path / "flows").known == len(objects.paths)

    def write() -> None:
        flowparse.to_parquet(objects.folder, tmp_path / "all.parquet", mode="overwrite")

    race.question(
        f"{len(objects.paths)} small objects found to be known, against writing them",
        objects,
        ingest,
        {"to_parquet": write},
        least=2.0,
        rounds=3,
    )
