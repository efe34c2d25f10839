"""What thawing costs, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flowparse.thawing import ThawState, price, request, thaw

GB = 1 << 30


def one_class(**retrieval: tuple[float, float]) -> SimpleNamespace:
    """Prices of a GB and of a thousand requests, by tier."""
    return SimpleNamespace(
        storage_per_gb_month=((None, 0.3),),
        retrieval_per_gb={tier: found[0] for tier, found in retrieval.items()},
        retrieval_per_1000={tier: found[1] for tier, found in retrieval.items()},
    )


#: Round figures, so that the sums below can be made in the head.
PRICES = SimpleNamespace(
    currency="EUR",
    date="2026-01-02",
    region="here",
    classes={
        "STANDARD": one_class(standard=(0, 0)),
        "GLACIER": one_class(expedited=(4, 10_000), standard=(2, 1000), bulk=(0, 0)),
        "DEEP_ARCHIVE": one_class(standard=(8, 3000), bulk=(1, 500)),
    },
)


def state(gb: float, kind: str, state: str = "frozen") -> ThawState:
    return ThawState(f"s3://kept/{kind}/{gb}", int(gb * GB), kind, state)  # type: ignore[arg-type]


def test_price_of_two_classes() -> None:
    """Bytes, requests and copies are each priced by the class; what thaws already is free."""
    states = [
        state(3, "GLACIER"),
        state(0.5, "DEEP_ARCHIVE"),
        state(100, "GLACIER", "ongoing"),
        state(100, "DEEP_ARCHIVE", "thawed"),
        state(100, "STANDARD", "readable"),
    ]
    found = price(states, "standard", days=10, prices=PRICES)
    assert (found.objects, found.bytes) == (2, int(3.5 * GB))
    assert found.retrieval == pytest.approx(3 * 2 + 0.5 * 8)
    assert found.requests == pytest.approx(1 + 3)
    assert found.storage == pytest.approx(3.5 * 0.3 * 10 / 30)
    assert found.total == pytest.approx(10 + 4 + 0.35)
    assert (found.currency, found.date, found.region) == ("EUR", "2026-01-02", "here")
    assert found.hours == 12  # DEEP_ARCHIVE is the slower one


def test_intelligent_tiering_is_billed_for_haste_alone() -> None:
    """Archive tiers of INTELLIGENT_TIERING have no copies, and cost what GLACIER does for haste."""
    states = [state(2, "ARCHIVE_ACCESS")]
    assert price(states, "bulk", prices=PRICES).total == 0
    fast = price(states, "expedited", prices=PRICES)
    assert (fast.retrieval, fast.requests, fast.storage) == (8, 10, 0)
    assert fast.hours < 0.1


def test_deep_archive_has_no_expedited() -> None:
    """What S3 would refuse is refused before anything is asked, and the object is named."""
    for kind in ("DEEP_ARCHIVE", "DEEP_ARCHIVE_ACCESS"):
        message = f"s3://kept/{kind}/1 is {kind}, which has no expedited thawing"
        with pytest.raises(ValueError, match=message):
            price([state(1, kind)], "expedited", prices=PRICES)
        with pytest.raises(ValueError, match=message):
            request([state(1, kind)], "expedited", apply=True)


def test_a_price_that_is_missing_is_named() -> None:
    """A table without the price of a tier is not taken for one where it is free."""
    classes = {**PRICES.classes, "GLACIER": one_class(standard=(2, 1000))}
    table = SimpleNamespace(**{**vars(PRICES), "classes": classes})
    with pytest.raises(ValueError, match=r"classes\.GLACIER\.retrieval_per_gb\.bulk is missing"):
        price([state(1, "GLACIER")], "bulk", prices=table)


@pytest.mark.parametrize("days", [0, -1])
def test_days_are_one_or_more(days: int) -> None:
    """A copy stays for a day at least."""
    for ask in (price, request):
        with pytest.raises(ValueError, match="days: expected 1 or more"):
            ask([], "bulk", days)
    with pytest.raises(ValueError, match="days: expected 1 or more"):
        thaw("bulk", days)
    with pytest.raises(ValueError, match="tier: expected one of expedited, standard, bulk"):
        thaw("slow")  # type: ignore[arg-type]
