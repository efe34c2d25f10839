"""Floor 4: what machines do by the clock: the noise that a beacon could hide in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowparse.testing.draws import Draws
from flowparse.testing.interfaces import Service
from flowparse.testing.levels import Level
from flowparse.testing.links import (
    Link,
    aws,
    between,
    converse,
    internet,
    office,
    outward,
    ping,
)
from flowparse.testing.neighbourhood import HOUR, Habit, Neighbourhood
from flowparse.testing.scene import Event, count_size
from flowparse.testing.sizes import Size

__all__ = ["make_rhythms"]

_HTTPS: Final = Service("tcp", 443)
_NTP: Final = Service("udp", 123)
_NODE_EXPORTER: Final = Service("tcp", 9100)
_PING: Final = Service("icmp", 0)
_SSH: Final = Service("tcp", 22)
_OFTEN, _SELDOM = 64, 1024  # seconds between questions for the time
_TIME_SERVERS: Final = (300, 301)  # ranks of peers
_COLLECTOR: Final = 302
_ARCHIVE: Final = 303
_PARTNER_API: Final = 304
_CHECKED: Final = 3
_NIGHT: Final = 1
_BACKUP_SECONDS: Final = 1500

_DATAGRAM: Final = (count_size(1, 76, 0), count_size(1, 76, 0))
_CHECK: Final = (count_size(6, 420, 3), count_size(5, 610, 19))
_ECHO: Final = (count_size(3, 252, 0), count_size(3, 252, 0))
_PLAYBOOK: Final = (count_size(40, 9000, 3), count_size(38, 11_000, 19))
_SCRAPE: Final = (count_size(9, 780, 3), count_size(24, 26_000, 19))
_REPORT: Final = (count_size(9, 2400, 3), count_size(8, 5100, 19))


def make_rhythms(here: Neighbourhood, level: Level) -> Iterator[tuple[str, Habit]]:
    """Each with a name."""
    for number, host in enumerate(here.instances):
        seconds = _OFTEN if number % level.ntp_every == 0 else _SELDOM
        server = internet(_TIME_SERVERS[number % 2])
        yield f"time {number}", _beat(here, outward(host, server, _NTP), seconds, _DATAGRAM)
        if level.agent_seconds:
            link = outward(host, aws(11, "AMAZON"), _HTTPS)
            yield f"agent {number}", _beat(here, link, level.agent_seconds, _REPORT)
    if level.check_seconds and here.balancer:
        for host in (here.apps + here.public)[:_CHECKED]:
            link = between(here.balancer, host, here.service(host))
            yield f"check {host.id}", _beat(here, link, level.check_seconds, _CHECK)
    if level.monitor_seconds and len(here.instances) > 1:
        monitor = here.instances[-1]
        for host in here.others(monitor):
            link = between(monitor, host, _NODE_EXPORTER)
            yield f"monitor {host.id}", _beat(here, link, level.monitor_seconds, _SCRAPE)
            link = between(monitor, host, _PING)
            yield f"ping {host.id}", _beat(here, link, level.monitor_seconds, _ECHO)
    if level.ssh_seconds and len(here.instances) > 1:
        # All machines once an hour, and one of them all the time.
        automation = here.instances[0]
        for number, host in enumerate(here.others(automation)):
            link = between(automation, host, _SSH)
            seconds = HOUR if number else level.ssh_seconds
            yield f"automation {host.id}", _beat(here, link, seconds, _PLAYBOOK)
    yield from _make_jobs(here, level)


def _make_jobs(here: Neighbourhood, level: Level) -> Iterator[tuple[str, Habit]]:
    """Each hour, each night, and all the time."""
    hosts = here.instances
    for number, host in enumerate(hosts[: level.jobs]):
        # The first goes to a partner outside where it is loud, the others to the office.
        outside = level.offsite and number == 0
        peer = internet(_PARTNER_API) if outside else office(number)
        yield f"job {number}", _beat(here, outward(host, peer, _HTTPS), HOUR, _REPORT)
    stores = here.stores or hosts
    if stores:
        yield "backup", _backup(here, outward(stores[0], aws(7), _HTTPS), level.backup_bytes)
        if level.offsite:
            link = outward(stores[-1], internet(_ARCHIVE), _HTTPS, here.nat)
            yield "archive", _backup(here, link, level.backup_bytes // 4)
    if len(stores) > 1:
        link = between(stores[1], stores[0], here.service(stores[0]))
        yield "replica", _replicate(here, link)
    if level.offsite:
        for number, host in enumerate(hosts[1::2]):
            link = outward(host, internet(_COLLECTOR), _HTTPS)
            yield f"collector {number}", _beat(here, link, 300, _REPORT)


def _beat(here: Neighbourhood, link: Link, seconds: int, sizes: tuple[Size, Size]) -> Habit:
    """A question every so many seconds, each host's at a moment of its own."""
    request = link[0][0]
    phase = here.draws("phase", request.source, request.destination, seconds).below(seconds)

    def habit(draws: Draws, at: int) -> Iterator[Event]:
        for begin in range(at + (phase - at) % seconds, at + HOUR, seconds):
            yield from ping(link, begin, str(draws.between(32768, 60999)), sizes)

    return habit


def _backup(here: Neighbourhood, link: Link, total: int) -> Habit:
    """Every night after one o'clock, about as much as in every other night."""

    def habit(draws: Draws, at: int) -> Iterator[Event]:
        if at // HOUR % 24 == _NIGHT:
            sent = total * draws.between(92, 108) // 100
            begin = at + 300 + draws.below(300)
            amount = (sent, sent // 50, _BACKUP_SECONDS)
            yield from converse(draws, link, begin, amount, here.interval)

    return habit


def _replicate(here: Neighbourhood, link: Link) -> Habit:
    """A connection that is never closed."""
    port, length = str(here.draws("replica").between(32768, 60999)), here.interval

    def habit(draws: Draws, at: int) -> Iterator[Event]:
        for begin in range(at, at + HOUR, length):
            sent, got = draws.between(200_000, 900_000), draws.between(8000, 20_000)
            sizes = (count_size(sent // 1000, sent, 0), count_size(got // 80, got, 0))
            for request, response in link:
                yield Event(begin, begin + length - 1, request, port, sizes[0])
                yield Event(begin, begin + length - 1, response, port, sizes[1])

    return habit
