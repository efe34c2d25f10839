"""Floor 4: who talks to whom: pairs of addresses -> pairs of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import compute
from flowparse.report.gathered import LINKS

__all__ = ["Folding", "fold_links", "matrix"]

_PUBLIC: Final = (16, 32)
_NOTHING: Final = "no IP address"


@dataclass(frozen=True, slots=True)
class Folding:
    """How addresses become networks.

    Attributes
    ----------
    prefix, prefix_ipv6 : int
        Of private networks.
    names : pyarrow.Table or None
        `address` and `name`: what is told of an address, such as its subnet.
    """

    prefix: int = 24
    prefix_ipv6: int = 64
    names: pa.Table | None = None

    def name(self, addresses: pa.Array) -> pa.Array:
        """The network of each address, or a name for it."""
        private = compute.network_of(addresses, self.prefix, self.prefix_ipv6)
        public = compute.network_of(addresses, *_PUBLIC)
        names = pc.if_else(compute.is_private(addresses), private, public)
        names = pc.fill_null(names, _NOTHING)
        if self.names is None:
            return names
        at = pc.index_in(addresses, self.names["address"].combine_chunks())
        return pc.coalesce(self.names["name"].combine_chunks().take(at), names)

    def about(self) -> str:
        """What the page says of it."""
        subnets = "of a known subnet or AWS service by its name, other " if self.names else ""
        return (
            f"Addresses are folded: {subnets}private ones into networks of /{self.prefix} "
            f"(IPv6: /{self.prefix_ipv6}), public ones of /16 (IPv6: /32). Where there are too "
            "many for the map, the least busy ones are put together as other private and other "
            "public ones."
        )


def is_private(network: str) -> bool:
    """Whether the name of a network, or of a subnet, is one of a private place."""
    if network.startswith("subnet-"):
        return True
    address = network.partition("/")[0]
    return bool(compute.is_private([address])[0].as_py())


def fold_links(pairs: pa.Table, folding: Folding) -> pa.Table:
    """The table `LINKS` of pairs of addresses.

    Parameters
    ----------
    pairs : pyarrow.Table
        `srcaddr`, `dstaddr`, `action`, `records`, `packets`, `bytes`; null sizes count as 0.
    folding : Folding
    """
    rejected = pc.if_else(
        pc.fill_null(pc.equal(pairs["action"], "REJECT"), False), pairs["records"], 0
    )
    named = pa.table(
        {
            "source": _names(pairs["srcaddr"], folding),
            "destination": _names(pairs["dstaddr"], folding),
            **{name: pc.fill_null(pairs[name], 0) for name in ("records", "packets", "bytes")},
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
    encoded = pc.dictionary_encode(addresses.cast(pa.string()).combine_chunks())
    names = folding.name(encoded.dictionary).take(encoded.indices)
    return pc.fill_null(names, _NOTHING)


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
    sums = cells.group_by(side).aggregate([("bytes", "sum"), ("records", "sum")])
    order = [("bytes_sum", "descending"), ("records_sum", "descending"), (side, "ascending")]
    rows = sums.sort_by(order).to_pylist()

    def place(name: str) -> tuple[bool, bool]:
        other = name in (_OTHER, _OTHER_PRIVATE)
        return (not (is_private(name) or name == _OTHER_PRIVATE), other)

    return sorted((row[side] for row in rows), key=place)
