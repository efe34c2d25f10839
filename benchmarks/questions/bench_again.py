"""The same question asked again: two columns of one gzip object, against Parquet made of it.

A case that flowparse loses, and should: whoever asks the same logs more than once is better off
with Parquet, where columns that nobody asks for are not even read. `to_parquet` makes it.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

import flowparse
from corpus import DEFAULT, Corpora
from race import Race

COLUMNS = ["srcaddr", "bytes"]


def bench_again(race: Race, corpora: Corpora, tmp_path: Path) -> None:
    log = corpora.log(DEFAULT)
    converted = tmp_path / "a.parquet"
    flowparse.to_parquet(log.gzip, converted)
    text = flowparse.read_table(log.gzip, columns=COLUMNS).replace_schema_metadata(None)
    parquet = pq.read_table(converted, columns=COLUMNS).replace_schema_metadata(None)
    assert text.equals(parquet)
    race.question(
        "two columns of an object asked for again, against Parquet made of it",
        log,
        lambda: flowparse.read_table(log.gzip, columns=COLUMNS, threads=1),
        {"pyarrow.parquet": lambda: pq.read_table(converted, columns=COLUMNS, use_threads=False)},
    )
