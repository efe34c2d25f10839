"""Addresses against Python's `ipaddress`: as text, as bytes, and as networks of one size."""

from __future__ import annotations

import ipaddress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowparse import compute
from shapes import binaries, networks, read_address, read_network, shaped, texts
from strategies import LAW


def canonical(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """RFC 5952, as Python writes it from 3.13 on."""
    mapped = getattr(address, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped is not None else address.compressed


@LAW
@given(st.data())
def test_bytes_of_addresses(data: Any) -> None:
    """address_to_binary gives `packed` of what `ipaddress` reads, and null for anything else."""
    rows = data.draw(texts())
    found = compute.address_to_binary(data.draw(shaped(rows, pa.string())))
    found.validate(full=True)
    read = [read_address(row) for row in rows]
    assert found.type == pa.binary()
    assert found.to_pylist() == [None if address is None else address.packed for address in read]


@LAW
@given(st.data())
def test_text_of_bytes(data: Any) -> None:
    """binary_to_address gives canonical text for 4 and 16 bytes, and null for other lengths."""
    rows = data.draw(binaries())
    found = compute.binary_to_address(data.draw(shaped(rows, pa.binary())))
    found.validate(full=True)
    assert found.type == pa.string()
    assert found.to_pylist() == [
        None if row is None or len(row) not in (4, 16) else canonical(ipaddress.ip_address(row))
        for row in rows
    ]


@LAW
@given(st.data())
def test_networks_of_addresses(data: Any) -> None:
    """network_of gives the network that `ipaddress` makes of an address and a prefix length."""
    rows = data.draw(texts())
    prefix, prefix_ipv6 = data.draw(st.integers(0, 32)), data.draw(st.integers(0, 128))
    found = compute.network_of(data.draw(shaped(rows, pa.string())), prefix, prefix_ipv6)
    found.validate(full=True)
    assert found.to_pylist() == [network(row, prefix, prefix_ipv6) for row in rows]


def network(text: str | None, prefix: int, prefix_ipv6: int) -> str | None:
    address = read_address(text)
    if address is None:
        return None
    length = prefix if address.version == 4 else prefix_ipv6
    low = read_network(f"{address}/{length}").network_address
    return f"{canonical(low)}/{length}"


@LAW
@given(st.lists(networks(), min_size=1))
def test_every_spelling_of_a_network(rows: list[str]) -> None:
    """An address in any spelling has the bytes of its canonical text."""
    alone = [row.partition("/")[0] for row in rows]
    packed = compute.address_to_binary(alone)
    assert compute.address_to_binary(compute.binary_to_address(packed)).equals(packed)
    assert packed.null_count == 0


def test_fixed_size_binary_is_taken() -> None:
    """Bytes of a fixed width are bytes."""
    array = pa.array([bytes(16), None], pa.binary(16))
    assert compute.binary_to_address(array).to_pylist() == ["::", None]


@pytest.mark.parametrize("prefix", [-1, 33])
def test_a_prefix_out_of_range_is_refused(prefix: int) -> None:
    """A prefix length that no network has is a ValueError that names the range."""
    with pytest.raises(ValueError, match=rf"prefix: expected 0\.\.32 bits, got {prefix}"):
        compute.network_of(["10.0.0.1"], prefix)
    with pytest.raises(ValueError, match=r"prefix_ipv6: expected 0\.\.128 bits, got 129"):
        compute.network_of(["10.0.0.1"], prefix_ipv6=129)
    with pytest.raises(TypeError, match="prefix: expected a whole number of bits, got '24'"):
        compute.network_of(["10.0.0.1"], "24")  # type: ignore[arg-type]
