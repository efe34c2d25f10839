"""Floor 2: networks, and which of them an address is in."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

import pyarrow as pa

from flowparse import _core
from flowparse.compute.arrays import Column, map_text, without_views

__all__ = ["EXPECTED_NETWORK", "PrefixTable", "in_network", "is_private", "longest_prefix"]

EXPECTED_NETWORK: Final = "a CIDR range such as '10.0.0.0/8' or an address"
#: The error for a row (from 0) that holds this instead of a network.
Complain = Callable[[int, str | None], Exception]
_NETWORKS: Final = (str, ipaddress.IPv4Network, ipaddress.IPv6Network)
_ADDRESSES: Final = (ipaddress.IPv4Address, ipaddress.IPv6Address)


class PrefixTable:
    """Networks to look addresses up in, and what is known of each.

    Parameters
    ----------
    networks : Array, ChunkedArray, or list of str
        CIDR ranges or single addresses, IPv4 and IPv6 mixed. Bits of hosts are masked:
        `10.1.2.3/8` is `10.0.0.0/8`. Where several rows hold the same network, the last counts.
    values : pyarrow.Table, optional
        As many rows, in the same order; anything that `pyarrow.table` takes. `longest_prefix`
        takes its columns.

    Attributes
    ----------
    networks : pyarrow.StringArray
        As they were given.
    values : pyarrow.Table or None

    Raises
    ------
    TypeError
        The networks are no text.
    ValueError
        A row is null or no network, or there are not as many values as networks.

    Notes
    -----
    Making it sorts the networks; a lookup is a binary search, for IPv4 within those that share
    the address's first bits. It cannot change, so threads may share it, and it can be pickled.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse import compute
    >>> values = pa.table({"team": ["all", "shop"]})
    >>> table = compute.PrefixTable(["10.0.0.0/8", "10.7.0.0/16"], values)
    >>> len(table), table.column_names
    (2, ['team'])
    """

    __slots__ = ("_prefixes", "networks", "values")

    def __init__(self, networks: Any, values: Any = None) -> None:
        self._fill(_as_networks(networks), values, _complain_of_row)

    @classmethod
    def of_lines(
        cls, networks: pa.StringArray, values: pa.Table, complain: Complain
    ) -> PrefixTable:
        """A table of a file, whose error tells more than the row."""
        table = cls.__new__(cls)
        table._fill(networks, values, complain)
        return table

    def _fill(self, networks: pa.StringArray, values: Any, complain: Complain) -> None:
        self.networks = networks
        self.values = None if values is None else without_views(pa.table(values)).combine_chunks()
        if self.values is not None and self.values.num_rows != len(networks):
            raise ValueError(
                f"values: expected a row for each of {len(networks)} networks, "
                f"got {self.values.num_rows}"
            )
        self._prefixes = _build(networks, complain)

    @property
    def column_names(self) -> list[str]:
        """What `longest_prefix` can take; empty without values."""
        return [] if self.values is None else list(self.values.column_names)

    def __len__(self) -> int:
        return len(self.networks)

    def __repr__(self) -> str:
        columns = f", columns {', '.join(self.column_names)}" if self.column_names else ""
        return f"<flowparse.compute.PrefixTable: {len(self)} networks{columns}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return PrefixTable, (self.networks, self.values)

    def _column(self, name: str) -> pa.Array:
        if self.values is None or name not in self.column_names:
            has = ", ".join(self.column_names) or "none"
            raise ValueError(f"column: the table has no {name!r}; its columns: {has}")
        return self.values.column(name).combine_chunks()


def _as_networks(networks: Any) -> pa.StringArray:
    if isinstance(networks, (*_NETWORKS, *_ADDRESSES, bytes)):
        networks = [networks]
    if isinstance(networks, Iterable) and not isinstance(networks, (pa.Array, pa.ChunkedArray)):
        networks = [_spell(row, network) for row, network in enumerate(networks)]
    given = map_text(networks, "networks", lambda array: array)
    return given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given


def _spell(row: int, network: object) -> str | None:
    if network is None or isinstance(network, (*_NETWORKS, *_ADDRESSES)):
        return None if network is None else str(network)
    raise TypeError(f"networks: row {row}: expected {EXPECTED_NETWORK}, got {network!r}")


def _complain_of_row(row: int, text: str | None) -> ValueError:
    return ValueError(f"networks: row {row}: expected {EXPECTED_NETWORK}, got {text!r}")


def _build(networks: pa.StringArray, complain: Complain) -> _core.Prefixes:
    """The core reads the usual spellings; the first other one sends the rest through Python."""
    made = _core.Prefixes(networks)
    if made.bad < 0:
        return made
    texts = networks.to_pylist()
    for row in range(made.bad, len(texts)):
        usual = _usual_spelling(texts[row])
        if usual is None:
            raise complain(row, texts[row])
        texts[row] = usual
    return _core.Prefixes(pa.array(texts, pa.string()))


def _usual_spelling(text: str | None) -> str | None:
    """As `in network` of filters reads it, such as `10.0.0.0/255.0.0.0`; None: it is no network."""
    try:
        network = ipaddress.ip_network(text or "", strict=False)
    except ValueError:
        return None
    low = network.network_address
    return f"{type(low)(int(low))}/{network.prefixlen}"


def in_network(addresses: Any, networks: Any) -> Column:
    """Is each address in one of these networks?

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.
    networks : str, list of str, Array, or PrefixTable
        CIDR ranges or single addresses. As the filter `in network` reads them: bits of hosts are
        masked, and IPv4-mapped IPv6 is IPv6. A PrefixTable is made once for many calls.

    Returns
    -------
    pyarrow.BooleanArray or pyarrow.ChunkedArray
        False for what is no address; null only where the row is null.

    Raises
    ------
    TypeError
        The addresses are no text, or the networks are of another type.
    ValueError
        One is no network.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.in_network(["10.1.2.3", "192.0.2.1", "unknown", None], "10.0.0.0/8").to_pylist()
    [True, False, False, None]
    """
    table = networks if isinstance(networks, PrefixTable) else PrefixTable(networks)
    return map_text(addresses, "addresses", table._prefixes.contain)


#: RFC 1918, 4193, 3927 and 4291 (link-local), 1122 and 4291 (loopback), 6598.
_PRIVATE: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "169.254.0.0/16",
    "fe80::/10",
    "127.0.0.0/8",
    "::1/128",
    "100.64.0.0/10",
)


@functools.cache
def _private() -> PrefixTable:
    return PrefixTable(_PRIVATE)


def is_private(addresses: Any) -> Column:
    """Is each address one that the internet does not route to?

    These are 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 (RFC 1918), fc00::/7 (RFC 4193),
    169.254.0.0/16 and fe80::/10 (link-local), 127.0.0.0/8 and ::1 (loopback), and 100.64.0.0/10
    (RFC 6598, which carriers and EKS use). All else counts as public, also the ranges of
    documentation and benchmarks (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 198.18.0.0/15,
    2001:db8::/32), multicast, and IPv4-mapped IPv6.

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.

    Returns
    -------
    pyarrow.BooleanArray or pyarrow.ChunkedArray
        False for what is no address; null only where the row is null.

    Raises
    ------
    TypeError
        The addresses are no text.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.is_private(["172.31.255.1", "172.32.0.1", "fd00::1", "192.0.2.1"]).to_pylist()
    [True, False, True, False]
    """
    return in_network(addresses, _private())


def longest_prefix(addresses: Any, table: PrefixTable, column: str | None = None) -> Column:
    """The most specific network that each address is in.

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.
    table : PrefixTable
    column : str, optional
        Give this column of the table's values instead of row numbers.

    Returns
    -------
    Array or ChunkedArray
        int32 rows of the table, from 0, or the column's values, of its type. Null where the
        address is null, none, or in no network.

    Raises
    ------
    TypeError
        The addresses are no text, or the table is none.
    ValueError
        The table has no such column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse import compute
    >>> values = pa.table({"team": ["all", "shop"]})
    >>> table = compute.PrefixTable(["10.0.0.0/8", "10.7.0.0/16"], values)
    >>> compute.longest_prefix(["10.7.1.2", "10.8.1.2", "192.0.2.1"], table).to_pylist()
    [1, 0, None]
    >>> compute.longest_prefix(["10.7.1.2", "10.8.1.2", "192.0.2.1"], table, "team").to_pylist()
    ['shop', 'all', None]
    """
    if not isinstance(table, PrefixTable):
        raise TypeError(f"table: expected a PrefixTable, got {type(table).__name__}")
    values = None if column is None else table._column(column)
    rows = map_text(addresses, "addresses", table._prefixes.find)
    return rows if values is None else values.take(rows)
