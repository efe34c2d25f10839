"""What a session of benchmarks says at its end: the machine, the ratios, the stages."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import flowparse
from contestant import Contestant

__all__ = ["REPORT", "Report", "Share", "Stage", "cores", "machine_lines"]

_PACKAGES = ("flowparse", "pyarrow", "isal", "pytest-benchmark")


@dataclass(frozen=True)
class Share:
    """The answer to a question: a ratio or a size, and what it must reach."""

    question: str
    value: float
    bound: float | None
    is_most: bool  # the bound is the most it may be, else the least
    judged: bool  # bounds are those of corpora at their own size
    lines: tuple[str, ...]  # who ran, and who is absent

    @property
    def falls_short(self) -> bool:
        """It misses its bound."""
        if self.bound is None or not self.judged:
            return False
        return self.value > self.bound if self.is_most else self.value < self.bound


@dataclass(frozen=True)
class Stage:
    """What a stage costs in CPU time, on top of those before it."""

    name: str
    kernel: str
    ours: Contestant
    base: Contestant | None  # what it is on top of
    note: str = ""

    def line(self) -> str:
        """As the table shows it."""
        ns, rest = self.ours.cpu_ns, self.note
        if self.base:
            rest = f"{ns:.1f} - {self.base.cpu_ns:.1f} {self.base.name}"
            ns -= self.base.cpu_ns
        # A stage that the noise hides has no speed.
        speed = self.ours.text_bytes / self.ours.records / ns if ns > 0 else float("nan")
        return f"{ns:9.1f}  {speed:8.2f}  {self.kernel:<7} {self.name:<44} {rest}".rstrip()


@dataclass
class Report:
    """Everything that the benchmarks of one session found."""

    shares: list[Share] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    corpora: dict[str, None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def short(self) -> list[Share]:
        """The answers that miss their bounds."""
        return [share for share in self.shares if share.falls_short]

    def lines(self) -> Iterator[str]:
        """The text of the summary."""
        yield from machine_lines(self.versions)
        yield from (f"data: {about}" for about in self.corpora)
        if self.shares:
            yield ""
            yield f"{'ratio':>9}  {'bound':>9}"
            if not all(share.judged for share in self.shares):
                yield "  scaled corpora: the bounds are of whole ones, and nothing is judged"
        for share in self.shares:
            yield _ratio_line(share)
            yield from (f"{'':>29}{line}" for line in share.lines)
        yield from (f"not answered: {question}" for question in self.unanswered)
        if self.stages:
            yield ""
            yield f"{'ns/record':>9}  {'GB/s':>8}  kernel  stage"
        yield from (stage.line() for stage in self.stages)


#: Where a session keeps its report.
REPORT = pytest.StashKey[Report]()


def _ratio_line(share: Share) -> str:
    sign = "<=" if share.is_most else ">="
    bound = "" if share.bound is None else f"{sign} {share.bound:g}"
    verdict = "MISSED" if share.falls_short else "ok" if share.bound and share.judged else ""
    return f"{share.value:9.2f}  {bound:>9}  {verdict:<6} {share.question}"


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_lines(versions: dict[str, str]) -> Iterator[str]:
    """CPU, cores, system, kernel in use, and the versions of all who ran."""
    yield f"{_cpu_model()}, {cores()} cores, {platform.system()} {platform.release()}, {_load()}"
    known = {name: importlib.metadata.version(name) for name in _PACKAGES} | versions
    known["Python"] = platform.python_version()
    yield f"kernel {flowparse.kernel()}; " + ", ".join(f"{n} {v}" for n, v in known.items())


def _load() -> str:
    """Above the number of contestants' threads: others were at work."""
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} (1 min) {five:.1f} (5 min)"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
