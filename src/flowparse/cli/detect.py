"""Floor 5: `flowparse detect`: what is suspicious."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

import click
import pyarrow as pa

from flowparse.cli.exits import Exit, say
from flowparse.cli.options import Reading, output_option, read_sources, reading_options
from flowparse.cli.output import write_result
from flowparse.cli.watch import end_of, watch

__all__ = ["detect"]

_SEVERITIES: Final = ("low", "medium", "high", "critical")
_COLORS: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, callback=read_sources)
@click.option(
    "--detector",
    "names",
    multiple=True,
    metavar="NAME",
    help="Run this one; repeat for more. Default: all.",
)
@click.option(
    "--sigma",
    "rules",
    multiple=True,
    metavar="FILE",
    help="Run a Sigma rule too, of connections or a firewall. Needs pysigma.",
)
@click.option(
    "--threat-list",
    "lists",
    multiple=True,
    metavar="FILE",
    help="Addresses and networks that somebody warns of, one a line.",
)
@click.option(
    "--baseline", metavar="FILE", help="What was there before, as --save-baseline wrote it."
)
@click.option(
    "--save-baseline",
    "saved",
    metavar="FILE",
    help="Find nothing: save which services and peers SOURCE has.",
)
@click.option(
    "--state",
    metavar="FOLDER",
    help="What runs leave to the next: SOURCE is what is new, and findings are told once.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME.THRESHOLD=VALUE",
    help="Another threshold, such as data-loss.minimum_skips=1. Repeat for more.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    help="End with exit code 10 if there is a finding of this severity or a higher one.",
)
@click.option("--list", "listing", is_flag=True, help="Show detectors, thresholds and reasons.")
@reading_options
@output_option
def detect(
    sources: list[object],
    names: Sequence[str],
    rules: Sequence[str],
    lists: Sequence[str],
    baseline: str | None,
    saved: str | None,
    state: str | None,
    settings: Sequence[str],
    fail_on: str | None,
    listing: bool,
    reading: Reading,
    form: str,
) -> Exit:
    """Find what is suspicious in SOURCE: scans, beacons, uploads, missing records and more.

    Exit code 10 says that --fail-on found something; it wins over 1 (lines were rejected), and 3
    (a source could not be read) wins over it.
    """
    from flowparse.detect import thresholds

    if listing:
        write_result(thresholds(), form, _show_thresholds)
        return Exit.DONE
    if not sources:
        raise click.UsageError("Missing argument 'SOURCE...'")
    if saved is not None:
        return _save_baseline(sources, saved, reading)
    asked = _detectors(names, rules, settings)
    return _find(sources, asked, lists, baseline, state, fail_on, reading, form)


def _detectors(names: Sequence[str], rules: Sequence[str], settings: Sequence[str]) -> list[Any]:
    """The detectors that are asked for, with their thresholds."""
    from flowparse.detect import registry, sigma
    from flowparse.detect.thresholds import set_thresholds

    chosen = registry.choose(names or None) if names or not rules else []
    return [*set_thresholds(chosen, settings), *(sigma(rule) for rule in rules)]


def _find(
    sources: list[object],
    asked: list[Any],
    lists: Sequence[str],
    baseline: str | None,
    state: str | None,
    fail_on: str | None,
    reading: Reading,
    form: str,
) -> Exit:
    from flowparse.detect.detecting import arm, detecting

    detectors = arm(asked, lists, baseline)
    with ExitStack() as stack:
        with watch() as progress:
            keywords = reading_keywords(reading, progress)
            outcome = stack.enter_context(detecting(sources, detectors, state, "once", keywords))
        write_result(outcome.findings, form, _show)
        outcome.commit()  # they were told: whoever dies before that tells them again
    for name, why in outcome.unable.items():
        say(f"{name} did not run: {why}", "note")
    end = end_of(outcome.passed.counts.rejects, outcome.passed.errors)
    return _weigh(outcome.findings, fail_on, end)


def reading_keywords(reading: Reading, progress: Any) -> dict[str, Any]:
    """What a pass takes: all but the schema, which is its own."""
    keywords = {**reading.keywords(), "progress": progress}
    del keywords["schema"]
    return keywords


def _weigh(findings: pa.Table, fail_on: str | None, end: Exit) -> Exit:
    """The exit code: findings win over rejects, sources that failed win over findings."""
    if fail_on is None or end is Exit.SOURCE:
        return end
    grave = _SEVERITIES[_SEVERITIES.index(fail_on) :]
    found = not set(findings["severity"].to_pylist()).isdisjoint(grave)
    return Exit.FINDINGS if found else end


def _save_baseline(sources: list[object], path: str, reading: Reading) -> Exit:
    from flowparse.detect import Baseline
    from flowparse.detect.gather import gather_facts

    with watch() as progress:
        gathered = gather_facts(sources, "once", reading_keywords(reading, progress))
    usual, passed = Baseline.of(gathered.facts), gathered.passed
    usual.save(path)
    say(
        f"{usual.services.num_rows:,} services and {usual.peers.num_rows:,} peers saved as {path}",
        "note",
    )
    return end_of(passed.counts.rejects, passed.errors)


def _show(findings: pa.Table) -> None:
    from rich.text import Text

    from flowparse.cli.plain import clean
    from flowparse.cli.terminal import console, grid

    if findings.num_rows == 0:
        say("no findings", "note")
        return
    rows = grid("time", "severity", "detector", "entity", "why", wrap=["why", "entity"])
    for row in findings.select(["time", "severity", "detector", "entity", "why"]).to_pylist():
        severity = Text(row["severity"], style=_COLORS.get(row["severity"], ""))
        told = (clean(row[name] or "-") for name in ("detector", "entity", "why"))
        rows.add_row(f"{row['time']:%Y-%m-%d %H:%M}", severity, *told)
    console().print(rows)


def _show_thresholds(table: pa.Table) -> None:
    from flowparse.cli.terminal import console, grid

    rows = grid("detector", "threshold", "default", "why", wrap=["why", "default"])
    before = None
    for row in table.to_pylist():
        if row["detector"] != before:
            technique = f" ({row['technique']})" if row["technique"] else ""
            rows.add_row(row["detector"], "", "", f"{row['finds']}{technique}")
        before = row["detector"]
        if row["threshold"]:
            rows.add_row("", row["threshold"], row["default"], row["why"] or "")
    console().print(rows)
