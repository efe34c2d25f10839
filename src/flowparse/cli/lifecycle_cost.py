"""Floor 5: `flowparse lifecycle cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import pyarrow as pa
import pyarrow.compute as pc

from flowparse.access import Access
from flowparse.cli.exits import Exit, say
from flowparse.cli.lifecycle_rules import policy_of, policy_options
from flowparse.cli.options import access_options, output_option
from flowparse.cli.output import write_result

if TYPE_CHECKING:
    from flowparse.lifecycle import Arrival, Policy, PriceTable, Stock

__all__ = ["cost"]

_MONTHS: Final = 12


@click.command()
@click.argument("place", metavar="[s3://BUCKET/PREFIX]", required=False)
@click.option(
    "--inventory",
    metavar="MANIFEST",
    help="Count the objects of this S3 Inventory (its manifest.json, here or in S3) instead of "
    "listing them. The address then says which keys count.",
)
@policy_options
@click.option("--prices", metavar="FILE", help="Prices of your own. Default: us-east-1's.")
@click.option("--months", type=click.IntRange(1, 1200), default=60, show_default=True)
@click.option(
    "--daily-objects",
    type=click.FloatRange(min=0),
    metavar="N",
    help="Objects that come each day. Default: as many as in the last thirty days.",
)
@click.option("--daily-bytes", type=click.FloatRange(min=0), metavar="BYTES", help="Their bytes.")
@click.option(
    "--archive-size",
    type=click.FloatRange(min=0.001),
    default=0.75,
    show_default=True,
    help="Bytes that `flowparse archive` writes of each byte that it reads.",
)
@click.option(
    "--read-share",
    type=click.FloatRange(min=0, max=100),
    default=0.0,
    show_default=True,
    help="The share of what is stored that is read each month.",
)
@output_option
@access_options
def cost(
    place: str | None,
    inventory: str | None,
    prices: str | None,
    months: int,
    archive_size: float,
    read_share: float,
    form: str,
    access: Access,
    **options: Any,
) -> Exit:
    """Tell what the objects under an address cost: as it is, under a plan, and archived besides.

    A table of years on a terminal; else the amount of each month, part and storage class.
    """
    from flowparse import lifecycle

    if place is None and inventory is None:
        raise click.UsageError("name s3://BUCKET/PREFIX, or an --inventory")
    policy, table = policy_of(options), lifecycle.load_prices(prices)
    stock = _count(place, inventory, access, policy)
    coming = _arrivals(stock, options["daily_objects"], options["daily_bytes"], policy)
    _tell(stock, coming, table)
    amounts = lifecycle.cost(
        stock,
        policy,
        prices=table,
        arrivals=coming,
        months=months,
        compaction=lifecycle.Compaction(size=archive_size),
        read_share=read_share,
    )
    write_result(amounts, form, _show)
    return Exit.DONE


def _count(place: str | None, inventory: str | None, access: Access, policy: Policy) -> Stock:
    from flowparse import lifecycle

    if inventory is None:
        assert place is not None
        return lifecycle.read_listing(place, access, larger_than=policy.larger_than)
    prefix = "" if place is None else place.removeprefix("s3://").partition("/")[2]
    return lifecycle.read_inventory(
        inventory, access, prefix=prefix, larger_than=policy.larger_than
    )


def _arrivals(
    stock: Stock, objects: float | None, size: float | None, policy: Policy
) -> tuple[Arrival, ...]:
    from flowparse.lifecycle import Arrival

    if (objects is None) != (size is None):
        raise click.UsageError("--daily-objects and --daily-bytes go together")
    if objects is None or size is None:
        return stock.arrivals()
    return (Arrival.of(objects, size, policy.larger_than),)


def _tell(stock: Stock, coming: tuple[Arrival, ...], prices: PriceTable) -> None:
    objects, size = sum(one.objects for one in coming), sum(one.bytes for one in coming)
    say(
        f"today {stock.objects:,} objects with {stock.bytes:,} bytes; each day come "
        f"{objects:,.1f} with {size:,.0f}",
        "note",
    )
    say(f"prices of {prices.region}, {prices.date}, from {prices.source}", "note")


def _show(table: pa.Table) -> None:
    from flowparse.cli.terminal import console, grid
    from flowparse.lifecycle import PARTS, SCENARIOS

    currency = (table.schema.metadata or {}).get(b"currency", b"").decode()
    years = pc.divide(table["month"], _MONTHS)
    table = table.append_column("year", years)
    last = pc.max(years).as_py() or 0
    heads = [f"year {year + 1}" for year in range(last + 1)]
    rows = grid("scenario", "part", *heads, f"all, {currency}", right=[*heads, f"all, {currency}"])
    sums = table.group_by(["scenario", "part", "year"]).aggregate([("amount", "sum")]).to_pylist()
    amounts = {(one["scenario"], one["part"], one["year"]): one["amount_sum"] for one in sums}
    for scenario in SCENARIOS:
        for part in (*PARTS, "all"):
            parts = PARTS if part == "all" else (part,)
            found = [
                sum(amounts.get((scenario, one, year), 0.0) for one in parts)
                for year in range(last + 1)
            ]
            if part == "all" or any(found):
                numbers = (f"{one:,.2f}" for one in (*found, sum(found)))
                rows.add_row(scenario, part, *numbers)
    console().print(rows)
