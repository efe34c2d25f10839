"""Floor 4: how fast an object is thawed, and which class knows which tier.

Source: Amazon S3 User Guide, "Archive retrieval options".
"""

from __future__ import annotations

from typing import Final, Literal, get_args

__all__ = ["TIERS", "Tier", "check_tier", "has_tier", "hours_of"]

Tier = Literal["expedited", "standard", "bulk"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)

#: Hours until objects of a class can be read, at most, as AWS names them. It promises none.
_HOURS: Final[dict[str, dict[Tier, float]]] = {
    "GLACIER": {"expedited": 5 / 60, "standard": 5, "bulk": 12},
    "DEEP_ARCHIVE": {"standard": 12, "bulk": 48},
    "ARCHIVE_ACCESS": {"expedited": 5 / 60, "standard": 5, "bulk": 12},
    "DEEP_ARCHIVE_ACCESS": {"standard": 12, "bulk": 48},
}


def check_tier(tier: str) -> Tier:
    """The tier of this name.

    Raises
    ------
    ValueError
        There is none.
    """
    for one in TIERS:
        if one == tier:
            return one
    raise ValueError(f"tier: expected one of {', '.join(TIERS)}, got {tier!r}")


def has_tier(kind: str, tier: Tier) -> bool:
    """Whether objects of a class, or of an archive tier of INTELLIGENT_TIERING, thaw so fast."""
    return tier in _HOURS.get(kind, ())


def hours_of(kind: str, tier: Tier) -> float:
    """Hours that it takes, at most as a rule."""
    return _HOURS[kind][tier]
