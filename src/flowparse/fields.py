"""Floor 0: the registry of AWS flow log fields, as data.

One row a field, in AWS's order. Types, the schema page of the docs, and the checks of the
native core derive from this table; nothing else lists the fields.

Source: AWS, "Flow log records" (VPC User Guide), "Transit Gateway Flow Logs records"
(Transit Gateway guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["FIELDS", "Field", "Kind", "column_name", "field_name", "near_names"]

Kind = Literal["int32", "int64", "time", "address", "text"]

INT32_MAX: Final = 2**31 - 1
INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One field that AWS can write.

    Attributes
    ----------
    name : str
        AWS name, with hyphens.
    version : int
        The record version that brought it.
    kind : {"int32", "int64", "time", "address", "text"}
        What its values are. `time` is Unix seconds.
    maximum : int or None
        Largest value of a number; None for text. The smallest is 0.
    services : tuple of str
        `vpc`, `tgw`: which kinds of flow log have it.
    about : str
        What it says, in one line.
    """

    name: str
    version: int
    kind: Kind
    maximum: int | None
    services: tuple[str, ...]
    about: str

    @property
    def column(self) -> str:
        """Name of the column made from it: the AWS name with underscores."""
        return column_name(self.name)


def column_name(name: str) -> str:
    """Column name of a field name: `pkt-srcaddr` to `pkt_srcaddr`."""
    return name.replace("-", "_")


def field_name(name: str) -> str:
    """AWS name of a column name: `pkt_srcaddr` to `pkt-srcaddr`."""
    return name.replace("_", "-")


_MAXIMUM: Final[dict[str, int | None]] = {
    "port": 65535,
    "protocol": 255,
    "int32": INT32_MAX,
    "int64": INT64_MAX,
    "time": INT64_MAX,
    "address": None,
    "text": None,
}

_BOTH: Final = ("vpc", "tgw")
_VPC: Final = ("vpc",)
_TGW: Final = ("tgw",)

# name, version, type, services, about
_ROWS: Final[tuple[tuple[str, int, str, tuple[str, ...], str], ...]] = (
    ("version", 2, "int32", _BOTH, "Record version: the highest among the fields chosen"),
    ("account-id", 2, "text", _BOTH, "Account of the interface; 12 digits, or `unknown`"),
    ("interface-id", 2, "text", _VPC, "Network interface (`eni-…`) that saw the traffic"),
    ("srcaddr", 2, "address", _BOTH, "Source address; on the interface's side its primary one"),
    ("dstaddr", 2, "address", _BOTH, "Destination address; the same rule"),
    ("srcport", 2, "port", _BOTH, "Source port; 0 where the protocol has none"),
    ("dstport", 2, "port", _BOTH, "Destination port; 0 where the protocol has none"),
    ("protocol", 2, "protocol", _BOTH, "IANA protocol number: 6 TCP, 17 UDP, 1 ICMP"),
    ("packets", 2, "int64", _BOTH, "Packets in the window"),
    ("bytes", 2, "int64", _BOTH, "Bytes in the window"),
    ("start", 2, "time", _BOTH, "First packet in the window"),
    ("end", 2, "time", _BOTH, "Last packet in the window"),
    ("action", 2, "text", _VPC, "`ACCEPT` or `REJECT`"),
    ("log-status", 2, "text", _BOTH, "`OK`, `NODATA` (no traffic) or `SKIPDATA` (records lost)"),
    ("vpc-id", 3, "text", _VPC, "VPC of the interface"),
    ("subnet-id", 3, "text", _VPC, "Subnet of the interface"),
    ("instance-id", 3, "text", _VPC, "Instance of the interface, if it is yours"),
    ("tcp-flags", 3, "int32", _BOTH, "TCP flags of the window, OR-ed: FIN 1, SYN 2, RST 4, ACK 16"),
    ("type", 3, "text", _BOTH, "`IPv4`, `IPv6` or `EFA`"),
    ("pkt-srcaddr", 3, "address", _VPC, "Source address in the packet itself"),
    ("pkt-dstaddr", 3, "address", _VPC, "Destination address in the packet itself"),
    ("region", 4, "text", _BOTH, "Region of the interface"),
    ("az-id", 4, "text", _VPC, "Availability zone ID"),
    ("sublocation-type", 4, "text", _VPC, "`wavelength`, `outpost` or `localzone`"),
    ("sublocation-id", 4, "text", _VPC, "ID of the sublocation"),
    ("pkt-src-aws-service", 5, "text", _BOTH, "AWS service that the source address belongs to"),
    ("pkt-dst-aws-service", 5, "text", _BOTH, "AWS service that the destination belongs to"),
    ("flow-direction", 5, "text", _BOTH, "`ingress` or `egress`, seen from the interface"),
    (
        "traffic-path",
        5,
        "int32",
        _VPC,
        "Way out of egress traffic: 1 same VPC … 8 internet gateway",
    ),
    ("ecs-cluster-arn", 7, "text", _VPC, "ARN of the ECS cluster of the task"),
    ("ecs-cluster-name", 7, "text", _VPC, "Name of the ECS cluster"),
    ("ecs-container-instance-arn", 7, "text", _VPC, "ARN of the ECS container instance"),
    ("ecs-container-instance-id", 7, "text", _VPC, "ID of the ECS container instance"),
    ("ecs-container-id", 7, "text", _VPC, "Runtime ID of the task's first container"),
    ("ecs-second-container-id", 7, "text", _VPC, "Runtime ID of the task's second container"),
    ("ecs-service-name", 7, "text", _VPC, "Name of the ECS service that started the task"),
    ("ecs-task-definition-arn", 7, "text", _VPC, "ARN of the task definition"),
    ("ecs-task-arn", 7, "text", _VPC, "ARN of the ECS task"),
    ("ecs-task-id", 7, "text", _VPC, "ID of the ECS task"),
    ("reject-reason", 8, "text", _VPC, "Why traffic was rejected: `BPA`, `EC`"),
    ("resource-id", 9, "text", _VPC, "Monitored resource, such as a regional NAT gateway"),
    ("encryption-status", 10, "int32", _VPC, "0 none, 1 Nitro, 2 application, 3 both"),
    ("instance-tag", 11, "text", _VPC, "Value of the instance's first chosen tag, percent-encoded"),
    ("instance-tag-2", 11, "text", _VPC, "Value of the instance's second chosen tag"),
    ("interface-tag", 11, "text", _VPC, "Value of the interface's first chosen tag"),
    ("interface-tag-2", 11, "text", _VPC, "Value of the interface's second chosen tag"),
    ("asg-tag", 11, "text", _VPC, "Value of the Auto Scaling group's first chosen tag"),
    ("asg-tag-2", 11, "text", _VPC, "Value of the Auto Scaling group's second chosen tag"),
    ("interface-type", 11, "text", _VPC, "Kind of the interface, such as `nat_gateway`"),
    ("next-hop-interface-id", 11, "text", _VPC, "Interface at the other side of the hop"),
    ("next-hop-subnet-id", 11, "text", _VPC, "Its subnet"),
    ("next-hop-az-id", 11, "text", _VPC, "Its availability zone ID"),
    ("next-hop-vpc-id", 11, "text", _VPC, "Its VPC"),
    ("next-hop-interface-type", 11, "text", _VPC, "Its kind"),
    ("resource-type", 6, "text", _TGW, "Always `TransitGateway`"),
    ("tgw-id", 6, "text", _TGW, "Transit gateway"),
    ("tgw-attachment-id", 6, "text", _TGW, "Transit gateway attachment"),
    ("tgw-src-vpc-account-id", 6, "text", _TGW, "Account of the source VPC"),
    ("tgw-dst-vpc-account-id", 6, "text", _TGW, "Account of the destination VPC"),
    ("tgw-src-vpc-id", 6, "text", _TGW, "Source VPC"),
    ("tgw-dst-vpc-id", 6, "text", _TGW, "Destination VPC"),
    ("tgw-src-subnet-id", 6, "text", _TGW, "Subnet of the source attachment"),
    ("tgw-dst-subnet-id", 6, "text", _TGW, "Subnet of the destination attachment"),
    ("tgw-src-eni", 6, "text", _TGW, "Interface of the source attachment"),
    ("tgw-dst-eni", 6, "text", _TGW, "Interface of the destination attachment"),
    ("tgw-src-az-id", 6, "text", _TGW, "Availability zone ID of the source attachment"),
    ("tgw-dst-az-id", 6, "text", _TGW, "Availability zone ID of the destination attachment"),
    ("tgw-pair-attachment-id", 6, "text", _TGW, "The attachment at the other side"),
    ("packets-lost-no-route", 6, "int64", _TGW, "Packets lost: no route"),
    ("packets-lost-blackhole", 6, "int64", _TGW, "Packets lost: a black hole route"),
    ("packets-lost-mtu-exceeded", 6, "int64", _TGW, "Packets lost: larger than the MTU"),
    ("packets-lost-ttl-expired", 6, "int64", _TGW, "Packets lost: time to live ran out"),
)

_KIND: Final[dict[str, Kind]] = {
    "port": "int32",
    "protocol": "int32",
    "int32": "int32",
    "int64": "int64",
    "time": "time",
    "address": "address",
    "text": "text",
}

#: Every field, by its AWS name, in AWS's order.
FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        name: Field(name, version, _KIND[type_], _MAXIMUM[type_], services, about)
        for name, version, type_, services, about in _ROWS
    }
)


def near_names(name: str, among: tuple[str, ...] = ()) -> str:
    """The known names most like `name`, for an error message; empty where none is like it."""
    known = [f.column for f in FIELDS.values()]
    known += [column_name(extra) for extra in among if column_name(extra) not in known]
    return ", ".join(get_close_matches(column_name(name), known, n=3, cutoff=0.6))
