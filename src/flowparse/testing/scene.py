"""Floor 4: where and when a story is told, and what it is told with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from flowparse.testing.addresses import Pair, host_pair, story_address
from flowparse.testing.draws import Draws
from flowparse.testing.flows import Flow, Peer, Talk, flows_of
from flowparse.testing.interfaces import Interface, Service
from flowparse.testing.sizes import Size
from flowparse.testing.talks import INTERNET, SAME_VPC

__all__ = ["Event", "Exchange", "Scene", "Script", "count_size"]

# /20 subnets of a VPC that stories alone have: their own hosts', their clients', a swept one.
_CLIENTS_SUBNET: Final = 9
_SWEPT_SUBNET: Final = 10

_CLIENTS: Final = 3

Exchange = tuple["Event", "Event"]


class Event(NamedTuple):
    """One record of a story."""

    start: int
    end: int
    flow: Flow
    port: str
    size: Size


class Script(NamedTuple):
    """The records of a story and of the answers to it.

    Attributes
    ----------
    skipped : sequence of Event
        SKIPDATA records, which name no address.
    around : sequence of Event
        The ordinary life of the interface, with other addresses than the story's.
    shows : (int, int) or None
        When there is something to find, where that is not from the first request to the last.
    silent : bool
        The interface writes nothing from `shows` on.
    threat_list : tuple of str
        Addresses and networks that a list warns of.
    """

    requests: list[Event]
    replies: list[Event]
    interval_seconds: int | None = None
    jitter_seconds: int | None = None
    skipped: Sequence[Event] = ()
    around: Sequence[Event] = ()
    shows: tuple[int, int] | None = None
    silent: bool = False
    threat_list: tuple[str, ...] = ()


class Scene(NamedTuple):
    """Where and when a story is told; its strangers have the addresses of these `places`."""

    draws: Draws
    interface: Interface
    start: int
    seconds: int
    places: range
    interval: int

    def at(self, share: float) -> int:
        """The moment when that share of the time is over."""
        return self.start + int(self.seconds * share)

    def within(self, begin: int, length: int) -> int:
        """A moment of those seconds."""
        return begin + self.draws.below(length)

    def strangers(self, count: int) -> list[Peer]:
        """That many peers that nobody else talks with."""
        places = self.draws.shuffled(self.places)[:count]
        return [Peer(Pair(story_address(place), "-"), INTERNET) for place in places]

    def clients(self, count: int) -> list[Peer]:
        """That many hosts of the same VPC that nobody else talks with."""
        # Each story has its own: its strangers' places tell it from the others.
        first = self.places.start
        return [self._inside(_CLIENTS_SUBNET, first + number) for number in range(count)]

    def subnet(self, count: int) -> list[Peer]:
        """That many addresses of one subnet of the same VPC, used or not."""
        return [self._inside(_SWEPT_SUBNET, number) for number in range(count)]

    def _inside(self, subnet: int, host: int) -> Peer:
        account = int(self.interface.addresses.v4.split(".")[1])
        return Peer(host_pair(account, subnet, host), SAME_VPC)

    def flows(
        self, peer: Peer, service: Service, *, action: str, outbound: bool | None = None
    ) -> list[Flow]:
        """The request and, where it is accepted, the response.

        Unless told otherwise, what is accepted goes out, and what is rejected came in.
        """
        goes_out = action == "ACCEPT" if outbound is None else outbound
        talk = Talk(self.interface, peer, goes_out, service, 1.0, action)
        return list(flows_of(talk, ipv6=False))

    def client_port(self) -> str:
        """A port for one connection."""
        return str(self.draws.between(32768, 60999))

    def connection(
        self, flows: Sequence[Flow], at: int, sent: tuple[int, int], got: tuple[int, int]
    ) -> Exchange:
        """A short connection, opened and closed: both sides' bytes are of these ranges."""
        end = min(at + self.draws.between(0, 5), self.start + self.seconds - 1)
        port = self.client_port()
        request, response = flows
        return (
            Event(at, end, request, port, self._some(sent, 3)),
            Event(at, end, response, port, self._some(got, 19)),
        )

    def _some(self, total: tuple[int, int], flags: int) -> Size:
        count = self.draws.between(*total)
        return count_size(4 + count // 1200, count, flags)

    def life(self, until: int, gap: int, pauses: range = range(0)) -> Iterator[Event]:
        """Clients of the same VPC use the interface's HTTPS, about every `gap` seconds each."""
        for peer in self.clients(_CLIENTS):
            flows = self.flows(peer, Service("tcp", 443), action="ACCEPT", outbound=False)
            for begin in range(self.start, until - gap + 1, gap):
                at = self.within(begin, max(1, gap - 6))
                if at not in pauses and at + 5 not in pauses:
                    yield from self.connection(flows, at, (600, 3000), (2000, 60_000))

    def errands(self, until: int, gap: int) -> Iterator[Event]:
        """The interface turns to two servers of the same VPC as often."""
        for peer in self.clients(_CLIENTS + 2)[_CLIENTS:]:
            flows = self.flows(peer, Service("tcp", 5432), action="ACCEPT")
            for begin in range(self.start, until - gap + 1, gap):
                at = self.within(begin, max(1, gap - 6))
                yield from self.connection(flows, at, (600, 3000), (2000, 60_000))


def count_size(packets: int, total: int, flags: int) -> Size:
    """Packets, bytes and flags as a record has them."""
    # A transit gateway also tells ACK, but never ACK alone.
    acknowledged = flags | 16 if flags and packets > 1 else flags
    return Size(str(packets), str(total), str(flags), str(acknowledged))
