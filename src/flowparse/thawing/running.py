"""Floor 4: what `restore` does where objects of the archive are frozen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from flowparse.archive import Frozen
from flowparse.thawing.asking import request
from flowparse.thawing.pricing import ThawPrice, price
from flowparse.thawing.states import look
from flowparse.thawing.tiers import Tier, check_tier
from flowparse.thawing.waiting import wait

__all__ = ["thaw"]


def thaw(
    tier: Tier,
    days: int = 7,
    *,
    apply: bool = False,
    wait_seconds: float | None = 0,
    first: float = 5.0,
    prices: Any = None,
    on_price: Callable[[ThawPrice], None] | None = None,
    on_asked: Callable[[pa.Table], None] | None = None,
    told: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
    session: Any = None,
) -> Callable[[Sequence[Frozen]], bool]:
    """What `flowparse.archive.restore` takes as `when_frozen`: thaw, and maybe wait.

    Parameters
    ----------
    tier : {"expedited", "standard", "bulk"}
    days : int
        For which the copies stay.
    apply : bool
        Ask S3 for it. Otherwise nothing is asked for, and nothing paid.
    wait_seconds : float or None
        How long to wait; None is as long as it takes.
    first : float
        Seconds before it is looked again, at first; later ever less often.
    prices : flowparse.lifecycle.PriceTable, optional
    on_price : callable, optional
        Called with the `ThawPrice` before anything is asked for. What it raises ends the run.
    on_asked : callable, optional
        Called with the table of `request`.
    told : callable, optional
        As in `wait`.
    stop : threading.Event, optional
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        There is no such tier, or less than a day.

    Notes
    -----
    A run that ended is taken up by the same call: what is being thawed is not asked for again,
    and what is thawed is restored.

    Examples
    --------
    >>> import flowparse
    >>> when = flowparse.thawing.thaw("bulk", days=3, on_price=print)
    >>> when([])  # no object is frozen
    False
    """
    check_tier(tier)
    if days < 1:
        raise ValueError(f"days: expected 1 or more, got {days!r}")

    def when_frozen(frozen: Sequence[Frozen]) -> bool:
        states = look(frozen, session=session)
        if on_price is not None and any(one.state == "frozen" for one in states):
            on_price(price(states, tier, days, prices=prices))
        asked = request(states, tier, days, apply=apply, session=session)
        if on_asked is not None and asked.num_rows:
            on_asked(asked)
        if wait_seconds is None or wait_seconds > 0:
            states = wait(
                states, timeout=wait_seconds, first=first, stop=stop, told=told, session=session
            )
        return apply or any(one.can_be_read for one in states)

    return when_frozen
