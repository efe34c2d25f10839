"""Floor 4: objects of cold storage classes are thawed, so that they can be read.

`look` finds out which are frozen, `price` says what thawing costs, `request` asks for it, `wait`
waits until it is done, and `thaw` makes of these the `when_frozen` of `flowparse.archive.restore`.
"""

from __future__ import annotations

from flowparse.thawing.asking import request
from flowparse.thawing.pricing import ThawPrice, price
from flowparse.thawing.running import thaw
from flowparse.thawing.states import ThawState, look
from flowparse.thawing.tiers import Tier
from flowparse.thawing.waiting import wait

__all__ = ["ThawPrice", "ThawState", "Tier", "look", "price", "request", "thaw", "wait"]
