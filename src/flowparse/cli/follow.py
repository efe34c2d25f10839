"""Floor 5: `flowparse follow`: objects into a data set as a queue tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import flowparse
from flowparse.cli.exits import Exit, say
from flowparse.cli.options import (
    Reading,
    columns_option,
    data_set_options,
    whole_reading_options,
)
from flowparse.cli.plain import clean
from flowparse.cli.stopping import Stopping

if TYPE_CHECKING:
    from flowparse.notified import FollowResult

__all__ = ["follow"]


@click.command()
@click.option("--queue", required=True, metavar="URL", help="The SQS queue that S3 notifies.")
@click.argument("destination")
@click.option("--once", is_flag=True, help="End when the queue has nothing more.")
@data_set_options
@click.option(
    "--batch-messages",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Most messages that are worked on together.",
)
@click.option(
    "--visibility",
    "visibility_seconds",
    type=click.IntRange(10, 43_200),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long after this process died its messages come again.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another run on the same state.",
)
@columns_option
@whole_reading_options
def follow(
    queue: str,
    destination: str,
    once: bool,
    partition_by: list[str] | None,
    reading: Reading,
    **options: Any,
) -> int:
    """Add objects to DESTINATION as S3 notifies a queue of them, each exactly once.

    DESTINATION is what that of `ingest` is. Messages come from S3 itself, through SNS, or through
    EventBridge. One is deleted when all that it tells of is in DESTINATION; what cannot be read is
    left to the queue's own dead-letter queue. Without --once it goes on until a signal ends it.
    """
    asked = {**reading.keywords(), **options, "partition_by": partition_by or []}
    del asked["since"], asked["until"]
    code = Exit.DONE

    def report(result: FollowResult) -> None:
        nonlocal code
        code = max(code, _report(result))

    with Stopping() as stopping:
        flowparse.follow(queue, destination, once=once, stop=stopping.event, report=report, **asked)
        return stopping.code if stopping.event.is_set() else code


def _report(result: FollowResult) -> Exit:
    say(
        f"{result.messages:,} messages, {result.deleted:,} done with: {result.objects:,} objects, "
        f"{result.rows:,} records, {result.known:,} known",
        "note",
    )
    for row in result.left.to_pylist():
        where = row["object"] or f"message {row['message']}"
        reason = str(row["reason"]).removeprefix(f"{row['object']}: ")
        say(clean(f"left to the queue, received {row['received']} times: {where}: {reason}"))
    if result.left.num_rows:
        return Exit.SOURCE
    return Exit.REJECTS if result.counts.rejects else Exit.DONE
