"""How good are the detectors? Precision and recall over planted stories, as a Markdown table.

    python benchmarks/detection.py                     seeds 1 to 5, all levels of noise, three days
    python benchmarks/detection.py --small             does it still run? one seed, quiet, two days
    python benchmarks/detection.py --seeds 11 12 --levels loud --show-alarms

Every story is planted in the flow logs of several accounts, in benign noise, and all detectors
run over all of it in one pass, with their defaults. Thresholds must be tuned on other seeds than
those of the table that is shown to anybody.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import flowparse
from flowparse.testing import (
    NOISE,
    STORIES,
    Label,
    Network,
    judge,
    label_findings,
    write_delivery,
)

__all__ = ["Case", "cases", "pool", "print_table", "run_case", "tabulate"]

SEEDS = (1, 2, 3, 4, 5)
ACCOUNTS = ("111122223333", "444455556666", "777788889999")
START = 1772582400  # 2026-03-04T00:00:00Z
DAY = 86400
#: Its attempts are spread over all of the time: told in days, they would be no burst.
BRIEF = ("denied-ssh",)
BRIEF_HOURS = 1
FORMATS = {
    "default": None,
    "flags": (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"
        " start end action log-status tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service"
        " pkt-dst-aws-service flow-direction traffic-path"
    ),
}

#: Folders of flow logs, and threat lists by name -> findings.
Detect = Callable[[list[Path], dict[str, bytes]], pa.Table]


@dataclass(frozen=True)
class Case:
    """One network with its stories."""

    seed: int
    noise: str
    days: int
    interfaces: int
    log_format: str = "default"


def detect(folders: list[Path], lists: dict[str, bytes]) -> pa.Table:
    """All detectors with their defaults."""
    try:
        from flowparse import compute
        from flowparse import detect as detection
    except ImportError as error:
        raise SystemExit(
            "flowparse.detect is not in this flowparse: there is nothing to judge.\n"
            "Install a version that has it, or judge findings of your own with "
            f"flowparse.testing.judge. ({error})"
        ) from None
    threats = [compute.load_threat_list(text, name=name) for name, text in lists.items()]
    return detection.run(folders, lists=threats)


def run_case(case: Case, run: Detect) -> tuple[pa.Table, tuple[Label, ...], int]:
    """The findings, what was planted, and how many records there were."""
    with tempfile.TemporaryDirectory() as work:
        folders = [Path(work) / name for name in ("days", "hours")]
        network = Network(
            seed=case.seed,
            accounts=ACCOUNTS,
            interfaces=case.interfaces,
            peers=500,
            noise=case.noise,  # type: ignore[arg-type]
        )
        still = Network(seed=case.seed, accounts=ACCOUNTS, interfaces=case.interfaces, peers=500)
        settings = {"log_format": FORMATS[case.log_format], "records": 0, "level": 1}
        long = [story for story in STORIES if story not in BRIEF]
        days = write_delivery(
            folders[0], network, start=START, hours=24 * case.days, stories=long, **settings
        )
        later = START + (case.days - 1) * DAY + 10 * 3600
        hours = write_delivery(
            folders[1], still, start=later, hours=BRIEF_HOURS, stories=BRIEF, **settings
        )
        labels = days.labels + hours.labels
        listed = [entry for label in labels for entry in label.threat_list]
        lists = {"planted": "".join(f"{entry}\n" for entry in listed).encode()}
        return run(folders, lists), labels, days.records + hours.records


def pool(verdicts: Iterable[pa.Table]) -> dict[str, dict[str, int]]:
    """Counts of several verdicts together, by detector."""
    pooled: dict[str, dict[str, int]] = {}
    for verdict in verdicts:
        for row in verdict.to_pylist():
            counts = pooled.setdefault(row["detector"], {})
            for name in ("stories", "found", "findings", "false_alarms"):
                counts[name] = counts.get(name, 0) + row[name]
    return pooled


def share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else ""


def tabulate(pooled: dict[tuple[str, str], dict[str, int]]) -> Iterator[str]:
    """The lines of a Markdown table of counts by detector and noise."""
    yield "| detector | noise | stories | found | false alarms | precision | recall |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    before = None
    for (detector, noise), counts in pooled.items():
        right = counts["findings"] - counts["false_alarms"]
        cells = (
            f"`{detector}`" if detector != before else "",
            noise,
            str(counts["stories"]),
            str(counts["found"]),
            str(counts["false_alarms"]),
            share(right, counts["findings"]),
            share(counts["found"], counts["stories"]),
        )
        yield f"| {' | '.join(cells)} |"
        before = detector


def show_alarms(case: Case, findings: pa.Table, labels: Sequence[Label]) -> None:
    """Each false alarm, and each story that was missed."""
    told = label_findings(findings, labels)
    for row in told.filter(pc.is_null(told["story"])).to_pylist():
        print(f"- seed {case.seed}, {case.noise}: {row['time']:%F %H:%M} {row['detector']}: "
              f"{row['entity']}: {row['why']}")  # fmt: skip
    for row in judge(findings, labels).to_pylist():
        for story in row["missed_stories"]:
            print(f"- seed {case.seed}, {case.noise}: {row['detector']} missed {story}")


def print_table(cases: Sequence[Case], run: Detect, alarms: bool = False) -> None:
    """Run all cases, and print what came of them."""
    verdicts: dict[str, list[pa.Table]] = {case.noise: [] for case in cases}
    records = dict.fromkeys(verdicts, 0)
    for case in cases:
        findings, labels, count = run_case(case, run)
        verdicts[case.noise].append(judge(findings, labels))
        records[case.noise] += count
        if alarms:
            show_alarms(case, findings, labels)
    pooled = {
        (detector, noise): counts
        for noise, found in verdicts.items()
        for detector, counts in pool(found).items()
    }
    order = sorted(pooled, key=lambda key: (key[0], list(NOISE).index(key[1])))
    print("\n".join(tabulate({key: pooled[key] for key in order})))
    first = cases[0]
    seeds = sorted({case.seed for case in cases})
    print(
        f"\nSeeds {', '.join(map(str, seeds))}; {first.days} days of {len(ACCOUNTS)} accounts with"
        f" {first.interfaces} interfaces, {first.log_format} format;"
        f" {', '.join(f'{count:,} records {noise}' for noise, count in records.items())}."
        f" flowparse {flowparse.__version__}."
    )


def cases(arguments: argparse.Namespace) -> list[Case]:
    """What is asked for."""
    if arguments.small:
        return [Case(SEEDS[0], "quiet", 2, 24, arguments.format)]
    return [
        Case(seed, noise, arguments.days, arguments.interfaces, arguments.format)
        for noise in arguments.levels
        for seed in arguments.seeds
    ]


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--levels", nargs="+", choices=list(NOISE), default=list(NOISE))
    parser.add_argument("--days", type=int, default=3, help="two or more")
    parser.add_argument("--interfaces", type=int, default=60, help="of all accounts together")
    parser.add_argument("--format", choices=list(FORMATS), default="default")
    parser.add_argument("--small", action="store_true", help="one seed, quiet, two days")
    parser.add_argument("--show-alarms", action="store_true", help="each false alarm and miss")
    arguments = parser.parse_args(words)
    if arguments.days < 2:
        parser.error("--days: new services and peers need two days or more")
    return arguments


if __name__ == "__main__":
    given = parse()
    print_table(cases(given), detect, given.show_alarms)
