"""Floor 5: `flowparse restore`: the text of each original, under its own key."""

from __future__ import annotations

from typing import Any

import click

import flowparse
from flowparse.cli.archive import end_of_problems, show_problems
from flowparse.cli.exits import Exit, say
from flowparse.cli.options import access_options, output_option
from flowparse.cli.output import write_result
from flowparse.cli.plain import size
from flowparse.cli.stopping import Stopping
from flowparse.cli.thawing import Thawing, thaw_options
from flowparse.cli.watch import watch

__all__ = ["restore"]


@click.command()
@click.argument("archive")
@click.argument("destination")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PATTERN",
    help="Only keys that match, such as '*/2026/11/24/*'. May stand several times.",
)
@click.option("--overwrite", is_flag=True, help="Replace what is there with another text.")
@thaw_options
@access_options
@output_option
def restore(
    archive: str,
    destination: str,
    keys: tuple[str, ...],
    overwrite: bool,
    thawing: Thawing,
    access: Any,
    form: str,
) -> int:
    """Give back the text of each object in ARCHIVE under its own key, byte for byte.

    What is there already with its text is left: a run that was stopped is run again.

    Objects of GLACIER, DEEP_ARCHIVE and the archive tiers of INTELLIGENT_TIERING have to be thawed
    before. What that costs is said first; only --thaw TIER --apply asks for it. Without --wait
    what can be read is restored, the others are named, and the exit code is 3: run it again later.
    """
    with Stopping() as stopping:
        with watch() as progress:
            result = flowparse.archive.restore(
                archive,
                destination,
                keys=keys or None,
                overwrite=overwrite,
                when_frozen=thawing.when_frozen(access, stopping.event),
                session=access,
                stop=stopping.event,
                progress=progress,
            )
        write_result(result.problems, form, show_problems)
        thawing.say_left(result.frozen)
        say(
            f"restored {result.objects:,} objects, {size(result.bytes_text)} of text; "
            f"{result.known:,} were there",
            "note",
        )
        code: int = stopping.code if stopping.event.is_set() else Exit.DONE
        if result.frozen:
            code = code or Exit.SOURCE
        return code or end_of_problems(result.problems)
