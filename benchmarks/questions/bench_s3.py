"""1,000 small objects in S3, each 50 ms away: how long do readers take, beside bare GETs?

Bare GETs are those of 64 threads of boto3 that know the keys and drop the bytes: what a program
takes that fetches with boto3, before it has read a record. 64 connections that only waited would
take 0.8 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import flowparse
import rivals
from contestant import Contestant, run_rounds
from corpus import DEFAULT, Corpora
from race import Race
from served import Served, serve_bucket

ROUNDS = 3


@pytest.fixture
def served(
    race: Race, corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """The bucket."""
    with serve_bucket(corpora, tmp_path / "server.log", monkeypatch) as bucket:
        yield bucket


def bench_s3(race: Race, served: Served) -> None:
    objects = served.objects
    field = rivals.gather("polars_s3", "pyarrow_s3")
    field.check([served.url], DEFAULT, flowparse.read_table(served.folder))
    # HERE: ours = partial(flowparse.read_table, served.url), against the bare GETs and these
    # rivals, by race.question, as soon as s3:// is a source.
    ways = {
        name: partial(module.read, [served.url], DEFAULT, None)
        for name, module in field.present.items()
    }
    readers = [
        Contestant(name, read, objects.records, objects.text_bytes) for name, read in ways.items()
    ]
    bare = Contestant("bare GETs", served.get_all, objects.records, objects.text_bytes)
    run_rounds(race.benchmark, bare, readers, race.config.option.rounds or ROUNDS)
    race.report.corpora[objects.about] = None
    race.report.versions |= field.versions
    lines = [str(bare), *map(str, readers), *(f"absent: {name}" for name in field.absent)]
    for reader in readers:
        question = f"{len(objects.paths)} objects over S3, 50 ms each: {reader.name} over bare GETs"
        race.answer(question, reader.ns / bare.ns, None, False, lines)
        lines = []
