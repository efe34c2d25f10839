"""Records a second from one gzip object: against flowlogs-reader, which gives Python objects.

The rival reads fewer records, for it takes far longer over each; the ratio is of the times a
record.
"""

from __future__ import annotations

import pytest

import flowparse
import rivals
from contestant import Contestant
from corpus import DEFAULT, Corpora
from race import Race

RIVAL_RECORDS = 50_000


@pytest.mark.filterwarnings("ignore::DeprecationWarning:flowlogs_reader")
def bench_flowlogs_reader(race: Race, corpora: Corpora) -> None:
    log = corpora.log(DEFAULT)
    short = corpora.log(DEFAULT, RIVAL_RECORDS)
    field = rivals.gather("flowlogs_reader")
    field.check([short.gzip], DEFAULT, flowparse.read_table(short.gzip))
    contestants = [
        Contestant(name, run, short.records, short.text_bytes)
        for name, run in field.readers([short.gzip], DEFAULT, 1).items()
    ]
    race.question(
        "records a second, against flowlogs-reader",
        log,
        lambda: flowparse.read_table(log.gzip),
        contestants,
        least=100,
        rounds=3,
        field=field,
    )
