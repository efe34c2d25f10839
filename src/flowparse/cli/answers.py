"""Floor 5: what the commands that ask a question share: their options, and the answer's way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click
import pyarrow as pa

from flowparse.cli.exits import Exit
from flowparse.cli.options import Command, Reading
from flowparse.cli.output import write_result
from flowparse.cli.plain import size
from flowparse.cli.watch import end_of, watch

if TYPE_CHECKING:
    from flowparse.aggregate import Question

__all__ = ["answer", "limit_option", "network_options", "read_by_names"]

_SIZES: Final = ("bytes",)
_SHARES: Final = ("share",)
_COUNTS: Final = ("records", "packets", "interfaces")


def answer(sources: list[object], question: Question, reading: Reading, form: str) -> Exit:
    """Ask the question of the sources, and write what comes of it."""
    from flowparse.aggregate import run

    with watch() as progress:
        answers = run(sources, {"": question}, progress=progress, **reading.keywords())
    write_result(answers[""], form, _show)
    return end_of(answers.counts.rejects, answers.errors)


def _show(table: pa.Table) -> None:
    from flowparse.cli.records import show_records

    numbers = {field.name for field in table.schema if _is_number(field.type)}
    show_records(_human(table), asked=True, numbers=numbers, more="--output json shows all")


def _is_number(type_: Any) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def _human(table: pa.Table) -> pa.Table:
    """Numbers with units, as text."""
    for at, field in enumerate(table.schema):
        if field.name in (*_SIZES, *_SHARES, *_COUNTS):
            cells = [_number(field.name, value) for value in table.column(at).to_pylist()]
            table = table.set_column(at, field.name, pa.array(cells, pa.string()))
    return table


def _number(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name in _SHARES:
        return f"{value:.1%}"
    return size(value) if name in _SIZES else f"{value:,}"


def read_by_names(ctx: click.Context, param: click.Parameter, text: str) -> Sequence[str]:
    """The columns to group by; empty text is none."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


limit_option = click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Rows at most.",
)


def network_options(command: Command) -> Any:
    """Give a command the options that fold addresses into networks."""
    ipv6 = click.option(
        "--network-ipv6",
        "prefix_ipv6",
        type=click.IntRange(0, 128),
        metavar="BITS",
        help="The same for IPv6 addresses; 64 where --network is given.",
    )
    ipv4 = click.option(
        "--network",
        "prefix",
        type=click.IntRange(0, 32),
        metavar="BITS",
        help="Fold addresses into networks of this prefix, such as 24.",
    )
    return ipv4(ipv6(command))
