"""Floor 4: which addresses stand for whom. All are private or set aside for documentation.

=====================  ==================  ====================  =============================
who                    IPv4                IPv6                  Source
=====================  ==================  ====================  =============================
interfaces, pods       10.0.0.0/8          2001:db8:0-c8::/48    RFC 1918, RFC 3849
a peered VPC           172.16.0.0/12       2001:db8:ac10::/48    RFC 1918
an office              192.168.0.0/16      2001:db8:c0a8::/48    RFC 1918
AWS services           198.51.100.0/24     2001:db8:c633::/48    RFC 5737
peers                  198.18.0.0/15       2001:db8:c612::/48    RFC 2544
peers of stories       203.0.113.0/24      none                  RFC 5737
peers of later ones    192.0.2.0/24        none                  RFC 5737
=====================  ==================  ====================  =============================
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

__all__ = [
    "HOSTS_PER_SUBNET",
    "MAX_PEERS",
    "Pair",
    "host_pair",
    "office_pair",
    "partner_pair",
    "peer_pair",
    "service_pair",
    "story_address",
]

MAX_PEERS: Final = 1 << 17
HOSTS_PER_SUBNET: Final = 4000

_DOCUMENTATION: Final = 0x2001_0DB8 << 96
# Odd and coprime to 4000: numbers in a row become addresses that are apart, none of them twice.
_PEER_STEP: Final = 69_069
_HOST_STEP: Final = 1021
_IDENTIFIER_STEP: Final = 0x9E37_79B9_7F4A_7C15


class Pair(NamedTuple):
    """The IPv4 and the IPv6 address of one party."""

    v4: str
    v6: str


def _pair(v4: int, network: int, identifier: int) -> Pair:
    v6 = _DOCUMENTATION | network << 64 | identifier
    return Pair(str(IPv4Address(v4)), str(IPv6Address(v6)))


def host_pair(account: int, subnet: int, host: int) -> Pair:
    """Of a host in a /20 subnet of the account's VPC, 10.<account>.0.0/16."""
    number = 10 + host * _HOST_STEP % HOSTS_PER_SUBNET
    v4 = 10 << 24 | account << 16 | subnet << 12 | number
    return _pair(v4, account << 16 | subnet, number)


def peer_pair(rank: int, offset: int) -> Pair:
    """Of the peer with that rank; ranks that are near give addresses that are not."""
    number = (rank * _PEER_STEP + offset) % MAX_PEERS
    identifier = (number + 1) * _IDENTIFIER_STEP % (1 << 64)
    return _pair((198 << 24 | 18 << 16) + number, 0xC612 << 16 | number >> 8, identifier)


def partner_pair(host: int) -> Pair:
    """Of a host in the peered VPC."""
    return _pair(172 << 24 | 31 << 16 | 16 + host, 0xAC10 << 16, 16 + host)


def office_pair(host: int) -> Pair:
    """Of a host in an office behind a virtual private gateway."""
    return _pair(192 << 24 | 168 << 16 | 16 + host, 0xC0A8 << 16, 16 + host)


def service_pair(number: int) -> Pair:
    """Of an AWS service."""
    return _pair((198 << 24 | 51 << 16 | 100 << 8) + 1 + number, 0xC633 << 16, 1 + number)


def story_address(number: int) -> str:
    """IPv4 address of a peer that only stories know; numbers from 256 on are in 192.0.2.0/24."""
    if number >= 256:
        return str(IPv4Address((192 << 24 | 0 << 16 | 2 << 8) + number - 256))
    return str(IPv4Address((203 << 24 | 0 << 16 | 113 << 8) + 1 + number))
