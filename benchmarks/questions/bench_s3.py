"""1,000 small objects in S3, each 50 ms away: how long does reading them take?

The ideal is that of connections that only wait: the latency times the objects, by the number of
connections that flowparse has. Beside it: polars and pyarrow.dataset over the same server, and
bare GETs, those of 64 threads of boto3 that know the keys and drop the bytes.
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
from flowparse.access import CONNECTIONS
from race import Race
from served import LATENCY_MS, THREADS, Served, serve_bucket

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
    ways = {
        name: partial(module.read, [served.url], DEFAULT, None)
        for name, module in field.present.items()
    }
    readers = [
        Contestant(name, read, objects.records, objects.text_bytes) for name, read in ways.items()
    ]
    bare = Contestant("bare GETs", served.get_all, objects.records, objects.text_bytes)
    ours = Contestant(
        "flowparse",
        partial(flowparse.read_table, served.url),
        objects.records,
        objects.text_bytes,
    )
    rounds = race.config.option.rounds or ROUNDS
    run_rounds(race.benchmark, ours, [bare, *readers], rounds)
    race.report.corpora[objects.about] = None
    race.report.versions |= field.versions
    lines = [str(ours), *map(str, [bare, *readers]), *(f"absent: {name}" for name in field.absent)]
    what = f"{len(objects.paths)} objects over S3, {LATENCY_MS} ms each"
    ideal = LATENCY_MS / 1000 * len(objects.paths) / CONNECTIONS
    lines.append(f"the ideal of {CONNECTIONS} connections: {ideal:.2f} s")
    lines.append(
        f"best of all rounds: flowparse {ours.best:.2f} s, {THREADS} threads of bare GETs "
        f"{bare.best:.2f} s"
    )
    race.answer(f"{what}: flowparse over the ideal", ours.best / ideal, 1.3, True, lines)
    for reader in readers:
        race.answer(f"{what}: {reader.name} over flowparse", reader.ns / ours.ns, None, False, [])
