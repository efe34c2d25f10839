"""Floor 4: the networks of addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

import pyarrow as pa

__all__ = ["network_of"]


def network_of(addresses: Any, prefix: int, prefix_ipv6: int) -> Any:
    """The network of each address as CIDR text; null where there is none."""
    codes = addresses.dictionary_encode() if addresses.type == pa.string() else addresses
    folded = [_network(text, prefix, prefix_ipv6) for text in codes.dictionary.to_pylist()]
    return pa.array(folded, pa.string()).take(codes.indices)


def _network(text: str, prefix: int, prefix_ipv6: int) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    length = prefix if address.version == 4 else prefix_ipv6
    return str(ipaddress.ip_network(f"{text}/{length}", strict=False))
