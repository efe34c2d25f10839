"""What the benchmarks share: the corpora, the race, and the report at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corpus import Corpora
from flowparse import _core
from race import Race
from report import REPORT, Report

_STAGES = [
    f"bench_{stage}"
    for stage in ("inflate", "scan", "convert", "filter", "export", "read", "parquet")
]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("flowparse benchmarks")
    group.addoption("--records-scale", type=float, default=1.0, help="times every corpus's size")
    group.addoption("--rounds", type=int, help="of every race, in place of its own number")
    group.addoption("--strict-ratios", action="store_true", help="a missed bound is a failure")
    kept = Path(tempfile.gettempdir()) / "flowparse-bench"
    group.addoption("--corpus-folder", type=Path, default=kept, help=f"(default: {kept})")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = Report()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stages in the order of the way of the data; questions before them, as they come."""
    items.sort(key=lambda item: _STAGES.index(item.path.stem) if item.path.stem in _STAGES else -1)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    report = config.stash[REPORT]
    if not (report.shares or report.stages or report.unanswered):
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


@pytest.fixture
def race(benchmark: Any, request: pytest.FixtureRequest) -> Race:
    """The race of one benchmark."""
    return Race(benchmark, request.config)
