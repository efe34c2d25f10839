"""One benchmark's race: who ran against whom, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contestant import Contestant, run_rounds
from corpus import Corpus, Objects
from report import REPORT, Share, Stage
from rivals import Field

__all__ = ["Race"]


class Race:
    """Lets contestants run in turn and notes who won.

    `question` notes the best rival's time over ours, a record: 1 is a tie, more is better.
    `stage` notes what ours takes on top of a base.
    """

    def __init__(self, benchmark: Any, config: pytest.Config) -> None:
        self.benchmark = benchmark
        self.config = config
        self.report = config.stash[REPORT]

    def question(
        self,
        question: str,
        data: Corpus | Objects,
        ours: Callable[[], object],
        rivals: dict[str, Callable[[], object]] | list[Contestant],
        *,
        least: float | None = None,
        rounds: int = 5,
        field: Field | None = None,
    ) -> None:
        """Race for an answer.

        `field` tells the versions of the rivals and who is absent. With nobody to race
        against there is no answer, and the benchmark is skipped.
        """
        absent = list(field.absent) if field else []
        if not rivals:
            self.report.unanswered.append(f"{question}: absent: {', '.join(absent)}")
            pytest.skip(self.report.unanswered[-1])
        contestants = _contestants(rivals, data)
        us = self._run(ours, contestants, data, rounds)
        ratio = min(rival.ns for rival in contestants) / us.ns
        lines = [str(us), *map(str, contestants), *(f"absent: {name}" for name in absent)]
        self.report.versions |= field.versions if field else {}
        self.answer(question, ratio, least, False, lines)

    def stage(
        self,
        name: str,
        kernel: str,
        data: Corpus,
        ours: Callable[[], object],
        base: dict[str, Callable[[], object]],
        *,
        records: int | None = None,
        text_bytes: int | None = None,
        beside: bool = False,
        rounds: int = 15,
    ) -> None:
        """Race for the cost of a stage. `beside`: the base is another's way, not a part."""
        contestants = _contestants(base, data, records, text_bytes)
        us = self._run(ours, contestants, data, rounds, records, text_bytes)
        if beside:
            rows = [Stage(name, kernel, us, None)]
            for rival in contestants:
                times = f"{rival.cpu_ns / us.cpu_ns:.2f} times that"
                rows.append(Stage(f"  beside it: {rival.name}", "", rival, None, times))
        else:
            rows = [Stage(name, kernel, us, contestants[0])]
        self.report.stages.extend(rows)
        self.benchmark.extra_info |= {"stage": name, "kernel": kernel, "cpu_ns_a_record": us.cpu_ns}

    def answer(
        self, question: str, value: float, bound: float | None, is_most: bool, lines: list[str]
    ) -> None:
        """Note an answer that was found another way."""
        judged = self.config.option.records_scale >= 1
        share = Share(question, value, bound, is_most, judged, tuple(lines))
        self.report.shares.append(share)
        told = {"question": question, "ratio": value, "bound": bound, "lines": lines}
        self.benchmark.extra_info.setdefault("answers", []).append(told)
        if share.falls_short and self.config.option.strict_ratios:
            pytest.fail(f"{question}: {value:.2f} misses {bound:g}", pytrace=False)

    def _run(
        self,
        run: Callable[[], object],
        rivals: list[Contestant],
        data: Corpus | Objects,
        rounds: int,
        records: int | None = None,
        text_bytes: int | None = None,
    ) -> Contestant:
        self.report.corpora[data.about] = None
        us = Contestant("flowparse", run, records or data.records, text_bytes or data.text_bytes)
        rounds = self.config.option.rounds or rounds
        times = run_rounds(self.benchmark, us, rivals, rounds)
        self.benchmark.extra_info |= {"best_seconds": {us.name: us.best} | times}
        return us


def _contestants(
    rivals: dict[str, Callable[[], object]] | list[Contestant],
    data: Corpus | Objects,
    records: int | None = None,
    text_bytes: int | None = None,
) -> list[Contestant]:
    if isinstance(rivals, list):
        return rivals
    n, size = records or data.records, text_bytes or data.text_bytes
    return [Contestant(name, run, n, size) for name, run in rivals.items()]
