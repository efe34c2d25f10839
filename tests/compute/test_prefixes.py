"""Networks that addresses are in, against Python's `ipaddress`, one by one."""

from __future__ import annotations

import gzip
import ipaddress
import pickle
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowparse
from flowparse import compute
from shapes import networks, read_address, read_network, shaped, texts
from strategies import LAW

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def holds(network: Network, text: str | None) -> bool:
    address = read_address(text)
    return address is not None and address.version == network.version and address in network


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[str | None]]:
    """Networks, many of them in one another or the same, and addresses in and around them."""
    seeds = draw(st.lists(networks(), max_size=6))
    found = list(seeds)
    for seed in seeds:
        address, _, _ = seed.partition("/")
        most = 128 if ":" in seed else 32
        lengths = draw(st.lists(st.integers(0, most), max_size=4))
        found += [f"{address}/{length}" for length in lengths]
    rows = draw(texts())
    for network in found[:6]:
        rows += near_ends(read_network(network))
    return draw(st.permutations(found)), rows


def near_ends(network: Network) -> list[str]:
    """Its ends, and the addresses beside them."""
    low, high = int(network.network_address), int(network.broadcast_address)
    make, most = type(network.network_address), 2**network.max_prefixlen - 1
    return [str(make(n)) for n in (max(low - 1, 0), low, high, min(high + 1, most))]


@LAW
@given(st.data())
def test_in_network(data: Any) -> None:
    """in_network is true where `ipaddress` finds the address in a network; null for null only."""
    wanted, rows = data.draw(tables())
    given_networks = data.draw(shaped(wanted, pa.string()))
    found = compute.in_network(data.draw(shaped(rows, pa.string())), given_networks)
    found.validate(full=True)
    read = [read_network(network) for network in wanted]
    assert found.to_pylist() == [
        None if row is None else any(holds(network, row) for network in read) for row in rows
    ]


@LAW
@given(st.data())
def test_longest_prefix(data: Any) -> None:
    """longest_prefix gives the last row of those networks that hold the address with most bits."""
    wanted, rows = data.draw(tables())
    values = pa.table({"name": [f"{row}: {network}" for row, network in enumerate(wanted)]})
    table = compute.PrefixTable(wanted, values)
    given_rows = data.draw(shaped(rows, pa.string()))
    found = compute.longest_prefix(given_rows, table)
    found.validate(full=True)
    expected = [longest(wanted, row) for row in rows]
    assert found.type == pa.int32()
    assert found.to_pylist() == expected
    names = compute.longest_prefix(given_rows, table, "name")
    told = [None if row is None else f"{row}: {wanted[row]}" for row in expected]
    assert names.to_pylist() == told


def longest(wanted: list[str], text: str | None) -> int | None:
    best, bits = None, -1
    for row, network in enumerate(map(read_network, wanted)):
        if network.prefixlen >= bits and holds(network, text):
            best, bits = row, network.prefixlen
    return best


@LAW
@given(st.data())
def test_the_filter_says_the_same(data: Any) -> None:
    """in_network keeps the rows that the filter `in network` keeps."""
    wanted, rows = data.draw(tables())
    if not wanted:
        return
    told = [row for row in rows if row and row != "-" and not set(row) & set(" \t\r\n\0")]
    told = [row for row in told if row.isprintable() and row.isascii()]
    log = "".join(f"{row} 1\n" for row in ["srcaddr dstport", *told]).encode()
    log = log.replace(b"srcaddr dstport 1", b"srcaddr dstport")
    kept = flowparse.read_table(log, filters=[("srcaddr", "in network", wanted)])
    all_rows = flowparse.read_table(log)["srcaddr"]
    expected = all_rows.filter(compute.in_network(all_rows, wanted))
    assert kept["srcaddr"].to_pylist() == expected.to_pylist()


PRIVATE = {
    "10.0.0.0": True,
    "9.255.255.255": False,
    "172.16.0.0": True,
    "172.31.255.255": True,
    "172.32.0.0": False,
    "192.168.255.255": True,
    "192.169.0.0": False,
    "169.254.169.254": True,
    "127.0.0.53": True,
    "100.64.0.0": True,
    "100.127.255.255": True,
    "100.128.0.0": False,
    "192.0.2.1": False,
    "198.51.100.1": False,
    "203.0.113.1": False,
    "198.18.0.1": False,
    "224.0.0.1": False,
    "0.0.0.0": False,
    "::1": True,
    "::": False,
    "fc00::": True,
    "fdff::1": True,
    "fe00::1": False,
    "fe80::1": True,
    "febf::1": True,
    "fec0::1": False,
    "2001:db8::1": False,
    "::ffff:10.0.0.1": False,
    "unknown": False,
    None: None,
}


def test_is_private() -> None:
    """is_private is true at both ends of the ranges that its docstring names, and nowhere else."""
    assert dict(zip(PRIVATE, compute.is_private(list(PRIVATE)).to_pylist(), strict=True)) == PRIVATE


@pytest.mark.parametrize(
    ("spelled", "usual"),
    [
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("10.0.0.0/0.255.255.255", "10.0.0.0/8"),
        ("10.0.0.0/0008", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "::ffff:a00:0/104"),
    ],
)
def test_other_spellings_of_networks(spelled: str, usual: str) -> None:
    """Netmasks and whatever else `ipaddress` reads are read, wherever they stand in a list."""
    listed = ["192.0.2.1", spelled, "192.0.2.0/24"]
    ends = near_ends(read_network(usual))
    assert compute.in_network(ends, listed).equals(compute.in_network(ends, usual))
    assert compute.longest_prefix(
        [ends[1], "192.0.2.7"], compute.PrefixTable(listed)
    ).to_pylist() == [1, 2]


@pytest.mark.parametrize(
    "bad", ["10.0.0.0/33", "10.0.0/8", "", "a/8", "10.0.0.0/", "1::/129", None]
)
def test_what_is_no_network_is_named(bad: str | None) -> None:
    """A row that is no network is a ValueError with its number and its text."""
    with pytest.raises(ValueError, match=r"networks: row 1: expected a CIDR range") as caught:
        compute.PrefixTable(["10.0.0.0/8", bad])
    assert str(caught.value).endswith(f"got {bad!r}")


@pytest.mark.parametrize("bad", [7, b"10.0.0.0/8", ["10.0.0.0/8", 7], pa.array([1])])
def test_networks_of_other_types(bad: Any) -> None:
    """Networks that are no text are a TypeError."""
    with pytest.raises(TypeError, match="networks: "):
        compute.in_network(["10.0.0.1"], bad)


def test_networks_of_ipaddress() -> None:
    """Objects of `ipaddress` are networks, alone and in lists."""
    network = ipaddress.ip_network("10.0.0.0/8")
    assert compute.in_network("10.1.2.3", network).to_pylist() == [True]
    listed = [network, ipaddress.ip_address("::1"), "192.0.2.0/24"]
    assert compute.in_network(["::1", "::2"], listed).to_pylist() == [True, False]


def test_a_million_networks() -> None:
    """A table of a million networks, most of them side by side, finds each of them."""
    n = 1_000_000
    networks = [
        f"{1 + (i >> 18)}.{i >> 10 & 255}.{i >> 2 & 255}.{(i & 3) << 6}/26" for i in range(n)
    ]
    table = compute.PrefixTable(networks)
    rows = list(range(0, n, 1009))
    inside = [networks[row].replace("/26", "") for row in rows]
    assert compute.longest_prefix(inside, table).to_pylist() == rows
    assert compute.longest_prefix(["0.255.255.255", "5.0.0.0"], table).to_pylist() == [None, None]


def test_a_table_can_be_pickled() -> None:
    """A pickled table has the same networks, values and answers."""
    table = compute.PrefixTable(["10.0.0.0/8"], {"team": ["shop"]})
    again = pickle.loads(pickle.dumps(table))
    assert again.networks.equals(table.networks)
    assert compute.longest_prefix("10.1.1.1", again, "team").to_pylist() == ["shop"]
    assert repr(again) == "<flowparse.compute.PrefixTable: 1 networks, columns team>"


def test_values_of_another_length_are_refused() -> None:
    """Values need a row a network, and a column that is asked for must be there."""
    with pytest.raises(ValueError, match="values: expected a row for each of 2 networks, got 1"):
        compute.PrefixTable(["10.0.0.0/8", "::/0"], {"team": ["shop"]})
    table = compute.PrefixTable(["10.0.0.0/8"], {"team": ["shop"]})
    with pytest.raises(ValueError, match="the table has no 'owner'; its columns: team"):
        compute.longest_prefix("10.0.0.1", table, "owner")
    with pytest.raises(TypeError, match="table: expected a PrefixTable, got list"):
        compute.longest_prefix("10.0.0.1", ["10.0.0.0/8"])  # type: ignore[arg-type]


def test_chunks_of_a_table() -> None:
    """A column of a table gives a ChunkedArray with as many rows, to put beside it."""
    log = b"srcaddr dstport\n10.0.0.1 22\n192.0.2.1 22\n"
    table = flowparse.read_table(gzip.compress(log))
    found = table.append_column("private", compute.is_private(table["srcaddr"]))
    assert found["private"].to_pylist() == [True, False]
    assert compute.is_private(pa.chunked_array([], pa.string())).type == pa.bool_()


@pytest.mark.parametrize("bad", [pa.array([1]), [1.5], 7, pa.array([b"10.0.0.1"]), object()])
def test_addresses_of_other_types(bad: Any) -> None:
    """Addresses that are no text are a TypeError that says what is expected."""
    with pytest.raises(TypeError, match="addresses: expected text, such as a string array"):
        compute.is_private(bad)
