"""Interleaved timing: every contestant once a round, the best round of each counts."""

from __future__ import annotations

import time
from collections.abc import Callable


def best_seconds(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each contestant's best round."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def print_ratios(best: dict[str, float], ours: str, text_bytes: int, records: int) -> None:
    """A line for each contestant: seconds, text a second, time a record, times ours."""
    for name, seconds in sorted(best.items(), key=lambda item: item[1]):
        print(
            f"  {name:<34} {seconds:7.3f} s  {text_bytes / seconds / 1e9:5.2f} GB/s of text  "
            f"{seconds / records * 1e9:6.0f} ns a record  x{seconds / best[ours]:.2f}"
        )
