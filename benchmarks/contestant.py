"""Interleaved timing: every contestant once a round, the best round of each counts."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Contestant", "run_rounds"]


@dataclass
class Contestant:
    """One way to do the work.

    Attributes
    ----------
    run : callable
        Does it once. What it returns is dropped after the clock has stopped.
    records : int
        Of one run.
    text_bytes : int
        Of one run.
    seconds, cpu_seconds : list of float
        Of each round, by the clock and of all threads. Where several threads share the cores
        with other work, the clock tells of that work, too.
    """

    name: str
    run: Callable[[], object]
    records: int
    text_bytes: int
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Seconds of the best round."""
        return min(self.seconds)

    @property
    def cpu_ns(self) -> float:
        """Nanoseconds of CPU time a record, in the round that took least."""
        return min(self.cpu_seconds) / self.records * 1e9

    @property
    def ns(self) -> float:
        """Nanoseconds a record, in the best round."""
        return self.best / self.records * 1e9

    @property
    def gigabytes(self) -> float:
        """GB of text a second, in the best round."""
        return self.text_bytes / self.best / 1e9

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.best:.4g} s (CPU {min(self.cpu_seconds):.4g} s), "
            f"{self.ns:.4g} ns a record, {self.gigabytes:.3g} GB/s"
        )


def run_rounds(
    benchmark: Any, ours: Contestant, rivals: list[Contestant], rounds: int
) -> dict[str, float]:
    """Let them run in turn. pytest-benchmark's statistics are of `ours`; the rivals run in the
    setup of each of its rounds, and their times are returned by name.
    """
    held: list[object] = []

    def run_rivals() -> None:
        held.clear()
        for rival in rivals:
            _run_once(rival, held)
            held.clear()

    # A collection that falls into a run looks only at what that run has made.
    gc.collect()
    gc.freeze()
    benchmark.pedantic(lambda: _run_once(ours, held), setup=run_rivals, rounds=rounds)
    gc.unfreeze()
    return {rival.name: rival.best for rival in rivals}


def _run_once(contestant: Contestant, held: list[object]) -> None:
    began, cpu_began = time.perf_counter(), time.process_time()
    result = contestant.run()
    contestant.seconds.append(time.perf_counter() - began)
    contestant.cpu_seconds.append(time.process_time() - cpu_began)
    held.append(result)
