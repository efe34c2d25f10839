"""A report on many objects: its time over that of reading them, its peak memory, its size.

Reading takes the columns that a report without detectors needs, and drops the batches. Each run is
a process of its own, so that no peak hides another, and what starting and importing take is told
apart. The objects have made-up peers that seldom come twice: hard on tables of pairs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from questions.bench_memory import peak_mib

if TYPE_CHECKING:
    from corpus import Corpora
    from race import Race

MOST_TIMES = 6.0
MOST_BYTES = 1_000_000
RUNS = 3
COLUMNS = "srcaddr dstaddr dstport protocol packets bytes start end action log_status".split()


def run(folder: str, what: str) -> None:
    """In a process of its own."""
    import flowparse
    from flowparse.report import write_report

    with tempfile.TemporaryDirectory() as place:
        page = Path(place, "report.html")
        write_report(b"srcaddr\n192.0.2.1\n", Path(place, "warm.html"))  # libraries are loaded
        began, before = time.process_time(), peak_mib()
        n_bytes = 0
        if what == "read":
            with flowparse.open_reader(folder, columns=COLUMNS) as reader:
                rows = sum(batch.num_rows for batch in reader)
        else:
            made = write_report(folder, page, detectors=() if what == "plain" else None)
            rows, n_bytes = made.records, made.bytes
        seconds = time.process_time() - began
        print(json.dumps([rows, seconds, peak_mib() - before, n_bytes]))


def best_of(folder: Path, what: str, records: int) -> tuple[float, float, int]:
    """CPU seconds, MiB above import, bytes of the page: the least of a few runs."""
    found = []
    for _ in range(RUNS):
        command = [sys.executable, __file__, str(folder), what]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        rows, *measured = json.loads(done.stdout)
        assert rows == records
        found.append(measured)
    seconds, mib, n_bytes = (min(column) for column in zip(*found, strict=True))
    return seconds, mib, int(n_bytes)


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


@pytest.mark.parametrize("what", ["plain", "detecting"])
def bench_report(race: Race, corpora: Corpora, what: str) -> None:
    """Answers of one race, since the first is a ratio of two runs."""
    pytest.importorskip("vl_convert", reason="pip install 'flowparse[report]'")
    pytest.importorskip("jinja2", reason="pip install 'flowparse[report]'")
    objects = corpora.objects()
    race.report.corpora[objects.about] = None
    read, _, _ = best_of(objects.folder, "read", objects.records)
    found: list[tuple[float, float, int]] = []
    measure: Callable[[], None] = lambda: found.append(  # noqa: E731
        best_of(objects.folder, what, objects.records)
    )
    race.benchmark.pedantic(measure, rounds=1)
    seconds, mib, n_bytes = found[0]
    name = f"report, {what}"
    lines = [
        f"CPU: reading {read:.2f} s, report {seconds:.2f} s",
        f"peak {mib:.0f} MiB above import; page of {n_bytes:,} bytes",
    ]
    most = MOST_TIMES if what == "plain" else None
    race.answer(f"{name}: CPU time over reading's", seconds / read, most, True, lines)
    race.answer(f"{name}: bytes of the page", n_bytes, MOST_BYTES, True, [])


if __name__ == "__main__":
    run(*sys.argv[1:])
