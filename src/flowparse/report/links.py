"""Floor 4: who talks to whom: pairs of addresses -> pairs of networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.report.gathered import LINKS

__all__ = ["Folding", "fold_links", "matrix"]

#: Networks whose addresses are nobody's alone: RFC 1918, 6598, 3927, 1122, 4193, 4291.
_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
_PUBLIC_PREFIX: Final = {4: 16, 6: 32}


@dataclass(frozen=True, slots=True)
class Folding:
    """How addresses become networks.

    Attributes
    ----------
    prefix, prefix_ipv6 : int
        Of private networks.
    names : mapping
        Address -> a name that tells more, such as a subnet's id.
    """

    prefix: int = 24
    prefix_ipv6: int = 64
    names: Mapping[str, str] | None = None

    def name(self, address: str | None) -> str:
        """The network of an address, or a name for it."""
        if address is None:
            return "no address"
        if self.names and address in self.names:
            return self.names[address]
        return _network(address, self.prefix, self.prefix_ipv6)

    def about(self) -> str:
        """What the page says of it."""
        public = "public ones of /16 (IPv6: /32)"
        return (
            f"Addresses are folded into networks: private ones of /{self.prefix} (IPv6: "
            f"/{self.prefix_ipv6}), {public}. Where there are too many for the map, the "
            "least busy ones are put together."
        )


@lru_cache(maxsize=1 << 16)
def _network(address: str, prefix: int, prefix_ipv6: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "no IP address"
    private = any(parsed in network for network in _PRIVATE if network.version == parsed.version)
    length = {4: prefix, 6: prefix_ipv6}[parsed.version]
    if not private:
        length = _PUBLIC_PREFIX[parsed.version]
    return str(ipaddress.ip_network((parsed, length), strict=False))


def is_private(network: str) -> bool:
    """Whether the name of a network, or of a subnet, is one of a private place."""
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return network.startswith(("subnet-", "vpc-"))
    return any(parsed.subnet_of(one) for one in _PRIVATE if one.version == parsed.version)  # type: ignore[arg-type]


def fold_links(pairs: pa.Table, folding: Folding) -> pa.Table:
    """The table `LINKS` of pairs of addresses.

    Parameters
    ----------
    pairs : pyarrow.Table
        `srcaddr`, `dstaddr`, `action`, `records`, `packets`, `bytes`.
    folding : Folding
    """
    rejected = pc.if_else(
        pc.fill_null(pc.equal(pairs["action"], "REJECT"), False), pairs["records"], 0
    )
    named = pa.table(
        {
            "source": _names(pairs["srcaddr"], folding),
            "destination": _names(pairs["dstaddr"], folding),
            **{name: pairs[name] for name in ("records", "packets", "bytes")},
            "rejected": rejected,
        }
    )
    sums = ["records", "packets", "bytes", "rejected"]
    found = named.group_by(["source", "destination"]).aggregate([(name, "sum") for name in sums])
    found = found.select(["source", "destination", *(f"{name}_sum" for name in sums)])
    found = found.rename_columns(LINKS.names).cast(LINKS)
    order = [("bytes", "descending"), ("records", "descending")]
    return found.sort_by([*order, ("source", "ascending"), ("destination", "ascending")])


def _names(addresses: pa.ChunkedArray, folding: Folding) -> pa.Array:
    """A name is worked out once for each distinct address."""
    encoded = pa.chunked_array([addresses.combine_chunks()]).cast(pa.string()).combine_chunks()
    encoded = pc.dictionary_encode(encoded, null_encoding="encode")
    names = pa.array([folding.name(one) for one in encoded.dictionary.to_pylist()], pa.string())
    return names.take(encoded.indices)


def matrix(links: pa.Table, most: int) -> tuple[list[str], list[str], pa.Table]:
    """The links of the busiest networks; what does not fit becomes one of three others.

    Returns
    -------
    rows, columns : list of str
        Sources and destinations, private ones first, busiest first.
    cells : pyarrow.Table
        Of the schema `LINKS`; its sums are those of `links`.
    """
    sources = _busiest(links, "source", most)
    destinations = _busiest(links, "destination", most)
    folded = pa.table(
        {
            "source": _others(links["source"], sources),
            "destination": _others(links["destination"], destinations),
            **{name: links[name] for name in LINKS.names[2:]},
        }
    )
    sums = [(name, "sum") for name in LINKS.names[2:]]
    cells = folded.group_by(["source", "destination"]).aggregate(sums)
    cells = cells.select(["source", "destination", *(f"{name}_sum" for name, _ in sums)])
    cells = cells.rename_columns(LINKS.names).cast(LINKS)
    return _ordered(cells, "source"), _ordered(cells, "destination"), cells


_OTHER_PRIVATE: Final = "other private"
_OTHER: Final = "other public"


def _busiest(links: pa.Table, side: str, most: int) -> set[str]:
    sums = links.group_by(side).aggregate([("bytes", "sum"), ("records", "sum")])
    order = [("bytes_sum", "descending"), ("records_sum", "descending"), (side, "ascending")]
    names: list[str] = sums.sort_by(order)[side].to_pylist()
    return set(names) if len(names) <= most + 2 else set(names[:most])


def _others(names: pa.ChunkedArray, kept: set[str]) -> pa.Array:
    encoded = pc.dictionary_encode(names.combine_chunks())
    short = [
        name if name in kept else _OTHER_PRIVATE if is_private(name) else _OTHER
        for name in encoded.dictionary.to_pylist()
    ]
    return pa.array(short, pa.string()).take(encoded.indices)


def _ordered(cells: pa.Table, side: str) -> list[str]:
    sums = cells.group_by(side).aggregate([("bytes", "sum")])
    rows = sums.sort_by([("bytes_sum", "descending"), (side, "ascending")]).to_pylist()

    def place(name: str) -> tuple[bool, bool]:
        other = name in (_OTHER, _OTHER_PRIVATE)
        return (not (is_private(name) or name == _OTHER_PRIVATE), other)

    return sorted((row[side] for row in rows), key=place)
