"""Instructions a record, by stage and by function: callgrind over the core alone.

Unlike times, counts do not depend on who else uses the machine. They say nothing of caches and
of instructions that wait. Valgrind's CPU has no AVX-512: kernels that it lacks are named.
Needs valgrind, cmake and a C compiler.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus import CUSTOM, DEFAULT, Corpora, Corpus
from flowparse import LogFormat
from flowparse.schema import check_of, format_columns

__all__ = ["Counted", "Driver", "build_driver", "cases"]

HERE = Path(__file__).resolve().parent
RECORDS = 20_000
DRIVER = "benchmarks/native/stages.c"

#: A line of callgrind_annotate: instructions, perhaps their share, file:function.
_LINE = re.compile(r"^\s*([\d,]+)(?:\s+\([ \d.]+%\))?\s+(\S*?):([\w.'$]+)")
_TOTAL = re.compile(r"^\s*([\d,]+)(?:\s+\([ \d.]+%\))?\s+PROGRAM TOTALS")


@dataclass(frozen=True)
class Counted:
    """Instructions of one run."""

    records: int
    total: int
    functions: dict[str, int]

    @property
    def per_record(self) -> float:
        """Of all functions."""
        return self.total / self.records


@dataclass(frozen=True)
class Case:
    """What the core is asked for, as the driver reads it."""

    name: str
    log: Corpus
    layout: str


def cases(corpora: Corpora) -> Iterator[Case]:
    """The stages, each on top of those before it, for both formats."""
    for log_format in (DEFAULT, CUSTOM):
        log = corpora.log(log_format, RECORDS)
        fields = [(name, *check_of(name)) for name in log_format]
        text = [f"field {name} 0 0" for name, _, _ in fields]
        checks = [f"field {name} {check} {most}" for name, check, most in fields]
        every = [*checks, *_targets(log_format)]
        action = log_format.fields.index("action")
        stages = {
            "cut + scan + judge": text,
            "+ check": checks,
            "+ convert": every,
            "filtered": [*every, f"equals {action} REJECT"],
        }
        for stage, lines in stages.items():
            yield Case(f"{len(log_format)} fields, {stage}", log, "\n".join(lines) + "\n")


def _targets(log_format: LogFormat) -> Iterator[str]:
    for column in format_columns(log_format, "typed"):
        yield f"target {column.kind} {log_format.fields.index(column.field)}"


class Driver:
    """The driver of one source tree, built."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def kernels(self) -> tuple[list[str], list[str]]:
        """Those that valgrind's CPU has, and those that only this one has."""
        here = _run(self.program).split()
        counted = _run("valgrind", "--tool=none", "-q", self.program).split()
        return counted, [name for name in here if name not in counted]

    def count(self, case: Case, kernel: str) -> Counted:
        """Run it once under callgrind."""
        layout, out = self.folder / "layout.txt", self.folder / "callgrind.out"
        layout.write_text(case.layout)
        records = _run(
            "valgrind",
            "--tool=callgrind",
            "-q",
            f"--callgrind-out-file={out}",
            "--toggle-collect=run_core",
            self.program,
            layout,
            case.log.text,
            kernel,
        )
        if int(records) != case.log.records:
            raise SystemExit(f"{case.name}: {records.strip()} records of {case.log.records}")
        return _read_counts(_run("callgrind_annotate", "--threshold=100", out), case.log.records)


def _read_counts(text: str, records: int) -> Counted:
    functions: dict[str, int] = {}
    total = 0
    for line in text.splitlines():
        if found := _TOTAL.match(line):
            total = int(found[1].replace(",", ""))
        elif found := _LINE.match(line):
            # One function may stand in several lines, one a file that was inlined into it.
            name = found[3].partition("'")[0]
            functions[name] = functions.get(name, 0) + int(found[1].replace(",", ""))
    if not total or sum(functions.values()) < 0.9 * total:
        raise SystemExit(f"callgrind_annotate's output cannot be read:\n{text[:2000]}")
    return Counted(records, total, functions)


def build_driver(tree: Path, folder: Path) -> Driver:
    """Build the driver of a source tree, as fast as a wheel's core and with names."""
    folder.mkdir(parents=True)
    _run(
        *("cmake", "-S", tree, "-B", folder, "-DFLOWPARSE_STAGES=ON"),
        *("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-g"),
    )
    _run("cmake", "--build", folder, "--parallel", "2")
    return Driver(folder / "stages", folder)


def _run(*command: object) -> str:
    given = [str(part) for part in command]
    if shutil.which(given[0]) is None:
        raise SystemExit(f"{given[0]} is needed and not found: install it")
    done = subprocess.run(given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(given)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def corpora_of(folder: Path | None) -> Corpora:
    """The corpora of the other benchmarks, at their own size."""
    return Corpora(folder or Path(tempfile.gettempdir()) / "flowparse-bench")


def main() -> None:
    """Print stages by kernel, then the functions of those that convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus-folder", type=Path)
    parser.add_argument("--functions", type=int, default=14, help="shown of each run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        driver = build_driver(HERE.parent, Path(work) / "build")
        kernels, uncounted = driver.kernels()
        for name in uncounted:
            print(f"kernel {name}: not counted, valgrind's CPU lacks it")
        for case in cases(corpora_of(arguments.corpus_folder)):
            for kernel in kernels:
                _show(case, kernel, driver.count(case, kernel), arguments.functions)


def _show(case: Case, kernel: str, counted: Counted, most: int) -> None:
    print(f"{counted.per_record:9.1f} a record  {kernel:<7} {case.name}")
    ranked = sorted(counted.functions.items(), key=lambda item: -item[1])
    for name, instructions in ranked[:most]:
        if instructions >= counted.records:
            print(f"{'':>12}{instructions / counted.records:9.1f}  {name}")


if __name__ == "__main__":
    main()
