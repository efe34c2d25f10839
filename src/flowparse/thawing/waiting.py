"""Floor 4: waiting until objects are thawed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from flowparse.access import read_access
from flowparse.archive import Frozen
from flowparse.thawing.states import ThawState, all_of, client_of, look_at, urls_of

__all__ = ["wait"]

_FIRST_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 900.0
_GROWTH: Final = 1.5


def wait(
    objects: Iterable[str | Frozen | ThawState],
    *,
    timeout: float | None = None,
    first: float = _FIRST_SECONDS,
    longest: float = _LONGEST_SECONDS,
    stop: threading.Event | None = None,
    told: Callable[[int, int], None] | None = None,
    session: Any = None,
) -> list[ThawState]:
    """Wait until no object is being thawed any more.

    Parameters
    ----------
    objects : iterable of str, Frozen or ThawState
    timeout : float, optional
        Seconds after which to give up. None waits as long as it takes: two days for `bulk`.
    first, longest : float
        Seconds before it is looked again: at first, and at most. Each pause is half as long again
        as the one before.
    stop : threading.Event, optional
        Once it is set, no more is waited.
    told : callable, optional
        Called with the number of objects being thawed, and of all, each time it was looked.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    list of ThawState
        In the order of the objects. One that is `ongoing` took too long; one that is `frozen`
        was never asked for, or its copy went again. It is not waited for.

    Raises
    ------
    SourceError
        An object is not there, or S3 cannot be reached. What was asked for goes on: wait again.

    Notes
    -----
    A HEAD request for each object that is not thawed yet, each time. A wait that ended can be
    taken up at any time, by any process: S3 alone knows how far it is.

    Examples
    --------
    >>> from flowparse.thawing import wait
    >>> wait([])
    []
    """
    urls = urls_of(objects)
    if not urls:
        return []
    access = read_access(session)
    client = client_of(access)
    stop = stop or threading.Event()
    deadline = None if timeout is None else time.monotonic() + timeout
    found: dict[str, ThawState] = {}
    pending, pause = urls, first
    while True:
        for one in all_of(lambda url: look_at(client, access, url), pending):
            found[one.url] = one
        pending = [url for url in pending if found[url].state == "ongoing"]
        if told is not None:
            told(len(pending), len(urls))
        left = pause if deadline is None else min(pause, deadline - time.monotonic())
        if not pending or left <= 0 or stop.wait(left):
            return [found[url] for url in urls]
        pause = min(pause * _GROWTH, longest)
