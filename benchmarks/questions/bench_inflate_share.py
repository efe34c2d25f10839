"""One gzip object to a typed table on one thread: what share of bare inflation's speed is left?

The floor is ISA-L alone over the same file in the same process, in outputs of 256 KiB that are
dropped: nobody who reads the text can be faster.
"""

from __future__ import annotations

from typing import Any

import pytest

import flowparse
from corpus import CUSTOM, DEFAULT, Corpora
from floor import inflate
from flowparse import LogFormat
from race import Race

REJECTS: dict[str, Any] = {
    "columns": ["start", "srcaddr", "dstaddr", "dstport"],
    "filters": [("action", "=", "REJECT")],
}
CASES = {
    "default format": (DEFAULT, {}, 0.65),
    "29 fields": (CUSTOM, {}, 0.60),
    "4 columns where action = REJECT": (DEFAULT, REJECTS, 0.75),
}


@pytest.mark.parametrize("case", CASES)
def bench_inflate_share(race: Race, corpora: Corpora, case: str) -> None:
    log_format: LogFormat
    log_format, options, least = CASES[case]
    log = corpora.log(log_format)
    assert inflate(log.gzip) == log.text_bytes
    assert flowparse.read_table(log.gzip).num_rows == log.records
    race.question(
        f"{case}: one object on one thread, as a share of bare inflation",
        log,
        lambda: flowparse.read_table(log.gzip, threads=1, **options),
        {"bare ISA-L": lambda: inflate(log.gzip)},
        least=least,
        rounds=9,
    )
