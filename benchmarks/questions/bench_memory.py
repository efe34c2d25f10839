"""Peak memory of a stream over many objects, above what importing takes.

16 objects and 160 are read by a process of their own each, so that no peak hides another. A
bounded reader shows the same peak for both. The 160 are ten names for each of the 16.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from corpus import Corpora, Objects
    from race import Race

MOST_MIB = 200
#: Peaks of two runs of the same work differ by as much, for threads meet differently.
MOST_GROWTH = 1.25
RUNS = 3


def peak_mib() -> float:
    """Largest resident size of this process so far. Linux tells that of the program alone;
    elsewhere what the parent had before it started the program may count, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def stream(folder: str) -> None:
    """In a process of its own: read to the end, holding one batch at a time."""
    import flowparse

    flowparse.read_table(b"2 - - - - - - - - - - - - OK\n")
    before = peak_mib()
    with flowparse.open_reader(folder) as reader:
        rows = sum(batch.num_rows for batch in reader)
    print(rows, peak_mib() - before)


def peak_of(objects: Objects) -> float:
    """MiB above import."""
    command = [sys.executable, "-W", "error", __file__, str(objects.folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    rows, mib = done.stdout.split()
    assert int(rows) == objects.records
    return float(mib)


@pytest.fixture
def streamed(race: Race) -> Callable[[Objects], float]:
    """The least of a few peaks; the time of a run goes to the statistics."""

    def run(objects: Objects) -> float:
        peaks: list[float] = []
        race.report.corpora[objects.about] = None
        race.benchmark.pedantic(lambda: peaks.append(peak_of(objects)), rounds=RUNS)
        race.benchmark.extra_info["peaks_mib"] = peaks
        return min(peaks)

    return run


def bench_memory(race: Race, corpora: Corpora, streamed: Callable[[Objects], float]) -> None:
    """Both answers come of one race, since one is a ratio of the two."""
    few, many = corpora.objects(), corpora.many_objects()
    of_few = min(peak_of(few) for _ in range(RUNS))
    of_many = streamed(many)
    lines = [f"{len(few.paths)} objects {of_few:.1f} MiB, {len(many.paths)} {of_many:.1f} MiB"]
    race.answer("peak MiB above import, streaming 160 objects", of_many, MOST_MIB, True, lines)
    growth = of_many / of_few
    race.answer("the same, as a ratio to 16 objects", growth, MOST_GROWTH, True, [])


if __name__ == "__main__":
    stream(sys.argv[1])
