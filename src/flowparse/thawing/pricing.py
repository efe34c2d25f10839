"""Floor 4: what thawing costs, before anything is asked for.

Source: Amazon S3 pricing, "Requests and data retrievals"; the copy of an object that is thawed is
stored, and billed, as STANDARD beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flowparse.thawing.states import ThawState
from flowparse.thawing.tiers import Tier, check_tier, has_tier, hours_of

__all__ = ["ThawPrice", "price"]

_GB: Final = 1 << 30
#: Days of the month by which storage is billed.
_MONTH_DAYS: Final = 30
#: INTELLIGENT_TIERING takes nothing for these, and for the other what GLACIER takes.
_FREE_IN_TIERING: Final = ("standard", "bulk")


@dataclass(frozen=True, slots=True)
class ThawPrice:
    """What thawing some objects costs.

    Attributes
    ----------
    tier : {"expedited", "standard", "bulk"}
    days : int
        For which the copies stay.
    objects, bytes : int
        Frozen ones, which are to be thawed. The others cost nothing more.
    retrieval, requests, storage : float
        For the bytes, for asking, and for the copies while they stay.
    currency, date, region : str
        Of the price table.
    hours : float
        Until all can be read, at most as a rule; AWS promises none. 0 where nothing is to be done.

    Examples
    --------
    >>> from flowparse.thawing import ThawPrice
    >>> ThawPrice("bulk", 7, 1, 10 << 30, 0.025, 0.00002, 0.05, "USD", "2026-11-25", "x", 48).total
    0.07502
    """

    tier: Tier
    days: int
    objects: int
    bytes: int
    retrieval: float
    requests: float
    storage: float
    currency: str
    date: str
    region: str
    hours: float

    @property
    def total(self) -> float:
        """All three."""
        return self.retrieval + self.requests + self.storage


def price(
    states: Iterable[ThawState], tier: Tier, days: int = 7, *, prices: Any = None
) -> ThawPrice:
    """Say what thawing the frozen ones of some objects costs.

    Parameters
    ----------
    states : iterable of ThawState
        What `look` gives.
    tier : {"expedited", "standard", "bulk"}
    days : int
        For which the copies stay; objects of INTELLIGENT_TIERING have none.
    prices : flowparse.lifecycle.PriceTable, optional
        List prices of us-east-1 otherwise. Taxes, free requests and discounts are not in it.

    Returns
    -------
    ThawPrice

    Raises
    ------
    ValueError
        There is no such tier, an object's class does not have it, or the table lacks its price.

    Notes
    -----
    No request is made. A GB is 2^30 bytes and a month 30 days. S3 keeps a copy until the midnight
    (UTC) after its days: up to a day more than is counted here.

    Examples
    --------
    >>> from flowparse.thawing import ThawState, price
    >>> deep = ThawState("s3://kept/data/a.parquet", 10 << 30, "DEEP_ARCHIVE", "frozen")
    >>> found = price([deep], "bulk", days=7)
    >>> found.objects, found.currency, found.hours
    (1, 'USD', 48)
    """
    tier, table = check_tier(tier), _table(prices)
    if days < 1:
        raise ValueError(f"days: expected 1 or more, got {days!r}")
    copies = table.classes["STANDARD"].storage_per_gb_month[0][1] * days / _MONTH_DAYS
    n_bytes = objects = 0
    retrieval = requests = storage = hours = 0.0
    for one in states:
        if one.state != "frozen":
            continue
        check_has_tier(one, tier)
        per_gb, per_1000 = _retrieval(table, one.kind, tier)
        gb = one.size / _GB
        objects, n_bytes = objects + 1, n_bytes + one.size
        retrieval += gb * per_gb
        requests += per_1000 / 1000
        storage += 0 if one.kind.endswith("_ACCESS") else gb * copies
        hours = max(hours, hours_of(one.kind, tier))
    about = (table.currency, table.date, table.region)
    return ThawPrice(tier, days, objects, n_bytes, retrieval, requests, storage, *about, hours)


def check_has_tier(one: ThawState, tier: Tier) -> None:
    """Refuse a tier that an object's class does not have."""
    if not has_tier(one.kind, tier):
        raise ValueError(
            f"tier: {one.url} is {one.kind}, which has no {tier} thawing: take standard or bulk"
        )


def _table(prices: Any) -> Any:
    if prices is not None:
        return prices
    from flowparse.lifecycle.prices import load_prices

    return load_prices()


def _retrieval(table: Any, kind: str, tier: Tier) -> tuple[float, float]:
    """Of a GB, and of a thousand requests."""
    if kind.endswith("_ACCESS"):
        if tier in _FREE_IN_TIERING:
            return 0.0, 0.0
        kind = "GLACIER"
    for member in ("retrieval_per_gb", "retrieval_per_1000"):
        if kind not in table.classes or tier not in getattr(table.classes[kind], member):
            raise ValueError(f"prices: classes.{kind}.{member}.{tier} is missing: add it")
    found = table.classes[kind]
    return found.retrieval_per_gb[tier], found.retrieval_per_1000[tier]
