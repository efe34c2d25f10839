"""Floor 5: `flowparse report`: flow logs on one page of HTML."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from flowparse.cli.exits import Exit, say
from flowparse.cli.options import Reading, answer_options, sources_argument
from flowparse.cli.plain import clean, size
from flowparse.cli.watch import end_of, watch

if TYPE_CHECKING:
    from flowparse.report import ReportResult

__all__ = ["report"]


@click.command()
@sources_argument
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    default="report.html",
    show_default=True,
    help="The page to write.",
)
@click.option(
    "--mode",
    type=click.Choice(["error", "overwrite"]),
    default="error",
    show_default=True,
    help="What to do where FILE is there already.",
)
@click.option("--title", metavar="TEXT", help="Heading of the page. Default: Flow log report.")
@click.option(
    "--every", metavar="SPAN", help="Length of a bar, such as 5m or 1h. Default: by the time told."
)
@click.option(
    "--network",
    "prefix",
    type=click.IntRange(0, 32),
    metavar="BITS",
    help="Fold private IPv4 addresses into networks of this prefix, whatever subnet they are in.",
)
@click.option(
    "--threat-list",
    "lists",
    multiple=True,
    metavar="FILE",
    help="Addresses and networks to look out for, one a line. Repeat for more.",
)
@click.option("--no-detect", is_flag=True, help="Look for nothing suspicious: takes less time.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@answer_options
def report(
    sources: list[object],
    path: str,
    mode: str,
    title: str | None,
    every: str | None,
    prefix: int | None,
    lists: tuple[str, ...],
    no_detect: bool,
    opens: bool,
    reading: Reading,
) -> Exit:
    """Write a page on SOURCE: one file of HTML that opens anywhere, offline too.

    Volume over time, findings, top talkers, who talks to whom, what was denied, and how good
    the data are. Needs the extra: pip install 'flowparse[report]'.

    The result is the path of the page.
    """
    if no_detect and lists:
        raise click.UsageError("--threat-list is for detection, which --no-detect leaves out")
    from flowparse.report import write_report

    options = {name: value for name, value in reading.keywords().items() if name != "schema"}
    with watch() as progress:
        made = write_report(
            sources,
            path,
            title=title,
            every=every,
            prefix=prefix,
            lists=lists,
            detectors=() if no_detect else None,
            mode=mode,  # type: ignore[arg-type]
            progress=progress,
            **options,
        )
    click.echo(clean(os.fsencode(made.path).decode(errors="backslashreplace")))
    say(_summary(made), "note")
    if opens:
        click.launch(made.path.resolve().as_uri())
    return end_of(made.counts.rejects, made.errors)


def _summary(made: ReportResult) -> str:
    found = "" if made.findings is None else f", {made.findings:,} findings"
    found = ", 1 finding" if made.findings == 1 else found
    return f"a page on {made.records:,} records{found}: {size(made.bytes)}"
