"""Floor 4: what people and machines do in their own time: the noise that keeps no rhythm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from flowparse.testing.draws import Draws
from flowparse.testing.flows import Talk, flows_of, quiet_flow
from flowparse.testing.interfaces import Interface, Service
from flowparse.testing.levels import Level
from flowparse.testing.links import (
    Link,
    aws,
    between,
    converse,
    internet,
    inward,
    office,
    outward,
)
from flowparse.testing.neighbourhood import HOUR, Habit, Neighbourhood
from flowparse.testing.scene import Event, count_size
from flowparse.testing.visitors import Visitors

__all__ = ["make_habits"]

# Of the busiest hour, in per cent.
_DAY: Final = (
    *(25, 20, 18, 17, 18, 22, 35, 55, 80, 95, 100, 98),
    *(90, 95, 100, 98, 92, 85, 75, 65, 55, 48, 40, 30),
)
_AT_WORK: Final = range(8, 18)

_HTTPS: Final = Service("tcp", 443)
_SSH: Final = Service("tcp", 22)
_PEERS: Final = 20_000  # outside; the first are the busiest
_REPOSITORIES: Final = 310
_NEIGHBOURS: Final = 4  # machines that ask one of the same VPC
_SCANNERS: Final = 100_000  # their ranks begin here
_CRAWLED: Final = 300
_FORGOTTEN_AFTER: Final = 400  # seconds
_SENT: Final = (300, 500, 800, 1500, 4000, 20_000)
_GOT: Final = (500, 2000, 8000, 40_000, 300_000, 4_000_000)
_SECONDS: Final = (1, 1, 2, 5, 15, 50)
_TRIED: Final = (
    *[Service("tcp", 23)] * 6,
    *[Service("tcp", 22)] * 5,
    *[Service("tcp", 445)] * 4,
    *[Service("tcp", 3389)] * 4,
    *[Service("tcp", 8080)] * 2,
    *[Service("udp", 5060)] * 2,
    Service("tcp", 6379),
    Service("tcp", 1433),
)


def make_habits(here: Neighbourhood, level: Level) -> Iterator[tuple[str, Habit]]:
    """Each with a name."""
    if here.instances:
        for number, host in enumerate(here.instances):
            yield f"use {number}", _Use(here, host, level.sessions)
        yield "downloads", _Now(level.downloads, lambda d, at: _download(here, d, at))
        yield "passwords", _Now(level.typos, lambda d, at: _mistype(here, d, at), _AT_WORK)
        yield "many ports", _Now(level.many_ports, lambda d, at: _use_many_ports(here, d, at))
        yield "crawls", _Now(level.crawls, lambda d, at: _crawl(here, d, at))
        yield "late", _Now(level.late_answers, lambda d, at: _answer_late(here, d, at))
        yield "denied", lambda draws, at: _deny(here, level.denied_seconds, draws, at)
        yield "visitors", Visitors(here, level.visitors)
        yield "skipped", _Now(level.skips, lambda d, at: _skip(here, d, at))
    if here.public:
        yield "radiation", lambda draws, at: _radiate(here, level, draws, at)


class _Now:
    """Now and then: that many times a day, in some of its hours."""

    def __init__(
        self, a_day: int, happens: Callable[[Draws, int], Iterable[Event]], hours: range = range(24)
    ) -> None:
        self._share = a_day / len(hours)
        self._happens = happens
        self._hours = hours

    def __call__(self, draws: Draws, at: int) -> Iterator[Event]:
        if at // HOUR % 24 in self._hours:
            times = int(self._share) + draws.chance(self._share - int(self._share))
            for _ in range(times):
                yield from self._happens(draws, at)


class _Use:
    """Clients of one machine, and what it asks of others: fewer at night."""

    def __init__(self, here: Neighbourhood, host: Interface, sessions: int) -> None:
        self._here = here
        self._host = host
        self._sessions = sessions
        draws = here.draws("use", host.id)
        # Whom it turns to, and which machines turn to it, stays the same.
        self._friends = [(draws.below(200), draws.chance(here.ipv6)) for _ in range(3)]
        self._repository = _REPOSITORIES + draws.below(3)
        self._store = draws.below(max(1, len(here.stores)))
        self._neighbours = draws.shuffled(range(len(here.others(host))))[:_NEIGHBOURS] or [0]
        self._link = lru_cache(maxsize=4096)(self._make_link)

    def __call__(self, draws: Draws, at: int) -> Iterator[Event]:
        count = self._sessions * (50 + draws.below(100)) * _DAY[at // HOUR % 24] // 10_000
        for _ in range(count):
            link = self._link(*self._choose(draws))
            amount = (draws.along(_SENT), draws.along(_GOT), draws.along(_SECONDS))
            begin = at + draws.below(HOUR - 60)
            yield from converse(draws, link, begin, amount, self._here.interval)

    def _choose(self, draws: Draws) -> tuple[str, int, bool]:
        """What kind of session, with whom, and whether in IPv6."""
        here, host = self._here, self._host
        share, u = draws.random(), draws.random()
        if host in here.public and share < 0.75:
            # Some clients come all the time, and new ones never cease to.
            return "client", int(_PEERS * u * u * u), draws.chance(here.ipv6)
        if host in here.public:
            return ("friend", *draws.pick(self._friends)) if share < 0.9 else (
                "store", self._store, False
            )  # fmt: skip
        if host in here.apps and share < 0.4:
            return "abroad", int(_PEERS * u * u), False
        if share < 0.9:
            return "neighbour", draws.pick(self._neighbours), False
        return ("aws", 7, False) if share < 0.95 else ("repository", self._repository, False)

    def _make_link(self, kind: str, number: int, ipv6: bool) -> Link:
        here, host = self._here, self._host
        service = here.service(host)
        if kind == "client":
            return inward(host, internet(number), service, ipv6)
        if kind == "abroad":
            return outward(host, internet(number), _HTTPS, here.nat)
        if kind == "friend":
            return outward(host, internet(number), _HTTPS, None, ipv6)
        if kind == "repository":
            return outward(host, internet(number), _SSH, here.nat)
        if kind == "store" and here.stores:
            store = here.stores[number]
            return between(host, store, here.service(store))
        others = here.others(host)
        if kind == "neighbour" and others:
            return between(others[number], host, service)
        return outward(host, aws(number), _HTTPS)


def _download(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """Somebody fetches an image of hundreds of megabytes."""
    host = draws.pick(here.instances)
    got, seconds = 1_000_000 * draws.between(200, 2000), draws.between(200, 1200)
    link = outward(host, internet(draws.below(50)), _HTTPS)
    amount = (got // 60, got, seconds)
    yield from converse(draws, link, at + draws.below(HOUR - 1300), amount, here.interval)


def _mistype(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """Somebody in the office has the SSH password wrong twice, then right, and works."""
    # Most go to the machine that is there for it.
    host = here.instances[0] if draws.chance(0.75) else draws.pick(here.instances)
    link = inward(host, office(draws.below(30)), _SSH)
    begin = at + draws.below(HOUR - 1500)
    for turn in range(2):
        yield from converse(draws, link, begin + 20 * turn, (2100, 2900, 8), here.interval)
    amount = (draws.between(9000, 60_000), draws.between(40_000, 900_000), 900)
    yield from converse(draws, link, begin + 60, amount, here.interval)


def _use_many_ports(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """A cluster or an RPC service: dozens of high ports of one machine, all answered."""
    server = draws.pick(here.instances)
    client = draws.pick(here.others(server) or here.busy)
    begin = at + draws.below(HOUR - 700)
    for _ in range(draws.between(30, 60)):
        link = between(client, server, Service("tcp", draws.between(32768, 60999)))
        amount = (draws.along(_SENT), draws.along(_GOT), draws.along(_SECONDS))
        yield from converse(draws, link, begin + draws.below(600), amount, here.interval)


def _crawl(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """One machine fetches pages of hundreds of sites, which answer."""
    host = draws.pick(here.instances)
    begin = at + draws.below(HOUR - 1300)
    first = draws.below(50_000)
    for site in range(_CRAWLED):
        link = outward(host, internet(_PEERS + first + site), _HTTPS, here.nat)
        amount = (draws.along(_SENT), draws.along(_GOT), draws.along(_SECONDS))
        yield from converse(draws, link, begin + draws.below(1200), amount, here.interval)


def _answer_late(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """An answer that comes when the security group has forgotten the connection is rejected."""
    host = draws.pick(here.instances)
    link = inward(host, office(draws.below(200)), here.service(host))
    begin = at + draws.below(HOUR - 500)
    told = list(converse(draws, link, begin, (900, 4000, 2), here.interval))
    late = begin + _FORGOTTEN_AFTER
    response = link[0][1]._replace(action="REJECT")
    yield from told
    yield Event(late, late, response, told[0].port, count_size(1, 52, 1))


def _deny(here: Neighbourhood, seconds: int, draws: Draws, at: int) -> Iterator[Event]:
    """A client in the office that nobody ever let in and nobody ever turned off."""
    host = (here.stores or here.instances)[0]
    talk = Talk(host, office(199), False, here.service(host), 1.0, "REJECT")
    (flow,) = flows_of(talk, ipv6=False)
    for begin in range(at, at + HOUR - seconds + 1, seconds) if seconds else ():
        if draws.below(100) < _DAY[at // HOUR % 24]:
            moment, tries = begin + draws.below(max(1, seconds - 7)), draws.between(1, 3)
            size = count_size(tries, 60 * tries, 2)
            port = str(draws.between(32768, 60999))
            yield Event(moment, moment + tries - 1, flow, port, size)


def _skip(here: Neighbourhood, draws: Draws, at: int) -> Iterator[Event]:
    """One interval of one interface that AWS had to skip."""
    flow = quiet_flow(draws.pick(here.busy), "SKIPDATA")
    begin = at + here.interval * draws.below(HOUR // here.interval)
    yield Event(begin, begin + here.interval - 1, flow, "0", count_size(0, 0, 0))


def _radiate(here: Neighbourhood, level: Level, draws: Draws, at: int) -> Iterator[Event]:
    """Internet background radiation: strangers who try a port of some public addresses."""
    for _ in range(level.scanners // 2 + draws.below(level.scanners + 1)):
        peer = internet(_SCANNERS + draws.below(30_000))
        service, port = draws.pick(_TRIED), str(draws.between(32768, 60999))
        hit = draws.between(1, max(1, len(here.public) * level.reach // 100))
        for host in draws.shuffled(here.public)[:hit]:
            (flow,) = flows_of(Talk(host, peer, False, service, 1.0, "REJECT"), ipv6=False)
            begin, tries = at + draws.below(HOUR - 3), draws.pick((1, 1, 1, 2))
            size = count_size(tries, 44 * tries, 2 if service.protocol == "tcp" else 0)
            yield Event(begin, begin + tries - 1, flow, port, size)
