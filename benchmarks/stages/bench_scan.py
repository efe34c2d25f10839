"""Stages cut, scan and judge: from text to rows, before a value is looked at."""

from __future__ import annotations

import pytest

from corpus import CUSTOM, DEFAULT, Corpora
from flowparse import LogFormat
from layouts import CoreRun, pieces_of, scan_only
from race import Race


@pytest.mark.parametrize("log_format", [DEFAULT, CUSTOM], ids=["14-fields", "29-fields"])
def bench_scan(race: Race, corpora: Corpora, kernel: str, log_format: LogFormat) -> None:
    log = corpora.stage_log(log_format)
    text = log.text.read_bytes()
    scan = CoreRun(pieces_of(text), scan_only(log_format))
    assert scan() == log.records
    race.stage(
        f"cut + scan + judge, {len(log_format)} fields",
        kernel,
        log,
        scan,
        {"counting newlines": lambda: text.count(b"\n")},
        beside=True,
    )
