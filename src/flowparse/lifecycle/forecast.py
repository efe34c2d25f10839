"""Floor 4: what objects cost, month by month, under a policy.

Objects that came on one day are a cohort: they move and go together. A cohort's life is a list
of stays, each in one storage class from one day to another; a month bills the part of each stay
that lies in it, and what happens at its ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flowparse.lifecycle.policy import Policy
from flowparse.lifecycle.prices import ClassPrice, PriceTable
from flowparse.lifecycle.stock import FLOOR_BYTES, Arrival, Stock

__all__ = ["COST", "MONTH_DAYS", "PARTS", "Cohort", "Compaction", "forecast"]

#: A year has twelve months of one length.
MONTH_DAYS: Final = 365 / 12
PARTS: Final = (
    "storage",
    "monitoring",
    "requests",
    "transitions",
    "early deletion",
    "retrieval",
)
COST: Final = pa.schema(
    [
        ("month", pa.int32()),
        ("part", pa.string()),
        ("storage_class", pa.string()),
        ("amount", pa.float64()),
    ]
)

_GB: Final = 1 << 30
_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Compaction:
    """What `flowparse archive` does to objects.

    Attributes
    ----------
    after_days : int
        Age at which a day's objects are compacted, and deleted. 1: a day is whole by then.
    size : float
        Bytes of what it writes, of a byte of the gzip that it reads. Default 0.75, what
        the benchmark of archives measures on made-up logs, rounded up.
    object_bytes : int
        Of one written object.
    """

    after_days: int = 1
    size: float = 0.75
    object_bytes: int = 128 << 20


@dataclass(frozen=True, slots=True)
class Cohort:
    """Objects that came on the same day, relative to today: -3 is three days ago.

    `arrives`: they are still to come, and their PUT is billed.
    """

    born: float
    storage_class: str
    objects: float
    bytes: float
    small: bool
    large: bool
    arrives: bool = False


@dataclass(frozen=True, slots=True)
class _Stay:
    storage_class: str
    begin: float
    end: float
    moved: bool


class _Bill:
    def __init__(self) -> None:
        self.amounts: dict[tuple[int, str, str], float] = defaultdict(float)
        self.gb_months: dict[tuple[int, str], float] = defaultdict(float)

    def add(self, day: float, part: str, storage_class: str, amount: float) -> None:
        if day >= 0 and amount:
            self.amounts[int(day // MONTH_DAYS), part, storage_class] += amount


def forecast(
    stock: Stock,
    policy: Policy,
    prices: PriceTable,
    *,
    arrivals: Sequence[Arrival],
    months: int = 60,
    compaction: Compaction | None = None,
    read_share: float = 0.0,
) -> pa.Table:
    """What today's objects and those to come will cost.

    Parameters
    ----------
    stock : Stock
        Today's objects.
    policy : Policy
        What becomes of all of them. `Policy()` is: nothing.
    prices : PriceTable
    arrivals : sequence of Arrival
        What comes each day, into STANDARD: `stock.arrivals()`, or a guess.
    months : int
    compaction : Compaction, optional
        What it applies to is what is readable at once; the colder classes stay as they are.
    read_share : float
        Of the bytes and objects that are stored, so many are read each month, at the standard
        tier.

    Returns
    -------
    pyarrow.Table
        `month` (from 0), `part` (one of `PARTS`), `storage_class`, `amount` (in the currency of
        the prices). Rows of nothing are left out.

    Raises
    ------
    ValueError
        A class has no price.

    Notes
    -----
    Left out: noncurrent versions and unfinished uploads, of which flow logs have none unless
    somebody made them; data transfer; taxes.
    """
    bill = _Bill()
    for cohort in _cohorts(stock, arrivals, months):
        for part, stays in _lives(cohort, policy, compaction, bill, prices):
            for stay in stays:
                _charge(bill, part, stay, prices, months, read_share)
    for (month, name), gb_months in bill.gb_months.items():
        bill.amounts[month, "storage", name] += _price(prices, name).storage(gb_months)
    rows = [(*key, amount) for key, amount in bill.amounts.items() if key[0] < months and amount]
    rows.sort(key=lambda row: (row[0], PARTS.index(row[1]), row[2]))
    columns = list(zip(*rows, strict=True)) or [()] * len(COST)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, COST, strict=True)]
    return pa.Table.from_arrays(arrays, schema=COST)


def _cohorts(stock: Stock, arrivals: Sequence[Arrival], months: int) -> Iterator[Cohort]:
    for row in stock.table.to_pylist():
        yield Cohort(
            -float(row["age_days"]),
            row["storage_class"],
            row["objects"],
            row["bytes"],
            row["small"],
            row["large"],
        )
    for one in arrivals:
        for day in range(int(months * MONTH_DAYS) + 1):
            yield Cohort(float(day), "STANDARD", one.objects, one.bytes, one.small, one.large, True)


def _lives(
    cohort: Cohort,
    policy: Policy,
    compaction: Compaction | None,
    bill: _Bill,
    prices: PriceTable,
) -> Iterator[tuple[Cohort, list[_Stay]]]:
    """The cohort, and what it is compacted to, with their stays."""
    standard = _price(prices, "STANDARD")
    if cohort.arrives:
        put = standard.put_per_1000 * cohort.objects / 1000
        bill.add(cohort.born, "requests", "STANDARD", put)
    cold = cohort.storage_class in ("GLACIER", "DEEP_ARCHIVE")
    if compaction is None or cold:
        yield cohort, _stays(cohort, policy)
        return
    until = max(cohort.born + compaction.after_days, 0.0)
    yield cohort, _stays(cohort, policy, until)
    size = cohort.bytes * compaction.size
    objects = max(1.0, size / compaction.object_bytes) if cohort.objects else 0.0
    price = _price(prices, cohort.storage_class)
    bill.add(until, "requests", cohort.storage_class, price.get_per_1000 * cohort.objects / 1000)
    per_gb = price.retrieval_per_gb.get("standard", 0.0)
    bill.add(until, "retrieval", cohort.storage_class, per_gb * cohort.bytes / _GB)
    bill.add(until, "requests", "STANDARD", standard.put_per_1000 * objects / 1000)
    small = size / objects < FLOOR_BYTES if objects else True
    made = Cohort(until, "STANDARD", objects, size, small, not small)
    yield made, _stays(made, policy)


def _stays(cohort: Cohort, policy: Policy, until: float = _NEVER) -> list[_Stay]:
    """Where the cohort is from when to when. What is due already is done today."""
    end = min(until, cohort.born + policy.expire if policy.expire is not None else _NEVER)
    end = max(end, 0.0) if cohort.born < 0 else end
    movable = cohort.large if policy.larger_than is not None else not cohort.small
    stays, name, begin, moved = [], cohort.storage_class, cohort.born, False
    for move in policy.transitions if movable else ():
        at = max(cohort.born + move.days, 0.0)
        if at >= end or _RANK.index(move.storage_class) <= _RANK.index(name):
            continue
        if at > begin:
            stays.append(_Stay(name, begin, at, moved))
        name, begin, moved = move.storage_class, at, True
    return [*stays, _Stay(name, begin, end, moved)]


#: S3 moves objects only downwards.
_RANK: Final = (
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)


def _charge(
    bill: _Bill, cohort: Cohort, stay: _Stay, prices: PriceTable, months: int, read_share: float
) -> None:
    name, price = stay.storage_class, _price(prices, stay.storage_class)
    if stay.moved:
        moves = price.transition_per_1000 * cohort.objects / 1000
        bill.add(stay.begin, "transitions", name, moves)
    billed = cohort.bytes
    if price.minimum_bytes and cohort.small:
        billed = max(billed, cohort.objects * price.minimum_bytes)
    billed_gb = (billed + cohort.objects * price.overhead_bytes) / _GB
    standard_gb = cohort.objects * price.overhead_bytes_standard / _GB
    for month, share in _months(stay, months):
        _store(bill, month, share, cohort, stay, price, billed_gb)
        if standard_gb:
            bill.gb_months[month, "STANDARD"] += standard_gb * share
        read = read_share * share
        if read:
            _read(bill, month, read, cohort, name, price)
    least = stay.begin + price.minimum_days
    if stay.end < least:
        rest = (least - stay.end) / MONTH_DAYS * billed_gb
        bill.add(stay.end, "early deletion", name, price.storage(rest))


def _store(
    bill: _Bill,
    month: int,
    share: float,
    cohort: Cohort,
    stay: _Stay,
    price: ClassPrice,
    billed_gb: float,
) -> None:
    name = stay.storage_class
    if not price.unread_per_gb_month or cohort.small:
        bill.gb_months[month, name] += billed_gb * share
        return
    monitored = price.monitoring_per_1000 * cohort.objects / 1000 * share
    bill.amounts[month, "monitoring", name] += monitored
    age = max(month * MONTH_DAYS - stay.begin, 0.0)  # at the month's begin; no read renews it
    unread = [rate for days, rate in price.unread_per_gb_month if age >= days]
    if unread:
        bill.amounts[month, "storage", name] += unread[-1] * billed_gb * share
    else:
        bill.gb_months[month, name] += billed_gb * share


def _read(
    bill: _Bill, month: int, share: float, cohort: Cohort, name: str, price: ClassPrice
) -> None:
    asked = price.retrieval_per_1000.get("standard", 0.0) * cohort.objects / 1000
    fetched = price.retrieval_per_gb.get("standard", 0.0) * cohort.bytes / _GB
    bill.amounts[month, "retrieval", name] += share * (asked + fetched)
    got = price.get_per_1000 * cohort.objects / 1000
    bill.amounts[month, "requests", name] += share * got


def _months(stay: _Stay, months: int) -> Iterator[tuple[int, float]]:
    """The months of a stay from today on, and which share of each it is there."""
    begin, end = max(stay.begin, 0.0), min(stay.end, months * MONTH_DAYS)
    month = int(begin // MONTH_DAYS)
    while month * MONTH_DAYS < end:
        first, last = month * MONTH_DAYS, (month + 1) * MONTH_DAYS
        share = (min(last, end) - max(first, begin)) / MONTH_DAYS
        if share > 0:
            yield month, share
        month += 1


def _price(prices: PriceTable, name: str) -> ClassPrice:
    found = prices.classes.get(name)
    if found is None:
        known = ", ".join(prices.classes)
        raise ValueError(f"no price for storage class {name!r}; there are {known}")
    return found
