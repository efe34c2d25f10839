"""Floor 4: what there is, the plan, and the plan after compaction, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from flowparse.lifecycle.forecast import COST, Compaction, forecast
from flowparse.lifecycle.policy import Policy
from flowparse.lifecycle.prices import PriceTable, load_prices
from flowparse.lifecycle.stock import Arrival, Stock

__all__ = ["SCENARIOS", "cost"]

SCENARIOS = ("as it is", "plan", "plan and archive")


def cost(
    stock: Stock,
    policy: Policy,
    *,
    prices: PriceTable | None = None,
    arrivals: Sequence[Arrival] | None = None,
    months: int = 60,
    compaction: Compaction | None = None,
    read_share: float = 0.0,
) -> pa.Table:
    """What objects cost each month in three scenarios.

    Parameters
    ----------
    stock : Stock
        Today's objects: of `read_listing` or `read_inventory`.
    policy : Policy
        The plan. `as it is` is without any rule.
    prices : PriceTable, optional
        None: those of `load_prices()`.
    arrivals : sequence of Arrival, optional
        What comes each day. None: as much as came in the last thirty days.
    months : int
        So many, of 365/12 days each.
    compaction : Compaction, optional
        What `flowparse archive` makes of the objects in the third scenario; None is its defaults.
    read_share : float
        The share of what is stored that is read each month.

    Returns
    -------
    pyarrow.Table
        `scenario` (of `SCENARIOS`), `month` (from 0), `part` (`storage`, `monitoring`, `requests`,
        `transitions`, `early deletion`, `retrieval`), `storage_class`, `amount` (float64, in the
        currency of the prices), sorted so. Its schema's metadata tell the prices' currency, date
        and source.

    Raises
    ------
    ValueError
        A number is out of its range, or a class has no price.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> import pyarrow as pa
    >>> from flowparse import lifecycle
    >>> stock = lifecycle.Stock.made(datetime.now(UTC), [("STANDARD", 0, 10, 10 << 30)])
    >>> table = lifecycle.cost(stock, lifecycle.Policy(expire=30), arrivals=[], months=2)
    >>> round(table["amount"][0].as_py(), 2)  # 10 GB for a month
    0.23
    """
    if months < 1:
        raise ValueError(f"months: expected 1 or more, got {months!r}")
    if not 0 <= read_share <= 100:
        raise ValueError(f"read_share: expected 0 to 100 times a month, got {read_share!r}")
    prices = prices or load_prices()
    come = stock.arrivals() if arrivals is None else arrivals
    plans = (
        (Policy(), None),
        (policy, None),
        (policy, compaction or Compaction()),
    )
    parts = []
    for name, (rules, compacted) in zip(SCENARIOS, plans, strict=True):
        table = forecast(
            stock,
            rules,
            prices,
            arrivals=come,
            months=months,
            compaction=compacted,
            read_share=read_share,
        )
        scenario = pa.array([name] * table.num_rows, pa.string())
        parts.append(table.add_column(0, pa.field("scenario", pa.string()), scenario))
    schema = pa.schema([pa.field("scenario", pa.string()), *COST])
    about = {"currency": prices.currency, "prices_date": prices.date, "source": prices.source}
    return pa.concat_tables([schema.empty_table(), *parts]).replace_schema_metadata(about)
