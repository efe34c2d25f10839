"""One object as large as AWS makes them, on two cores: how near is it to bare inflation on one?

A gzip member cannot be inflated from its middle, so inflation on one core is the floor; what
comes after it may run on the other.
"""

from __future__ import annotations

import pytest

import flowparse
from corpus import Corpora
from floor import inflate
from race import Race
from report import cores


def bench_two_cores(race: Race, corpora: Corpora) -> None:
    if cores() < 2:
        pytest.skip("one core")
    log = corpora.large()
    assert inflate(log.gzip) == log.text_bytes
    assert flowparse.read_table(log.gzip, threads=2).num_rows == log.records
    race.question(
        f"one {log.gzip_megabytes} MB object on two cores, as a share of bare inflation on one",
        log,
        lambda: flowparse.read_table(log.gzip, threads=2),
        {"bare ISA-L": lambda: inflate(log.gzip)},
        least=0.90,
        rounds=5,
    )
