"""16 objects on two threads against one: how much of the second core is put to use?"""

from __future__ import annotations

import pytest

import flowparse
from corpus import Corpora
from race import Race
from report import cores


def bench_threads(race: Race, corpora: Corpora) -> None:
    if cores() < 2:
        pytest.skip("one core")
    objects = corpora.objects()
    one = flowparse.read_table(objects.folder, threads=1)
    assert one.num_rows == objects.records
    assert one["bytes"].equals(flowparse.read_table(objects.folder, threads=2)["bytes"])
    del one
    race.question(
        "16 objects on two threads, against one",
        objects,
        lambda: flowparse.read_table(objects.folder, threads=2),
        {"one thread": lambda: flowparse.read_table(objects.folder, threads=1)},
        least=1.8,
        rounds=5,
    )
