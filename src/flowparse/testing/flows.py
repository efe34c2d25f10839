"""Floor 4: a conversation, and the flows that a flow log sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from flowparse.testing.addresses import Pair
from flowparse.testing.interfaces import Interface, Service

__all__ = ["EPHEMERAL", "Flow", "Peer", "Talk", "flows_of", "quiet_flow"]

#: Stands for the client's port, which every record draws anew.
EPHEMERAL: Final = "{0}"

_NUMBERS: Final = {"tcp": "6", "udp": "17", "esp": "50", "gre": "47", "ipip": "4"}
_ICMP, _ICMP_V6 = "1", "58"


class Peer(NamedTuple):
    """The far side of an interface's traffic, and the traffic-path to it."""

    addresses: Pair
    path: str
    service: str = "-"
    interface: Interface | None = None


class Talk(NamedTuple):
    """A conversation that comes up again and again, `weight` times as often as others.

    `outbound`: the interface is the client. `behind`: whom the packets name in place of the
    interface, as at a NAT gateway.
    """

    interface: Interface
    peer: Peer
    outbound: bool
    service: Service
    weight: float
    action: str = "ACCEPT"
    reason: str = "-"
    behind: Pair | None = None


class Flow(NamedTuple):
    """One direction of a talk, in one address family: what one record tells.

    `near` is the interface's side, `far` the peer's. `sizes` names the pool that packets,
    bytes and flags come from.
    """

    interface: Interface
    peer: Peer
    egress: bool
    ipv6: bool
    protocol: str
    near: str
    near_packet: str
    near_port: str
    far: str
    far_port: str
    action: str
    reason: str
    sizes: str
    status: str = "OK"

    @property
    def source(self) -> str:
        """Address that the traffic comes from."""
        return self.near if self.egress else self.far

    @property
    def destination(self) -> str:
        """Address that the traffic goes to."""
        return self.far if self.egress else self.near

    @property
    def source_port(self) -> str:
        """Port that the traffic comes from."""
        return self.near_port if self.egress else self.far_port

    @property
    def destination_port(self) -> str:
        """Port that the traffic goes to."""
        return self.far_port if self.egress else self.near_port


def flows_of(talk: Talk, ipv6: bool) -> Iterator[Flow]:
    """The request and, where it was accepted, the response."""
    yield _flow(talk, ipv6, request=True)
    if talk.action == "ACCEPT":
        yield _flow(talk, ipv6, request=False)


def _flow(talk: Talk, ipv6: bool, request: bool) -> Flow:
    ported = talk.service.protocol in ("tcp", "udp")
    server = str(talk.service.port)
    client = EPHEMERAL if ported else server
    return Flow(
        interface=talk.interface,
        peer=talk.peer,
        egress=talk.outbound == request,
        ipv6=ipv6,
        protocol=_number(talk.service.protocol, ipv6),
        near=talk.interface.addresses[ipv6],
        near_packet=(talk.behind or talk.interface.packet_addresses)[ipv6],
        near_port=client if talk.outbound else server,
        far=talk.peer.addresses[ipv6],
        far_port=server if talk.outbound else client,
        action=talk.action,
        reason=talk.reason,
        sizes=_sizes(talk, ipv6, request),
    )


def quiet_flow(interface: Interface, status: str) -> Flow:
    """What a NODATA or SKIPDATA record tells: the interface, and the time."""
    return Flow(
        interface=interface,
        peer=Peer(interface.addresses, "-"),
        egress=True,
        ipv6=False,
        protocol="-",
        near="-",
        near_packet="-",
        near_port="-",
        far="-",
        far_port="-",
        action="-",
        reason="-",
        sizes="udp",
        status=status,
    )


def _number(protocol: str, ipv6: bool) -> str:
    return _NUMBERS.get(protocol) or (_ICMP_V6 if ipv6 else _ICMP)


def _sizes(talk: Talk, ipv6: bool, request: bool) -> str:
    protocol = talk.service.protocol
    if talk.action == "REJECT":
        return ("syn6" if ipv6 else "syn") if protocol == "tcp" else "probe"
    if protocol == "tcp":
        return "request" if request else "response"
    return protocol
