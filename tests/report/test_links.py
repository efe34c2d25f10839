from __future__ import annotations

import ipaddress

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from flowparse.report.gathered import LINKS
from flowparse.report.links import Folding, fold_links, matrix
from strategies import LAW

PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "fd00::/8")]


def pairs(*given_rows) -> pa.Table:
    columns = zip(*given_rows, strict=True) if given_rows else [[], [], []]
    source, destination, sizes = (list(column) for column in columns)
    return pa.table(
        {
            "srcaddr": pa.array(source, pa.string()),
            "dstaddr": pa.array(destination, pa.string()),
            "action": pa.array(["REJECT" if n % 3 == 0 else "ACCEPT" for n in sizes], pa.string()),
            **{name: pa.array(sizes, pa.int64()) for name in ("records", "packets", "bytes")},
        }
    )


def test_networks_by_prefix():
    """Private addresses are folded into /24 and /64, public ones into /16 and /32."""
    table = pairs(
        ("10.1.2.3", "198.51.100.7", 1),
        ("10.1.2.99", "198.51.7.7", 4),
        ("fd00::1:2", "2001:db8:ffff::1", 2),
        ("10.1.3.3", "not an address", 3),
    )
    found = fold_links(table, Folding()).to_pylist()
    assert [(r["source"], r["destination"], r["bytes"], r["rejected"]) for r in found] == [
        ("10.1.2.0/24", "198.51.0.0/16", 5, 0),
        ("10.1.3.0/24", "no IP address", 3, 3),
        ("fd00::/64", "2001:db8::/32", 2, 0),
    ]
    assert fold_links(table, Folding(prefix=8))["source"].to_pylist()[0] == "10.0.0.0/8"


def test_names_come_before_prefixes():
    """An address that has a name is told by it, the others by their network."""
    names = pa.table({"address": ["10.1.2.3"], "name": ["subnet-0a"]})
    found = fold_links(pairs(("10.1.2.3", "10.1.2.4", 1)), Folding(names=names)).to_pylist()
    assert (found[0]["source"], found[0]["destination"]) == ("subnet-0a", "10.1.2.0/24")


addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0, 2**20).map(lambda n: str(ipaddress.IPv4Address((10 << 24) + n * 64))),
    st.none(),
)


@settings(LAW, max_examples=60)
@given(
    st.lists(st.tuples(addresses, addresses, st.integers(0, 10**9)), min_size=1),
    st.integers(1, 4),
)
def test_nothing_is_dropped(given_rows, most):
    """However few networks a map has room for, its cells add up to all that there is."""
    links = fold_links(pairs(*given_rows), Folding())
    rows, columns, cells = matrix(links, most)
    assert len(rows) <= most + 2
    assert len(columns) <= most + 2
    assert set(cells["source"].to_pylist()) == set(rows)
    assert set(cells["destination"].to_pylist()) == set(columns)
    for name in LINKS.names[2:]:
        assert pc.sum(cells[name]).as_py() == pc.sum(links[name]).as_py()
    assert pc.sum(links["bytes"]).as_py() == sum(n for _, _, n in given_rows)


def test_private_networks_come_first():
    """Rows are private networks, then public ones, each by bytes, and what is left at the end."""
    table = pairs(
        *((f"10.0.{n}.1", "10.9.9.9", n) for n in range(1, 9)),
        *((f"203.{n}.0.1", "10.9.9.9", 10 * n) for n in range(1, 9)),
    )
    rows, _, _ = matrix(fold_links(table, Folding()), 4)
    assert rows == [
        "other private",
        "203.8.0.0/16",
        "203.7.0.0/16",
        "203.6.0.0/16",
        "203.5.0.0/16",
        "other public",
    ]
