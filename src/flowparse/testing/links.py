"""Floor 4: benign conversations as every interface sees them: requests paired with answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from flowparse.testing.addresses import office_pair, peer_pair, service_pair
from flowparse.testing.draws import Draws
from flowparse.testing.flows import Flow, Peer, Talk, flows_of
from flowparse.testing.interfaces import Interface, Service
from flowparse.testing.scene import Event, count_size
from flowparse.testing.sizes import Size
from flowparse.testing.talks import GATEWAY_ENDPOINT, INTERNET, PRIVATE_GATEWAY, SAME_VPC

__all__ = [
    "Link",
    "aws",
    "between",
    "converse",
    "internet",
    "inward",
    "office",
    "outward",
    "ping",
]

#: Request and response, once for each interface that sees them.
Link = Sequence[tuple[Flow, Flow]]

_SEGMENT: Final = 1200
_SYN, _SYN_ACK, _FIN = 2, 18, 1


def internet(rank: int) -> Peer:
    """A peer outside."""
    return Peer(peer_pair(rank, 0), INTERNET)


def office(number: int) -> Peer:
    """Somebody in an office behind a virtual private gateway."""
    return Peer(office_pair(number), PRIVATE_GATEWAY)


def aws(number: int, name: str = "S3") -> Peer:
    """An AWS service."""
    return Peer(service_pair(number), GATEWAY_ENDPOINT if name == "S3" else INTERNET, service=name)


def between(client: Interface, server: Interface, service: Service, ipv6: bool = False) -> Link:
    """Two interfaces of a VPC: both see it."""
    asks = Talk(client, Peer(server.addresses, SAME_VPC, interface=server), True, service, 1.0)
    answers = Talk(server, Peer(client.addresses, SAME_VPC, interface=client), False, service, 1.0)
    return _link(ipv6, asks, answers)


def inward(server: Interface, peer: Peer, service: Service, ipv6: bool = False) -> Link:
    """A client that comes from elsewhere."""
    return _link(ipv6, Talk(server, peer, False, service, 1.0))


def outward(
    client: Interface,
    peer: Peer,
    service: Service,
    nat: Interface | None = None,
    ipv6: bool = False,
) -> Link:
    """A server elsewhere; where a NAT gateway is between, that sees both of its own sides."""
    talks = [Talk(client, peer, True, service, 1.0)]
    if nat is not None:
        inside = Peer(client.addresses, SAME_VPC, interface=client)
        talks.append(Talk(nat, inside, False, service, 1.0, behind=peer.addresses))
        talks.append(Talk(nat, peer, True, service, 1.0))
    return _link(ipv6, *talks)


def _link(ipv6: bool, *talks: Talk) -> Link:
    pairs = [tuple(flows_of(talk, ipv6)) for talk in talks]
    return [(request, response) for request, response in pairs]


def ping(link: Link, at: int, port: str, sizes: tuple[Size, Size]) -> Iterator[Event]:
    """A question and its answer within a second."""
    asked, answered = sizes
    for request, response in link:
        yield Event(at, at, request, port, asked)
        yield Event(at, at, response, port, answered)


def converse(
    draws: Draws, link: Link, at: int, amount: tuple[int, int, int], interval: int
) -> Iterator[Event]:
    """One connection of so many bytes sent, bytes got and seconds, a record each interval.

    It opens and closes, unless it is not of TCP.
    """
    sent, got, seconds = amount
    port = str(draws.between(32768, 60999))
    pieces = max(1, -(-seconds // interval))
    tcp = link[0][0].protocol == "6"
    for piece in range(pieces):
        begin = at + piece * interval
        end = min(begin + interval, at + max(1, seconds)) - 1
        opens, closes = tcp and piece == 0, tcp and piece == pieces - 1
        asked = _sized(sent // pieces, _SYN * opens | _FIN * closes)
        answered = _sized(got // pieces, _SYN_ACK * opens | _FIN * closes)
        for request, response in link:
            yield Event(begin, end, request, port, asked)
            yield Event(begin, end, response, port, answered)


def _sized(total: int, flags: int) -> Size:
    return count_size(total // _SEGMENT + (4 if flags else 1), total + 60, flags)
