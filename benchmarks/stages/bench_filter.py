"""Stage filter: rows chosen by a predicate before a column is built."""

from __future__ import annotations

import pytest

from corpus import DEFAULT, Corpora
from layouts import CoreRun, check_only, converting, pieces_of
from race import Race

FILTERS = {
    "text": ("action", "=", "REJECT"),
    "number": ("dstport", "=", 22),
    "numbers": ("dstport", "in", [22, 80, 443, 3389]),
    "time": ("start", ">=", "2026-01-01T00:30:00Z"),
    "network": ("srcaddr", "in network", ["10.0.0.0/8", "2001:db8::/32"]),
}


@pytest.mark.parametrize("name", FILTERS)
def bench_filter(race: Race, corpora: Corpora, kernel: str, name: str) -> None:
    log = corpora.stage_log(DEFAULT)
    pieces = pieces_of(log.text.read_bytes())
    check = CoreRun(pieces, check_only(DEFAULT))
    choose = CoreRun(pieces, converting(DEFAULT, columns=[], filters=[FILTERS[name]]))
    assert check() == choose() == log.records
    column, op, _ = FILTERS[name]
    race.stage(f"filter {column} {op} ({name})", kernel, log, choose, {"check": check})
