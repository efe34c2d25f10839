"""Plain text to a typed table on one thread: against pyarrow.csv on one thread."""

from __future__ import annotations

import flowparse
import rivals
from corpus import DEFAULT, Corpora
from race import Race


def bench_plain_text(race: Race, corpora: Corpora) -> None:
    log = corpora.log(DEFAULT)
    field = rivals.gather("pyarrow_csv")
    field.check([log.text], DEFAULT, flowparse.read_table(log.text))
    race.question(
        "plain text on one thread, against pyarrow.csv",
        log,
        lambda: flowparse.read_table(log.text, threads=1),
        field.readers([log.text], DEFAULT, 1),
        least=4.5,
        rounds=7,
        field=field,
    )
