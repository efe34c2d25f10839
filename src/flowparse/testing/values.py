"""Floor 4, stage "write": the text of every field of a flow, and a line from it.

A line is a template that was filled once for its flow; what a record alone knows is left as a
numbered slot for `str.format`, so that writing a line is one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flowparse.fields import FIELDS
from flowparse.logformat import LogFormat
from flowparse.testing.flows import Flow
from flowparse.testing.interfaces import Interface

__all__ = ["Form"]

# Slot {0}, the client's port, is in the flow itself.
_PACKETS, _BYTES, _FLAGS, _TRANSIT_FLAGS = "{1}", "{2}", "{3}", "{4}"
_START, _END, _WINDOW_START = "{5}", "{6}", "{7}"

_Value = Callable[[Flow], str]

_TCP: Final = "6"
_HTTPS: Final = "443"
_VPN_ATTACHMENT: Final = "tgw-attach-0000000000000c0de"


class Form:
    """A log format, ready to make lines of flows.

    Parameters
    ----------
    log_format : LogFormat
    before : tuple of str
        Names of fields to write before those of the format; `version` does not count them.
    """

    def __init__(self, log_format: LogFormat, before: tuple[str, ...] = ()) -> None:
        self.transit = _is_transit(log_format)
        names = (*before, *log_format)
        version = _version(log_format)
        self._values = _choose(_TRANSIT if self.transit else _VPC, names, version)
        self._quiet = _choose(_QUIET_TRANSIT if self.transit else _QUIET_VPC, names, version)

    def template(self, flow: Flow) -> str:
        """The flow's line with its slots open, and a newline."""
        values = self._values if flow.status == "OK" else self._quiet
        return " ".join([value(flow) for value in values]) + "\n"


def _choose(values: dict[str, _Value], names: tuple[str, ...], version: str) -> list[_Value]:
    """How to write each field. A name that flowparse does not know has no value."""
    known = values | {"version": lambda flow: version}
    return [known.get(name, lambda flow: "-") for name in names]


def _is_transit(log_format: LogFormat) -> bool:
    """Is it the format of a transit gateway's flow log?"""
    return any(FIELDS[name].services == ("tgw",) for name in log_format if name in FIELDS)


def _version(log_format: LogFormat) -> str:
    """What `version` says: the highest version among the fields."""
    return str(max((FIELDS[name].version for name in log_format if name in FIELDS), default=2))


# ---------------------------------------------------------------- both kinds of flow log


def _flags(slot: str) -> _Value:
    return lambda flow: slot if flow.protocol == _TCP else "0"


_COMMON: Final[dict[str, _Value]] = {
    "srcaddr": lambda f: f.source,
    "dstaddr": lambda f: f.destination,
    "srcport": lambda f: f.source_port,
    "dstport": lambda f: f.destination_port,
    "protocol": lambda f: f.protocol,
    "packets": lambda f: _PACKETS,
    "bytes": lambda f: _BYTES,
    "start": lambda f: _START,
    "end": lambda f: _END,
    "log-status": lambda f: f.status,
    "type": lambda f: "IPv6" if f.ipv6 else "IPv4",
    "region": lambda f: f.interface.vpc.region,
    "pkt-src-aws-service": lambda f: "-" if f.egress else f.peer.service,
    "pkt-dst-aws-service": lambda f: f.peer.service if f.egress else "-",
}

# ---------------------------------------------------------------- VPC flow logs


def _encryption(flow: Flow) -> str:
    """1 Nitro inside the VPC, 2 application on port 443, 3 both."""
    if flow.action == "REJECT":
        return "-"
    nitro = 1 if flow.peer.path == "1" and flow.interface.kind == "-" else 0
    application = 2 if _HTTPS in (flow.near_port, flow.far_port) else 0
    return str(nitro + application)


def _next_hop(value: Callable[[Interface], str]) -> _Value:
    return lambda flow: value(flow.peer.interface) if flow.peer.interface else "-"


def _ecs(place: int) -> _Value:
    return lambda flow: flow.interface.ecs[place]


def _tag(place: int) -> _Value:
    return lambda flow: flow.interface.tags[place]


_ECS_NAMES: Final = [name for name in FIELDS if name.startswith("ecs-")]
_TAG_NAMES: Final = [name for name in FIELDS if "-tag" in name]

_VPC: Final[dict[str, _Value]] = {
    **_COMMON,
    "account-id": lambda f: f.interface.account_id,
    "interface-id": lambda f: f.interface.id,
    # What block public access turned away is logged without its bytes.
    "bytes": lambda f: "-" if f.reason == "BPA" else _BYTES,
    "action": lambda f: f.action,
    "vpc-id": lambda f: f.interface.vpc.id,
    "subnet-id": lambda f: f.interface.subnet_id,
    "instance-id": lambda f: f.interface.instance_id,
    "tcp-flags": _flags(_FLAGS),
    "pkt-srcaddr": lambda f: f.near_packet if f.egress else f.far,
    "pkt-dstaddr": lambda f: f.far if f.egress else f.near_packet,
    "az-id": lambda f: f.interface.zone_id,
    "sublocation-type": lambda f: f.interface.sublocation_type,
    "sublocation-id": lambda f: f.interface.sublocation_id,
    "flow-direction": lambda f: "egress" if f.egress else "ingress",
    "traffic-path": lambda f: f.peer.path if f.egress else "-",
    **{name: _ecs(place) for place, name in enumerate(_ECS_NAMES)},
    "reject-reason": lambda f: f.reason,
    "resource-id": lambda f: f.interface.resource_id,
    "encryption-status": _encryption,
    **{name: _tag(place) for place, name in enumerate(_TAG_NAMES)},
    "interface-type": lambda f: f.interface.kind,
    "next-hop-interface-id": _next_hop(lambda i: i.id),
    "next-hop-subnet-id": _next_hop(lambda i: i.subnet_id),
    "next-hop-az-id": _next_hop(lambda i: i.zone_id),
    "next-hop-vpc-id": _next_hop(lambda i: i.vpc.id),
    "next-hop-interface-type": _next_hop(lambda i: i.kind),
}

# ---------------------------------------------------------------- transit gateway flow logs


def _side(source: bool, value: Callable[[Interface], str]) -> _Value:
    """Of the interface at the source or destination; a VPN or an office has none."""

    def text(flow: Flow) -> str:
        interface = flow.interface if flow.egress == source else flow.peer.interface
        return value(interface) if interface else "-"

    return text


def _attachment(flow: Flow) -> str:
    far = flow.peer.interface
    return far.vpc.attachment_id if far else _VPN_ATTACHMENT


def _lost(reason: str) -> _Value:
    """Packets that a VPC would have rejected are lost here."""
    return lambda flow: _PACKETS if flow.action == "REJECT" and flow.reason == reason else "0"


def _sides(end: str, source: bool) -> dict[str, _Value]:
    return {
        f"tgw-{end}-vpc-account-id": _side(source, lambda i: i.owner),
        f"tgw-{end}-vpc-id": _side(source, lambda i: i.vpc.id),
        f"tgw-{end}-subnet-id": _side(source, lambda i: i.subnet_id),
        f"tgw-{end}-eni": _side(source, lambda i: i.vpc.attachment_interface_id),
        f"tgw-{end}-az-id": _side(source, lambda i: i.zone_id),
    }


_TRANSIT: Final[dict[str, _Value]] = {
    **_COMMON,
    **_sides("src", True),
    **_sides("dst", False),
    "resource-type": lambda f: "TransitGateway",
    "account-id": lambda f: f.interface.vpc.transit_owner,
    "tgw-id": lambda f: f.interface.vpc.transit_id,
    "tgw-attachment-id": lambda f: f.interface.vpc.attachment_id,
    "tgw-pair-attachment-id": _attachment,
    "packets-lost-no-route": _lost("-"),
    "packets-lost-blackhole": _lost("BPA"),
    "packets-lost-mtu-exceeded": _lost("EC"),
    "packets-lost-ttl-expired": lambda f: "0",
    "tcp-flags": _flags(_TRANSIT_FLAGS),
    # What leaves the interface comes into the gateway.
    "flow-direction": lambda f: "ingress" if f.egress else "egress",
}

# ---------------------------------------------------------------- NODATA, SKIPDATA

_TIMES: Final[dict[str, _Value]] = {
    "start": lambda f: _WINDOW_START,
    "end": lambda f: _END,
    "log-status": lambda f: f.status,
}


def _quiet(values: dict[str, _Value], *kept: str) -> dict[str, _Value]:
    return {name: values[name] for name in kept} | _TIMES


_QUIET_VPC: Final = _quiet(
    _VPC, "account-id", "interface-id", "vpc-id", "subnet-id", "instance-id", "resource-id"
)
_QUIET_TRANSIT: Final = _quiet(
    _TRANSIT, "resource-type", "account-id", "tgw-id", "tgw-attachment-id"
)
