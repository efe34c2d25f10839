"""Floor 2: addresses as text, as bytes, and the networks of one size that they are in."""

from __future__ import annotations

from typing import Any

from flowparse import _core
from flowparse.compute.arrays import Column, map_binary, map_text

__all__ = ["address_to_binary", "binary_to_address", "network_of"]


def network_of(addresses: Any, prefix: int = 24, prefix_ipv6: int = 64) -> Column:
    """The network of each address, as canonical text.

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.
    prefix : int
        Length of an IPv4 network's prefix, 0..32 bits.
    prefix_ipv6 : int
        The same of IPv6, 0..128 bits.

    Returns
    -------
    pyarrow.StringArray or pyarrow.ChunkedArray
        Such as `10.0.1.0/24` and `2001:db8::/64` (RFC 5952). Null where the address is null or
        none.

    Raises
    ------
    TypeError
        The addresses are no text.
    ValueError
        A prefix is out of its range.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.network_of(["10.0.1.77", "2001:DB8::1", "-"]).to_pylist()
    ['10.0.1.0/24', '2001:db8::/64', None]
    """
    _check_prefix("prefix", prefix, 32)
    _check_prefix("prefix_ipv6", prefix_ipv6, 128)
    return map_text(
        addresses, "addresses", lambda array: _core.networks_of(array, prefix, prefix_ipv6)
    )


def _check_prefix(name: str, value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: expected a whole number of bits, got {value!r}")
    if not 0 <= value <= most:
        raise ValueError(f"{name}: expected 0..{most} bits, got {value}")


def address_to_binary(addresses: Any) -> Column:
    r"""Addresses as 4 or 16 bytes in network order.

    Parameters
    ----------
    addresses : Array, ChunkedArray, list of str, or str
        Text; see the module.

    Returns
    -------
    pyarrow.BinaryArray or pyarrow.ChunkedArray
        Null where the address is null or none. IPv4-mapped IPv6 has 16 bytes.

    Raises
    ------
    TypeError
        The addresses are no text.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.address_to_binary(["10.0.1.77", "unknown"]).to_pylist()
    [b'\n\x00\x01M', None]
    """
    return map_text(addresses, "addresses", _core.addresses_to_bytes)


def binary_to_address(values: Any) -> Column:
    r"""Bytes in network order as the text of addresses.

    Parameters
    ----------
    values : Array, ChunkedArray, list of bytes, or bytes
        Of any binary type, fixed size or not.

    Returns
    -------
    pyarrow.StringArray or pyarrow.ChunkedArray
        Canonical text (RFC 5952): lower case, the longest run of zeros as `::`, and IPv4-mapped
        addresses as `::ffff:192.0.2.1`. Null where there are neither 4 nor 16 bytes.

    Raises
    ------
    TypeError
        The values are no bytes.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.binary_to_address([bytes([10, 0, 1, 77]), bytes(15) + b"\x01", b"?"]).to_pylist()
    ['10.0.1.77', '::1', None]
    """
    return map_binary(values, "values", _core.bytes_to_addresses)
