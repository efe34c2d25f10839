"""Floor 5: `flowparse archive`: many small objects become few large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pyarrow as pa

import flowparse
from flowparse.cli.exits import Exit, say
from flowparse.cli.options import access_options, log_format_option, output_option
from flowparse.cli.output import write_result
from flowparse.cli.plain import clean, size
from flowparse.cli.stopping import Stopping
from flowparse.cli.watch import watch

if TYPE_CHECKING:
    from flowparse.archive import ArchiveResult

__all__ = ["archive", "end_of_problems", "problems_of", "show_problems"]


@click.command()
@click.argument("source")
@click.argument("destination")
@click.option("--verify", is_flag=True, help="Read what was written back, and prove it.")
@click.option(
    "--delete-originals",
    is_flag=True,
    help="Say which originals could go, after proving what holds them; with --apply remove them.",
)
@click.option("--apply", is_flag=True, help="Remove the originals.")
@click.option("--storage-class", metavar="CLASS", help="Of the objects in S3: GLACIER_IR, say.")
@click.option(
    "--sse",
    type=click.Choice(["AES256", "aws:kms", "aws:kms:dsse"]),
    help="Server-side encryption of the objects in S3.",
)
@click.option("--kms-key-id", metavar="KEY", help="The key of --sse aws:kms.")
@click.option(
    "--unit-bytes",
    type=click.IntRange(min=1),
    default=64 << 20,
    metavar="N",
    help="Bytes of originals, as stored, that become one unit. Default: 64 MiB.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Objects read at a time. Default: one for each core.",
)
@log_format_option
@access_options
@output_option
def archive(source: str, destination: str, access: Any, form: str, **options: Any) -> int:
    """Make few large Parquet objects of many small ones, so that each can be had back.

    SOURCE is a folder or s3://bucket/prefix/; DESTINATION too. What is archived already is not
    read again, and whatever stops a run, the next one goes on where it was. Nothing of the
    originals is removed without --delete-originals --apply.

    The result is what went wrong, an object a line: left, damaged, not removed. With
    --delete-originals it is the originals that went, or could go.
    """
    if options["apply"] and not options["delete_originals"]:
        raise click.UsageError("--apply removes originals: pass --delete-originals as well")
    with Stopping() as stopping:
        with watch() as progress:
            result = flowparse.archive.archive(
                source,
                destination,
                session=access,
                stop=stopping.event,
                progress=progress,
                **options,
            )
        code = _report(result, form, **options)
        return stopping.code if stopping.event.is_set() else code


def _report(result: ArchiveResult, form: str, **options: Any) -> Exit:
    wrong = problems_of(result.left, result.problems, result.not_deleted)
    if options["delete_originals"]:
        write_result(result.originals, form, _show_originals)
        for one in wrong.to_pylist():
            say(one["message"], "warning")
    else:
        write_result(wrong, form, show_problems)
    say(_summary(result), "note")
    if options["delete_originals"]:
        say(_deletion(result, options["apply"]), "note")
    if result.remains:
        say(result.remains, "note")
    is_damaged = any(kind != "left" for kind in wrong["kind"].to_pylist())
    return Exit.SOURCE if is_damaged else Exit.REJECTS if result.rejects else Exit.DONE


def _summary(result: ArchiveResult) -> str:
    whole = f" ({result.whole:,} of them no flow logs)" if result.whole else ""
    proved = f", {result.verified:,} units proved" if result.verified else ""
    left = f", {result.left.num_rows:,} left" if result.left.num_rows else ""
    return (
        f"archived {result.objects:,} objects{whole}, {result.records:,} records: "
        f"{size(result.bytes_read)} became {size(result.bytes_written)}; "
        f"{result.known:,} known{left}{proved}"
    )


def _deletion(result: ArchiveResult, applied: bool) -> str:
    n_bytes = sum(result.originals["bytes"].to_pylist())
    what = f"{result.originals.num_rows:,} originals, {size(n_bytes)}"
    return f"removed {what}" if applied else f"would remove {what}: pass --apply"


def _show_originals(table: pa.Table) -> None:
    for row in table.to_pylist():
        click.echo(f"{row['bytes']:>15,}  {clean(row['object'])}")


def problems_of(*tables: pa.Table) -> pa.Table:
    """What went wrong, in one table."""
    return pa.concat_tables(tables)


def show_problems(table: pa.Table) -> None:
    """A line each."""
    for row in table.to_pylist():
        click.echo(f"{row['kind']:<12}  {clean(row['object'])}  {clean(row['message'])}")


def end_of_problems(table: pa.Table) -> Exit:
    """The exit code where these are all problems."""
    return Exit.SOURCE if table.num_rows else Exit.DONE
