"""All detectors over 16 gzip objects in one pass, against reading the same objects.

Reading drops its batches, which have all columns of the default format. The pass reads fewer
columns, drops what was delivered twice, groups, and runs every detector. Its peak memory is
measured in a process of its own, above what importing takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from time import process_time_ns
from typing import TYPE_CHECKING

import flowparse

if TYPE_CHECKING:
    from corpus import Corpora, Objects
    from race import Race

LEAST = 0.5
RUNS = 3


def read(folder: object) -> int:
    with flowparse.open_reader(folder) as reader:
        return sum(batch.num_rows for batch in reader)


def bench_detect(race: Race, corpora: Corpora) -> None:
    from flowparse import detect

    objects = corpora.objects()
    assert read(objects.folder) == objects.records
    race.question(
        "all detectors over 16 objects in one pass, against reading them",
        objects,
        lambda: detect.run(objects.folder),
        {"reading, batches dropped": lambda: read(objects.folder)},
        least=LEAST,
        rounds=5,
    )
    race.answer(
        "the same, duplicates kept and no detector, in CPU time a record",
        cpu_ns(lambda: detect.facts_of(objects.folder, duplicates="keep")) / objects.records,
        None,
        True,
        [f"all detectors: {cpu_ns(lambda: detect.run(objects.folder)) / objects.records:.0f} ns"],
    )
    once, keep = (min(peak_of(objects, how) for _ in range(RUNS)) for how in ("once", "keep"))
    lines = [f"duplicates kept: {keep:.0f} MiB"]
    race.answer("peak MiB of detection above import", once, None, True, lines)


def cpu_ns(run: Callable[[], object]) -> float:
    """The least of a few runs."""
    times = []
    for _ in range(RUNS):
        before = process_time_ns()
        run()
        times.append(process_time_ns() - before)
    return min(times)


def peak_of(objects: Objects, how: str) -> float:
    """MiB above import."""
    command = [sys.executable, "-W", "error", __file__, str(objects.folder), how]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return float(done.stdout)


def detect_alone(folder: str, duplicates: str) -> None:
    """In a process of its own."""
    from bench_memory import peak_mib

    from flowparse import detect

    detect.run(b"2 - - - - - - - - - - - - OK\n")
    before = peak_mib()
    detect.run(folder, duplicates=duplicates)  # type: ignore[arg-type]
    print(peak_mib() - before)


if __name__ == "__main__":
    detect_alone(*sys.argv[1:])
