"""Floor 5: `flowparse denied`: what was denied."""

from __future__ import annotations

import click

from flowparse.cli.answers import answer, limit_option, network_options
from flowparse.cli.exits import Exit
from flowparse.cli.options import Reading, answer_options, output_option, sources_argument

__all__ = ["denied"]


@click.command()
@sources_argument
@limit_option
@network_options
@answer_options
@output_option
def denied(
    sources: list[object],
    limit: int,
    prefix: int | None,
    prefix_ipv6: int | None,
    reading: Reading,
    form: str,
) -> Exit:
    """Show what was denied: the rejected records of SOURCE, by who asked whom for what."""
    from flowparse.aggregate import Denied

    return answer(sources, Denied(limit, prefix, prefix_ipv6), reading, form)
