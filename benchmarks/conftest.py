"""What the benchmarks share: the corpora, the race, and the report at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from corpus import Corpora, Corpus, Objects
from flowparse import _core
from race import Contestant, run_rounds
from report import Report, Share, Stage
from rivals import Field

_STAGES = [
    f"bench_{stage}"
    for stage in ("inflate", "scan", "convert", "filter", "export", "read", "parquet")
]
_REPORT = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("flowparse benchmarks")
    group.addoption("--records-scale", type=float, default=1.0, help="times every corpus's size")
    group.addoption("--rounds", type=int, help="of every race, in place of its own number")
    group.addoption("--strict-ratios", action="store_true", help="a missed bound is a failure")
    kept = Path(tempfile.gettempdir()) / "flowparse-bench"
    group.addoption("--corpus-folder", type=Path, default=kept, help=f"(default: {kept})")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORT] = Report()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stages in the order of the way of the data; questions before them, as they come."""
    items.sort(key=lambda item: _STAGES.index(item.path.stem) if item.path.stem in _STAGES else -1)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    report = config.stash[_REPORT]
    if not report.shares and not report.stages:
        return
    terminalreporter.section("flowparse benchmarks")
    for line in report.lines():
        terminalreporter.line(line, red=" MISSED " in line)
    if report.short:
        names = "; ".join(share.question for share in report.short)
        terminalreporter.line(f"MISSED {len(report.short)}: {names}", red=True, bold=True)


@pytest.fixture(scope="session")
def corpora(request: pytest.FixtureRequest) -> Corpora:
    """What is read, at the session's scale."""
    options = request.config.option
    return Corpora(options.corpus_folder, options.records_scale)


@pytest.fixture(params=_core.kernel_names())
def kernel(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each kernel of this CPU in turn, in use."""
    before = _core.set_kernel(request.param)
    yield request.param
    _core.set_kernel(before)


class Race:
    """Lets contestants run in turn and notes who won.

    `question` notes the best rival's time over ours, a record: 1 is a tie, more is better.
    `stage` notes what ours takes on top of a base.
    """

    def __init__(self, benchmark: Any, config: pytest.Config) -> None:
        self.benchmark = benchmark
        self.config = config
        self.report = config.stash[_REPORT]

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
            pytest.skip(f"no rival for: {question}: {'; '.join(absent)}")
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


@pytest.fixture
def race(benchmark: Any, request: pytest.FixtureRequest) -> Race:
    """The race of one benchmark."""
    return Race(benchmark, request.config)
