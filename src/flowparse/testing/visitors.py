"""Floor 4: machines that come and go in a day: their interfaces begin, and end, with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from flowparse.testing.addresses import HOSTS_PER_SUBNET
from flowparse.testing.draws import Draws
from flowparse.testing.interfaces import Service, make_twin
from flowparse.testing.links import Link, aws, between, outward, ping
from flowparse.testing.neighbourhood import HOUR, Neighbourhood
from flowparse.testing.scene import Event, count_size

__all__ = ["Visitors"]

_DAY: Final = 86_400
_SUBNET: Final = 11
_MINUTES: Final = (20, 170)
_CHECK: Final = (count_size(6, 420, 3), count_size(5, 610, 19))
_FETCH: Final = (count_size(60, 4000, 3), count_size(900, 1_200_000, 19))


class _Visitor(NamedTuple):
    """From when to when, how it is checked, and how it fetches its work."""

    begin: int
    end: int
    check: Link
    fetch: Link


class Visitors:
    """So many machines a day that serve for an hour or two, behind the load balancer.

    They have a record a minute while they are there, and none before or after.
    """

    def __init__(self, here: Neighbourhood, a_day: int) -> None:
        self._here = here
        self._a_day = a_day
        self._visitor = lru_cache(maxsize=4 * a_day or 1)(self._make)

    def __call__(self, draws: Draws, at: int) -> Iterator[Event]:
        """What they do in that hour."""
        for number in range(self._a_day):
            visitor = self._visitor(at // _DAY, number)
            begin, end = max(at, visitor.begin), min(at + HOUR, visitor.end)
            for moment in range(begin, end, 30):
                yield from ping(visitor.check, moment, _port(draws), _CHECK)
                if moment % 600 < 30:
                    yield from ping(visitor.fetch, moment, _port(draws), _FETCH)

    def _make(self, day: int, number: int) -> _Visitor:
        here = self._here
        draws = here.draws("visitor", day, number)
        host = here.instances[number % len(here.instances)]
        place = (day * self._a_day + number) % HOSTS_PER_SUBNET
        machine = make_twin(draws, host, _SUBNET, place)
        # Whole minutes, so that none is without a record.
        minutes = draws.between(*_MINUTES)
        begin = day * _DAY + 60 * draws.below(1440 - minutes)
        check = between(here.balancer or host, machine, Service("tcp", 8080))
        fetch = outward(machine, aws(7), Service("tcp", 443))
        return _Visitor(begin, begin + 60 * minutes, check, fetch)


def _port(draws: Draws) -> str:
    return str(draws.between(32768, 60999))
