"""Is this change over 10 % slower than what it builds on? Exit status 1 says yes.

    python benchmarks/guard.py [BASE]                  compares CPU time
    python benchmarks/guard.py --instructions [BASE]   compares instructions of the core

BASE is a commit: by default where this branch left main, or the commit before this one. It is
checked out and built beside the working tree's build; both run in turn, a process each, over
the same corpora, and the best of several counts. CPU time of one thread is compared, since
other work on the machine stretches it least; a case that looks slow is measured three times.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: Most that the change may take, as a multiple of the base.
MOST = 1.10
PROCESSES = 3
RUNS = 5
REPEATS = 3
#: Case: (fields of the log, what is done).
CASES = {
    "default format": (14, "read"),
    "29 fields": (29, "read"),
    "4 columns where action = REJECT": (14, "filtered"),
    "gzip to Parquet": (14, "parquet"),
}


def git(*arguments: object) -> str:
    done = subprocess.run(
        ["git", "-C", ROOT, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def base_commit(given: str | None) -> str:
    """What the change builds on."""
    if given:
        return git("rev-parse", "--verify", f"{given}^{{commit}}")
    for main in ("main", "origin/main"):
        try:
            fork = git("merge-base", "HEAD", main)
        except subprocess.CalledProcessError:
            continue
        if fork != git("rev-parse", "HEAD"):
            return fork
    return git("rev-parse", "HEAD~1")


@contextmanager
def checked_out(commit: str, work: Path) -> Iterator[Path]:
    """A worktree of a commit, for as long as it is needed."""
    tree = work / "base"
    git("worktree", "add", "--quiet", "--detach", tree, commit)
    try:
        yield tree
    finally:
        git("worktree", "remove", "--force", tree)


def install(tree: Path, target: Path) -> Path:
    """Build a tree into a folder; the packages that it needs are those of this Python."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    built = f"--config-settings=build-dir={target}-build"
    command = [*pip, "--no-deps", built, "--target", target, tree]
    subprocess.run(command, check=True)
    return target


def measure(task: str, path: str, home: str) -> None:
    """In a process of its own: the least CPU seconds of a few runs."""
    import flowparse

    if not Path(flowparse.__file__).is_relative_to(home):
        raise SystemExit(f"{flowparse.__file__} is not the build in {home}")
    best = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        run = _task(flowparse, task, path, Path(folder) / "out.parquet")
        run()
        for _ in range(RUNS):
            began = time.process_time()
            run()
            best = min(best, time.process_time() - began)
    print(best)


def _task(flowparse: Any, task: str, path: str, out: Path) -> Callable[[], object]:
    if task == "parquet":
        return lambda: flowparse.to_parquet(path, out, mode="overwrite", threads=1)
    options: dict[str, Any] = {"threads": 1}
    if task == "filtered":
        options["columns"] = ["start", "srcaddr", "dstaddr", "dstport"]
        options["filters"] = [("action", "=", "REJECT")]
    return lambda: flowparse.read_table(path, **options)


def seconds(home: Path, task: str, log: Path) -> float:
    """Of one process with the build in `home`."""
    command = [sys.executable, __file__, "--measure", task, str(log), str(home)]
    environment = os.environ | {"PYTHONPATH": str(home)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return float(done.stdout)


def race(base: Path, change: Path, task: str, log: Path) -> tuple[float, float]:
    """The best of each, in turn; once more where the change looks slow."""
    best = {base: float("inf"), change: float("inf")}
    for _ in range(REPEATS):
        for _ in range(PROCESSES):
            for home in best:
                best[home] = min(best[home], seconds(home, task, log))
        if best[change] <= MOST * best[base]:
            break
    return best[base], best[change]


def compare_times(tree: Path, work: Path, folder: Path | None) -> list[str]:
    """The cases that are slower."""
    from corpus import CUSTOM, DEFAULT
    from instructions import corpora_of

    corpora = corpora_of(folder)
    logs = {14: corpora.log(DEFAULT).gzip, 29: corpora.log(CUSTOM).gzip}
    homes = install(tree, work / "of-base"), install(ROOT, work / "of-change")
    slower = []
    for case, (fields, task) in CASES.items():
        before, after = race(*homes, task, logs[fields])
        verdict = _verdict(case, after / before, slower)
        print(
            f"{after / before:6.3f}  {before:.4f} s -> {after:.4f} s  {case}{verdict}", flush=True
        )
    return slower


def compare_instructions(tree: Path, work: Path, folder: Path | None) -> list[str]:
    """The cases that take more instructions."""
    from instructions import DRIVER, build_driver, cases, corpora_of

    if not (tree / DRIVER).exists():
        print(f"nothing to compare: the base has no {DRIVER}")
        return []
    base, change = build_driver(tree, work / "of-base"), build_driver(ROOT, work / "of-change")
    in_base, (in_change, uncounted) = base.kernels()[0], change.kernels()
    both = [name for name in in_change if name in in_base]
    for name in (*in_change, *uncounted):
        if name not in both:
            print(f"kernel {name}: not compared, the base or valgrind's CPU lacks it")
    slower: list[str] = []
    for case in cases(corpora_of(folder)):
        for kernel in both:
            before = base.count(case, kernel).per_record
            after = change.count(case, kernel).per_record
            name = f"{kernel:<7} {case.name}"
            verdict = _verdict(name, after / before, slower)
            print(f"{after / before:6.3f}  {before:.1f} -> {after:.1f} a record  {name}{verdict}")
    return slower


def _verdict(case: str, ratio: float, slower: list[str]) -> str:
    if ratio <= MOST:
        return ""
    slower.append(case)
    return f"  SLOWER: over {MOST:g}"


def main() -> int:
    """The number of the exit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", nargs="?", help="a commit")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--corpus-folder", type=Path)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return 0
    commit = base_commit(arguments.base)
    print(f"base {git('log', '-1', '--format=%h %s', commit)}", flush=True)
    compare = compare_instructions if arguments.instructions else compare_times
    with tempfile.TemporaryDirectory() as work, checked_out(commit, Path(work)) as tree:
        slower = compare(tree, Path(work), arguments.corpus_folder)
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
