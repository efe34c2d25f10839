"""Floor 5: `flowparse top`: who moves most."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flowparse.cli.answers import answer, limit_option, network_options, read_by_names
from flowparse.cli.exits import Exit
from flowparse.cli.options import Reading, answer_options, output_option, sources_argument

__all__ = ["top"]


@click.command()
@sources_argument
@click.option(
    "--by",
    metavar="A,B,...",
    default="srcaddr,dstaddr",
    show_default=True,
    callback=read_by_names,
    help="Columns to group by; srcaddr/24 folds the addresses of one into networks.",
)
@click.option(
    "--measure",
    type=click.Choice(["bytes", "packets", "records"]),
    default="bytes",
    show_default=True,
    help="What the rows are sorted by.",
)
@limit_option
@network_options
@answer_options
@output_option
def top(
    sources: list[object],
    by: Sequence[str],
    measure: str,
    limit: int,
    prefix: int | None,
    prefix_ipv6: int | None,
    reading: Reading,
    form: str,
) -> Exit:
    """Show who moves most: the records of SOURCE by key, the largest first."""
    from flowparse.aggregate import TopTalkers

    question = TopTalkers(by, measure, limit, prefix, prefix_ipv6)  # type: ignore[arg-type]
    return answer(sources, question, reading, form)
