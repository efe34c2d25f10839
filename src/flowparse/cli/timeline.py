"""Floor 5: `flowparse timeline`: how much there was over time."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flowparse.cli.answers import answer, network_options, read_by_names
from flowparse.cli.exits import Exit
from flowparse.cli.options import Reading, answer_options, output_option, sources_argument

__all__ = ["timeline"]


@click.command()
@sources_argument
@click.option(
    "--every",
    metavar="SPAN",
    default="5m",
    show_default=True,
    help="Length of a span: 30s, 5m, 1h, 1d.",
)
@click.option(
    "--by",
    metavar="A,B,...",
    default="action",
    show_default=True,
    callback=read_by_names,
    help="Further columns to group by; '' is none.",
)
@click.option("--no-fill", is_flag=True, help="Leave out spans in which nothing was.")
@network_options
@answer_options
@output_option
def timeline(
    sources: list[object],
    every: str,
    by: Sequence[str],
    no_fill: bool,
    prefix: int | None,
    prefix_ipv6: int | None,
    reading: Reading,
    form: str,
) -> Exit:
    """Show how much there was over time: the records of SOURCE by when they start."""
    from flowparse.aggregate import Timeline

    return answer(sources, Timeline(every, by, not no_fill, prefix, prefix_ipv6), reading, form)
