"""Stages gather and all before it: what Python adds to the core, and inflation to that."""

from __future__ import annotations

import pytest

import flowparse
from corpus import CUSTOM, DEFAULT, Corpora
from floor import inflate
from flowparse import LogFormat
from layouts import CoreRun, converting, pieces_of
from race import Race

FORMATS = pytest.mark.parametrize("log_format", [DEFAULT, CUSTOM], ids=["14-fields", "29-fields"])


@FORMATS
def bench_read_text(race: Race, corpora: Corpora, kernel: str, log_format: LogFormat) -> None:
    log = corpora.log(log_format)
    core = CoreRun(pieces_of(log.text.read_bytes()), converting(log_format))
    assert core() == flowparse.read_table(log.text).num_rows
    race.stage(
        f"open + gather, text of {len(log_format)} fields",
        kernel,
        log,
        lambda: flowparse.read_table(log.text, threads=1),
        {"core": core},
        rounds=5,
    )


@FORMATS
def bench_read_gzip(race: Race, corpora: Corpora, kernel: str, log_format: LogFormat) -> None:
    log = corpora.log(log_format)
    assert flowparse.read_table(log.gzip).num_rows == log.records
    race.stage(
        f"all but inflate, gzip of {len(log_format)} fields",
        kernel,
        log,
        lambda: flowparse.read_table(log.gzip, threads=1),
        {"bare ISA-L": lambda: inflate(log.gzip)},
        rounds=5,
    )
