"""Floor 5: `flowparse verify`: an archive is proved against its manifests."""

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
from flowparse.cli.watch import watch

__all__ = ["verify"]


@click.command()
@click.argument("archive")
@access_options
@output_option
def verify(archive: str, access: Any, form: str) -> int:
    """Read all of ARCHIVE and prove it against its manifests.

    The result is what is wrong, an object a line, and the exit code is 3 where there is
    something. Frozen objects are not read: they are counted, and are no fault.
    """
    with Stopping() as stopping:
        with watch() as progress:
            result = flowparse.archive.verify(
                archive, session=access, stop=stopping.event, progress=progress
            )
        write_result(result.problems, form, show_problems)
        frozen = f"; {len(result.frozen):,} frozen, not read" if result.frozen else ""
        say(
            f"{result.units:,} units, {result.outputs:,} objects, {size(result.bytes_read)}: "
            f"the texts of {result.objects:,} originals are proved, "
            f"{result.problems.num_rows:,} problems{frozen}",
            "note",
        )
        code: int = stopping.code if stopping.event.is_set() else Exit.DONE
        return code or end_of_problems(result.problems)
