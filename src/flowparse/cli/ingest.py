"""Floor 5: `flowparse ingest`: what is new in a source into a data set, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import Exit, in_cli_words, say
from flowparse.cli.options import (
    Reading,
    check_bound,
    columns_option,
    data_set_options,
    output_option,
    whole_reading_options,
)
from flowparse.cli.output import write_result
from flowparse.cli.plain import clean, size
from flowparse.cli.stopping import Stopping
from flowparse.cli.watch import end_of, watch
from flowparse.errors import FlowparseError
from flowparse.times import read_age

if TYPE_CHECKING:
    from flowparse.incremental import IngestResult

__all__ = ["ingest"]


def _read_look_back(ctx: click.Context, param: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        read_age(text, "look_back")
    except ValueError:
        raise click.BadParameter(f"expected an age such as 12h or 7d, got {text!r}") from None
    return text


@click.command()
@click.argument("source")
@click.argument("destination")
@data_set_options
@click.option(
    "--since",
    metavar="TIME",
    callback=check_bound,
    help="Leave alone objects that were delivered before: ISO time, or an age such as 7d.",
)
@click.option(
    "--look-back",
    metavar="AGE",
    callback=_read_look_back,
    help="How late an object may come, after the newest of its flow log. Default: any time.",
)
@click.option(
    "--watch",
    "every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Do it again after so many seconds, until a signal ends it.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be read; read and change nothing.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="How long to wait for another run on the same state. Default: not at all.",
)
@click.option(
    "--unit-objects",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Most objects that are published together.",
)
@columns_option
@whole_reading_options
@output_option
def ingest(
    source: str,
    destination: str,
    every: float | None,
    dry_run: bool,
    reading: Reading,
    form: str,
    **options: Any,
) -> int:
    """Add to DESTINATION what SOURCE has new, each object exactly once.

    DESTINATION is a folder of Parquet files, or s3://bucket/prefix. Run it as often as you like:
    an object that was ingested is not read again, one that comes late is, one that changed takes
    the place of what it was. Whatever stops a run, the next one goes on where it was.

    The result is the list of files added, or with --dry-run of the objects that would be read.
    """
    if source == "-":
        raise click.UsageError("standard input has no name to remember; 'convert' reads it")
    if every is not None and dry_run:
        raise click.UsageError("--dry-run looks once; leave --watch out")
    asked = {**reading.keywords(), **options, "dry_run": dry_run}
    asked["partition_by"] = asked["partition_by"] or []
    del asked["until"]

    with Stopping() as stopping:

        def run(*, again: bool = False) -> Exit:
            with watch() as progress:
                result = flowparse.ingest(
                    source, destination, stop=stopping.event, progress=progress, **asked
                )
            if again and not (result.units or result.failed or result.recovered):
                return Exit.DONE
            return _report(result, dry_run, form)

        code = run()
        if every is not None:
            return _repeat(run, code, every, stopping)
        return stopping.code if stopping.event.is_set() else code


def _repeat(run: Callable[..., Exit], code: Exit, every: float, stopping: Stopping) -> Exit:
    """Run until a signal says that it is enough. What may pass by itself ends nothing."""
    while not stopping.event.wait(every):
        try:
            code = max(code, run(again=True))
        except FlowparseError as error:
            if not isinstance(error, OSError):
                raise
            say(in_cli_words(f"{error}; trying again in {every:g} s"))
            code = Exit.SOURCE
    return code


def _report(result: IngestResult, dry_run: bool, form: str) -> Exit:
    if dry_run:
        write_result(result.planned, form, _show_planned)
        say(f"would read {result.planned.num_rows:,} objects; {_rest(result)}", "note")
    else:
        files = pa.table({"file": pa.array(result.files, pa.string())})
        write_result(files, form, _show_files)
        say(_summary(result), "note")
    return end_of(result.counts.rejects, result.errors)


def _summary(result: IngestResult) -> str:
    recovered = f"brought {result.recovered} unfinished to an end; " if result.recovered else ""
    stopped = "stopped early; " if result.stopped else ""
    return (
        f"{recovered}{stopped}ingested {result.objects:,} objects, {result.rows:,} records, "
        f"{size(result.counts.bytes_read)} read; {_rest(result)}"
    )


def _rest(result: IngestResult) -> str:
    parts = [f"{result.known:,} known"]
    if result.too_old:
        parts.append(f"{result.too_old:,} too old")
    if result.failed:
        parts.append(f"{result.failed:,} failed")
    return ", ".join(parts)


def _show_planned(table: pa.Table) -> None:
    for row in table.to_pylist():
        n_bytes = "?" if row["bytes"] is None else f"{row['bytes']:,}"
        click.echo(f"{n_bytes:>15}  {row['why']:<22}  {clean(row['object'])}")


def _show_files(table: pa.Table) -> None:
    for name in table["file"].to_pylist():
        click.echo(clean(name))
