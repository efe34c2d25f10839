"""Floor 4, stage "draw": random choices that are the same on every machine.

Only `random.Random.random` is promised to give the same numbers in every Python, so every
choice is made from it with `+ - * /`, which IEEE 754 fixes to the last bit; `log` and `**`
would be the C library's.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

__all__ = ["Draws", "shares", "zipf"]

T = TypeVar("T")


class Draws:
    """A stream of choices, named by what it is for, so that one never disturbs another."""

    __slots__ = ("random",)

    def __init__(self, *names: object) -> None:
        self.random = Random(" ".join(str(name) for name in names)).random

    def below(self, stop: int) -> int:
        """A whole number in [0, stop)."""
        return int(self.random() * stop)

    def between(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + self.below(high - low + 1)

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        return self.random() < share

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def id(self, kind: str) -> str:
        """An id as AWS makes them today: `eni-0` and sixteen digits more."""
        return f"{kind}-0{self.digits(16)}"

    def digits(self, count: int, alphabet: str = "0123456789abcdef") -> str:
        """A text of `count` digits."""
        return "".join([self.pick(alphabet) for _ in range(count)])

    def along(self, knots: Sequence[int]) -> int:
        """A value whose quantiles are the knots, evenly spaced from the least to the greatest."""
        place = self.random() * (len(knots) - 1)
        knot = int(place)
        return int(knots[knot] + (knots[knot + 1] - knots[knot]) * (place - knot))


def zipf(count: int) -> list[float]:
    """Weights of `count` things, of which few are busy and many rare: 1, 1/2, 1/3, …"""
    return [1 / rank for rank in range(1, count + 1)]


def shares(total: int, weights: Sequence[float], offset: float = 0.0) -> list[int]:
    """Split `total` in proportion to the weights; the shares add up to it exactly.

    `offset` in [0, 1) decides who gets the remainders.
    """
    whole = list(accumulate(weights))
    bounds = [int(total * (upto / whole[-1]) + offset) for upto in whole[:-1]]
    return [high - low for low, high in zip([0, *bounds], [*bounds, total], strict=True)]
