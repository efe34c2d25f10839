"""What objects cost, against sums made by hand. A month has 30.41667 days, a GB 2^30 bytes."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from flowparse.lifecycle.costing import SCENARIOS, cost
from flowparse.lifecycle.forecast import Compaction, forecast
from flowparse.lifecycle.policy import Policy, Transition
from flowparse.lifecycle.prices import load_prices
from flowparse.lifecycle.stock import Arrival, Stock

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MIB, GIB = 1 << 20, 1 << 30
COLD = Policy(transitions=(Transition("GLACIER_IR", 90),), expire=365)


def stock(*rows: tuple[str, int, int, int]) -> Stock:
    return Stock.made(NOW, rows)


def costs(given: Stock, policy: Policy = COLD, **options: Any) -> dict[tuple[int, str, str], float]:
    options = {"arrivals": [], "months": 12} | options
    table = forecast(given, policy, load_prices(), **options)
    found: dict[tuple[int, str, str], float] = defaultdict(float)
    for row in table.to_pylist():
        found[row["month"], row["part"], row["storage_class"]] += row["amount"]
    return found


def test_storage_is_billed_by_the_month() -> None:
    """10 GB at 0.023."""
    found = costs(stock(("STANDARD", 0, 1, 10 * GIB)), Policy(), months=2)
    assert found == {
        (0, "storage", "STANDARD"): pytest.approx(0.23),
        (1, "storage", "STANDARD"): pytest.approx(0.23),
    }


def test_prices_have_steps() -> None:
    """60 TB: 51,200 GB at 0.023 and 10,240 GB at 0.022: 1,177.60 + 225.28."""
    found = costs(stock(("STANDARD", 0, 1000, 60 * 1024 * GIB)), Policy(), months=1)
    assert found[0, "storage", "STANDARD"] == pytest.approx(1402.88)


def test_a_move_splits_its_month_and_is_billed_an_object() -> None:
    """1,000 objects of 1 MiB are 0.9765625 GB; day 90 is 0.958904 into the third month."""
    found = costs(stock(("STANDARD", 0, 1000, 1000 * MIB)))
    assert found[1, "storage", "STANDARD"] == pytest.approx(0.0224609375)
    assert found[2, "storage", "STANDARD"] == pytest.approx(0.0224609375 * 0.9589041)
    assert found[2, "storage", "GLACIER_IR"] == pytest.approx(0.00390625 * 0.0410959, rel=1e-5)
    assert found[2, "transitions", "GLACIER_IR"] == pytest.approx(0.02)
    assert (3, "storage", "STANDARD") not in found


def test_what_goes_before_its_time_is_billed_to_its_end() -> None:
    """Moved at 90 and gone at 120, 60 days of 90 are left: 1.972603 months of 0.00390625."""
    policy = Policy(transitions=COLD.transitions, expire=120)
    found = costs(stock(("STANDARD", 0, 1000, 1000 * MIB)), policy)
    assert found[3, "early deletion", "GLACIER_IR"] == pytest.approx(0.00770548, rel=1e-5)


def test_objects_below_128_kib_stay_where_they_are() -> None:
    """S3 does not move them, unless a rule names a size."""
    small = stock(("STANDARD", 0, 1_000_000, 1_000_000 * 1024))
    assert {key[2] for key in costs(small)} == {"STANDARD"}
    named = Policy(transitions=COLD.transitions, larger_than=100)
    told = Stock.made(NOW, [("STANDARD", 0, 1_000_000, 1_000_000 * 1024)], larger_than=100)
    found = costs(told, named)
    assert found[2, "transitions", "GLACIER_IR"] == pytest.approx(20.0)
    # 1,000,000 objects of 128 KiB are 122.0703125 GB, at 0.004.
    assert found[4, "storage", "GLACIER_IR"] == pytest.approx(0.48828125)


def test_small_objects_are_billed_as_128_kib() -> None:
    """1,000,000 objects of 1 KiB in STANDARD_IA: 122.0703125 GB at 0.0125."""
    found = costs(stock(("STANDARD_IA", 40, 1_000_000, 1_000_000 * 1024)), Policy(), months=1)
    assert found[0, "storage", "STANDARD_IA"] == pytest.approx(1.52587890625)


def test_archived_objects_have_an_overhead() -> None:
    """Of 1,000,000 objects of 1 MiB 32 KiB each at 0.0036, and 8 KiB each at 0.023."""
    found = costs(stock(("GLACIER", 100, 1_000_000, 1_000_000 * MIB)), Policy(), months=1)
    assert found[0, "storage", "GLACIER"] == pytest.approx((976.5625 + 30.517578125) * 0.0036)
    assert found[0, "storage", "STANDARD"] == pytest.approx(7.62939453125 * 0.023)


def test_intelligent_tiering_gets_cheaper_unread_and_is_monitored() -> None:
    """1,000 objects of 10 MiB are 9.765625 GB: at 0.023, after 30 days 0.0125, after 90 0.004."""
    given = stock(("INTELLIGENT_TIERING", 0, 1000, 10_000 * MIB))
    found = costs(given, Policy(), months=5)
    prices = [found[month, "storage", "INTELLIGENT_TIERING"] for month in range(5)]
    rates = [0.023, 0.0125, 0.0125, 0.004, 0.004]
    assert prices == pytest.approx([9.765625 * rate for rate in rates])
    assert found[0, "monitoring", "INTELLIGENT_TIERING"] == pytest.approx(0.0025)


def test_what_comes_is_put_and_grows() -> None:
    """288 objects a day: 31 days of the first month have a PUT, at 0.005 a thousand."""
    come = [Arrival.of(288, 288 * MIB)]
    found = costs(stock(), Policy(), arrivals=come, months=2)
    assert found[0, "requests", "STANDARD"] == pytest.approx(31 * 288 * 0.005 / 1000)
    # Day d is there for (365/12 - d) days of the first month, d = 0..30.
    days = sum(365 / 12 - day for day in range(31)) / (365 / 12)
    assert found[0, "storage", "STANDARD"] == pytest.approx(days * 0.28125 * 0.023)


def test_expired_objects_cost_nothing_more() -> None:
    """What is older than the rule today goes today, and what comes goes in its turn."""
    assert costs(stock(("STANDARD", 400, 1000, GIB)), Policy(expire=365)) == {}
    found = costs(stock(("STANDARD", 335, 1000, GIB)), Policy(expire=365))
    assert found == {(0, "storage", "STANDARD"): pytest.approx(0.023 * 30 / (365 / 12))}


def test_compaction_reads_and_writes_and_shrinks() -> None:
    """288 GETs at 0.0004 and 1.125 PUTs at 0.005 a thousand; as many bytes stay as was said."""
    given = stock(("STANDARD", 3, 288, 288 * MIB))
    found = costs(given, Policy(), compaction=Compaction(size=0.5), months=1)
    # 144 MiB are 1.125 objects of 128 MiB.
    requests = 288 * 0.0004 / 1000 + 1.125 * 0.005 / 1000
    assert found[0, "requests", "STANDARD"] == pytest.approx(requests)
    assert found[0, "storage", "STANDARD"] == pytest.approx(0.140625 * 0.023)


def test_compaction_leaves_what_must_be_thawed() -> None:
    """DEEP_ARCHIVE is billed as without it."""
    given = stock(("DEEP_ARCHIVE", 300, 1000, 1000 * MIB))
    assert costs(given, compaction=Compaction()) == costs(given)


def test_reading_costs_what_the_class_asks() -> None:
    """A tenth of 1,000 objects of 10 MiB in GLACIER_IR: 0.9765625 GB at 0.03, 100 GETs at 0.01."""
    given = stock(("GLACIER_IR", 200, 1000, 10_000 * MIB))
    found = costs(given, Policy(), months=1, read_share=0.1)
    assert found[0, "retrieval", "GLACIER_IR"] == pytest.approx(0.9765625 * 0.03)
    assert found[0, "requests", "GLACIER_IR"] == pytest.approx(0.001)


def test_three_scenarios_stand_side_by_side() -> None:
    """The plan is cheaper than no rule, and fewer, larger objects are cheaper to move."""
    given = stock(*(("STANDARD", age, 288, 288 * MIB) for age in range(1, 91)))
    table = cost(given, COLD, months=60)
    sums = table.group_by("scenario").aggregate([("amount", "sum")]).to_pylist()
    by_name = {row["scenario"]: row["amount_sum"] for row in sums}
    assert list(dict.fromkeys(table["scenario"].to_pylist())) == list(SCENARIOS)
    assert by_name["as it is"] > by_name["plan"] > by_name["plan and archive"]
    assert table.schema.metadata[b"currency"] == b"USD"


def test_arrivals_are_those_of_the_last_thirty_days() -> None:
    """Of 60 days with 10 objects each, 10 a day; today, which is not over, does not count."""
    days = stock(*(("STANDARD", age, 10, 10 * MIB) for age in range(60)))
    assert days.arrivals() == (Arrival(10.0, 10.0 * MIB, False, True),)
    assert stock(("STANDARD", 0, 7, 7)).arrivals() == ()


@pytest.mark.parametrize(("name", "value"), [("months", 0), ("read_share", -1)])
def test_a_number_out_of_range_is_refused(name: str, value: int) -> None:
    """The message names it."""
    with pytest.raises(ValueError, match=name):
        cost(stock(), COLD, **{name: value})


def test_a_class_without_a_price_is_named() -> None:
    """And those that have one are listed."""
    with pytest.raises(ValueError, match="'EXPRESS_ONEZONE'; there are STANDARD"):
        costs(stock(("EXPRESS_ONEZONE", 0, 1, 1)))
