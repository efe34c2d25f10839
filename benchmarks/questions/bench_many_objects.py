"""16 gzip objects to a typed table on all cores: against the best of those who read text.

Each rival has its types given and makes what it makes for its own users; see `rivals`.
"""

from __future__ import annotations

import flowparse
import rivals
from corpus import DEFAULT, Corpora
from race import Race


def bench_many_objects(race: Race, corpora: Corpora) -> None:
    objects = corpora.objects()
    field = rivals.gather(
        "polars_csv", "polars_streaming", "pyarrow_csv", "duckdb_csv", "chdb_text"
    )
    field.check(objects.paths, DEFAULT, flowparse.read_table(objects.folder))
    race.question(
        "16 objects on all cores, against the best reader of text",
        objects,
        lambda: flowparse.read_table(objects.folder),
        field.readers(objects.paths, DEFAULT, None),
        least=3.0,
        rounds=5,
        field=field,
    )
