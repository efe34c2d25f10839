"""Floor 4: who talks with whom: a few busy peers, many rare ones, strangers at the door."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from flowparse.testing.addresses import Pair, office_pair, service_pair
from flowparse.testing.draws import Draws
from flowparse.testing.flows import Peer, Talk
from flowparse.testing.interfaces import Interface, Service

__all__ = ["GATEWAY_ENDPOINT", "INTERNET", "PRIVATE_GATEWAY", "SAME_VPC", "make_talks"]

# traffic-path: the way out of egress traffic
SAME_VPC: Final = "1"
PRIVATE_GATEWAY: Final = "3"
PEERING: Final = "4"
GATEWAY_ENDPOINT: Final = "7"
INTERNET: Final = "8"

_OUTBOUND: Final = (
    *[Service("tcp", 443)] * 24,
    *[Service("tcp", 80)] * 6,
    *[Service("udp", 443)] * 3,
    *[Service("udp", 53)] * 3,
    *[Service("udp", 123)] * 3,
    Service("tcp", 25),
    Service("tcp", 22),
    Service("icmp", 0),
    Service("esp", 0),
)
_PROBED: Final = (
    *[Service("tcp", 23)] * 6,
    *[Service("tcp", 3389)] * 4,
    *[Service("tcp", 445)] * 4,
    *[Service("tcp", 443)] * 2,
    *[Service("tcp", 8080)] * 2,
    *[Service("udp", 5060)] * 2,
    *[Service("udp", 53)] * 2,
    Service("tcp", 6379),
    Service("tcp", 1433),
    Service("tcp", 5900),
    Service("udp", 161),
    Service("icmp", 0),
)
_AWS_SERVICES: Final = (
    ("S3", GATEWAY_ENDPOINT),
    ("DYNAMODB", GATEWAY_ENDPOINT),
    ("AMAZON", INTERNET),
    ("EC2", INTERNET),
    ("CLOUDFRONT", INTERNET),
    ("ROUTE53_HEALTHCHECKS", INTERNET),
    ("API_GATEWAY", INTERNET),
)
_HTTPS: Final = Service("tcp", 443)
_SSH: Final = Service("tcp", 22)
_TRANSLATES: Final = ("nat_gateway", "regional_nat_gateway")

_STRANGER_EVERY: Final = 4  # peers
_SCANNERS: Final = 3  # strangers that every interface meets
_SCANNER_WEIGHT: Final = 3.0
_NEIGHBOURS: Final = 4  # that each interface has the most to do with
_INSIDE_WEIGHT: Final = 0.2  # of the busiest talk inside; the busiest outside has 1


def make_talks(
    draws: Draws,
    interfaces: Sequence[Interface],
    weights: Sequence[float],
    peers: Sequence[Pair],
    partners: Sequence[Interface],
) -> Iterator[Talk]:
    """Every conversation of the network.

    Parameters
    ----------
    interfaces, weights
        Those with traffic, and how busy each is.
    peers
        The busiest first.
    partners
        Interfaces of the peered VPC.
    """
    bounds = list(accumulate(weights))
    neighbours = _neighbours(interfaces)
    strangers = range(1, len(peers), _STRANGER_EVERY)
    for rank, pair in enumerate(peers):
        interface = interfaces[bisect(bounds, draws.random() * bounds[-1], 0, len(bounds) - 1)]
        if rank in strangers:
            yield _probe(draws, interface, pair)
        else:
            yield from _outside(draws, interface, pair, rank, neighbours[interface.vpc.id])
    for interface in interfaces:
        for rank in strangers[:_SCANNERS]:
            yield _scan(draws, interface, peers[rank])
        yield from _inside(draws, interface, neighbours[interface.vpc.id], partners)


def _neighbours(interfaces: Sequence[Interface]) -> dict[str, list[Interface]]:
    """The interfaces of each VPC."""
    found: dict[str, list[Interface]] = defaultdict(list)
    for interface in interfaces:
        found[interface.vpc.id].append(interface)
    return found


def _probe(draws: Draws, interface: Interface, pair: Pair) -> Talk:
    """A stranger at the door, now and then: no match for a story."""
    return _reject(draws, interface, pair, _SSH if draws.chance(0.15) else _guess(draws), 1.0)


def _scan(draws: Draws, interface: Interface, pair: Pair) -> Talk:
    """A stranger who tries every door, though not SSH, which is a story of its own."""
    return _reject(draws, interface, pair, _guess(draws), _SCANNER_WEIGHT)


def _reject(
    draws: Draws, interface: Interface, pair: Pair, service: Service, weight: float
) -> Talk:
    reason = "-" if draws.chance(0.8) else draws.pick(("BPA", "EC"))
    return Talk(interface, Peer(pair, INTERNET), False, service, weight, "REJECT", reason)


def _guess(draws: Draws) -> Service:
    """A port that strangers try."""
    return draws.pick(_PROBED) if draws.chance(0.7) else _rare(draws)


def _rare(draws: Draws) -> Service:
    """A port from the long tail."""
    return Service("udp" if draws.chance(0.2) else "tcp", draws.between(1024, 65535))


def _outside(
    draws: Draws, interface: Interface, pair: Pair, rank: int, neighbours: Sequence[Interface]
) -> Iterator[Talk]:
    """A client or a server on the internet; at a NAT gateway, for an instance behind it."""
    translated = interface.kind in _TRANSLATES
    outbound = translated or draws.chance(0.4)
    service = draws.pick(_OUTBOUND if outbound else interface.serves)
    if draws.chance(0.06):
        service = _rare(draws)
    weight = 1 / (rank + 1)
    yield Talk(interface, Peer(pair, INTERNET), outbound, service, weight)
    others = [other for other in neighbours if other is not interface] if translated else []
    if others:
        yield Talk(interface, _within(draws.pick(others)), False, service, weight, behind=pair)


def _within(interface: Interface) -> Peer:
    return Peer(interface.addresses, SAME_VPC, interface=interface)


def _inside(
    draws: Draws,
    interface: Interface,
    neighbours: Sequence[Interface],
    partners: Sequence[Interface],
) -> Iterator[Talk]:
    """With neighbours, the peered VPC, an office and AWS's services."""
    others = [draws.pick(neighbours) for _ in range(_NEIGHBOURS)]
    sides = [(_within(other), other.serves) for other in others if other is not interface]
    partner = draws.pick(partners)
    sides.append((Peer(partner.addresses, PEERING, interface=partner), partner.serves))
    sides.append((Peer(office_pair(draws.below(200)), PRIVATE_GATEWAY), (_HTTPS,)))
    name, path = draws.pick(_AWS_SERVICES)
    sides.append((Peer(service_pair(draws.below(200)), path, service=name), (_HTTPS,)))
    for rank, (peer, serves) in enumerate(sides, start=1):
        outbound = peer.service != "-" or draws.chance(0.5)
        service = draws.pick(serves if outbound else interface.serves)
        yield Talk(interface, peer, outbound, service, _INSIDE_WEIGHT / rank)
