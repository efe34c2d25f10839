"""The first ten records of an object as large as AWS makes them: against reading it all.

They are taken as `flowparse head` takes them: a reader on one thread, closed after one batch.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

import flowparse
from corpus import Corpora
from race import Race


def head(path: Path) -> pa.RecordBatch:
    """Ten records."""
    with flowparse.open_reader(path, threads=1) as reader:
        return next(reader).slice(0, 10)


def bench_head(race: Race, corpora: Corpora) -> None:
    log = corpora.large()
    table = flowparse.read_table(log.gzip)
    assert head(log.gzip).to_pylist() == table.slice(0, 10).to_pylist()
    del table
    race.question(
        f"the first 10 records of a {log.gzip_megabytes} MB object, against reading it all",
        log,
        lambda: head(log.gzip),
        {"read_table": lambda: flowparse.read_table(log.gzip)},
        least=100,
        rounds=5,
    )
