"""10,000 gzip objects of 20 records on all cores: what an object costs beside its records."""

from __future__ import annotations

import flowparse
import rivals
from corpus import DEFAULT, Corpora
from race import Race


def bench_small_objects(race: Race, corpora: Corpora) -> None:
    objects = corpora.small_objects()
    field = rivals.gather("polars_csv", "polars_streaming", "duckdb_csv")
    field.check(objects.paths, DEFAULT, flowparse.read_table(objects.folder))
    race.question(
        f"{len(objects.paths)} objects of 20 records on all cores, against polars and DuckDB",
        objects,
        lambda: flowparse.read_table(objects.folder),
        field.readers(objects.paths, DEFAULT, None),
        least=2.5,
        rounds=3,
        field=field,
    )
