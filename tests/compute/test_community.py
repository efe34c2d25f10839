"""Community IDs against the package `communityid`, and the SHA-1 below them against hashlib."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowparse import _core, compute
from shapes import addresses, read_address, shaped, texts
from strategies import LAW

PORTED = (1, 6, 17, 58, 132)
PORT = st.one_of(st.none(), st.integers(0, 65535), st.integers(0, 150), st.just(0))
PROTOCOL = st.one_of(st.none(), st.integers(0, 255), st.sampled_from(PORTED))
#: Of the specification's own examples, by its reference implementation with seed 0.
KNOWN = [
    ("128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ("66.35.250.204", "128.232.110.120", 80, 34855, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
]


@st.composite
def flows(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Rows whose addresses are often the same, and of one family."""
    ends = draw(
        st.lists(st.one_of(addresses(), addresses(), texts().map(first)), min_size=1, max_size=4)
    )
    end = st.sampled_from(ends)
    return draw(st.lists(st.tuples(end, end, PORT, PORT, PROTOCOL), max_size=20))


def first(rows: list[str | None]) -> str | None:
    return rows[0] if rows else None


@LAW
@given(st.data())
def test_ids_of_flows(data: Any) -> None:
    """community_id is what `communityid` makes of a flow, and null where there is no flow."""
    oracle = pytest.importorskip("communityid")
    rows = data.draw(flows())
    seed = data.draw(st.sampled_from([0, 1, 65535]))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    types = [pa.string(), pa.string(), pa.int32(), pa.int64(), pa.int32()]
    given_columns = [
        data.draw(shaped(column, type_)) if type_ == pa.string() else pa.array(column, type_)
        for column, type_ in zip(columns, types, strict=True)
    ]
    found = compute.community_id(*given_columns, seed=seed)
    found.validate(full=True)
    assert found.to_pylist() == [expected(oracle, seed, *row) for row in rows]


def expected(oracle: Any, seed: int, *flow: Any) -> str | None:
    source, destination = read_address(flow[0]), read_address(flow[1])
    srcport, dstport, protocol = flow[2:]
    if source is None or destination is None or source.version != destination.version:
        return None
    if protocol is None or (protocol in PORTED and None in (srcport, dstport)):
        return None
    ports = (srcport, dstport) if protocol in PORTED else ()
    ends = oracle.FlowTuple(protocol, source.packed, destination.packed, *ports)
    return oracle.CommunityID(seed=seed).calc(ends)


@pytest.mark.parametrize("protocol", [1, 58])
def test_every_type_of_icmp(protocol: int) -> None:
    """Every type of ICMP and ICMPv6 has the ID that `communityid` gives, in both directions."""
    oracle = pytest.importorskip("communityid")
    ends = ("10.0.0.1", "10.0.0.2") if protocol == 1 else ("fd00::1", "fd00::2")
    for source, destination in (ends, ends[::-1]):
        types = list(range(256)) * 2
        codes = [0] * 256 + [3] * 256
        found = compute.community_id(source, destination, types, codes, protocol).to_pylist()
        assert found == [
            expected(oracle, 0, source, destination, type_, code, protocol)
            for type_, code in zip(types, codes, strict=True)
        ]


@pytest.mark.parametrize("known", KNOWN)
def test_known_ids(known: tuple[Any, ...]) -> None:
    """The published example has its published ID in both directions; single values are one row."""
    assert compute.community_id(*known[:5]).to_pylist() == [known[5]]


def test_columns_are_lined_up() -> None:
    """Columns cut in different places, and single values, are one flow a row."""
    chunks = pa.chunked_array([["10.0.0.1"], ["10.0.0.2", "10.0.0.1"]])
    ports = pa.chunked_array([[1, 2], [1]], pa.int32())
    found = compute.community_id(chunks, "192.0.2.1", ports, 443, 6)
    assert isinstance(found, pa.ChunkedArray)
    alone = compute.community_id(
        chunks.to_pylist(), ["192.0.2.1"] * 3, [1, 2, 1], [443] * 3, [6] * 3
    )
    assert found.to_pylist() == alone.to_pylist()
    assert alone[0] == alone[2] != alone[1]
    assert compute.community_id([], [], [], [], []).equals(pa.array([], pa.string()))


def test_what_is_out_of_range_is_named() -> None:
    """A port, a protocol or a seed that cannot be is a ValueError with the column and the row."""
    chunks = pa.chunked_array([["10.0.0.1"], ["10.0.0.1"]])
    with pytest.raises(ValueError, match=r"dstport: row 1: expected 0\.\.65535, got 65536"):
        compute.community_id(chunks, "10.0.0.2", 1, [1, 65536], 6)
    with pytest.raises(ValueError, match=r"protocol: row 0: expected 0\.\.255, got -1"):
        compute.community_id("10.0.0.1", "10.0.0.2", 1, 1, -1)
    with pytest.raises(ValueError, match="srcaddr has 2, srcport has 1 rows"):
        compute.community_id(chunks, "10.0.0.2", [1], 1, 6)
    with pytest.raises(ValueError, match=r"seed: expected 0\.\.65535, got 65536"):
        compute.community_id("10.0.0.1", "10.0.0.2", 1, 1, 6, seed=65536)
    with pytest.raises(TypeError, match="srcport: expected whole numbers, such as an int32 array"):
        compute.community_id("10.0.0.1", "10.0.0.2", "1", 1, 6)


def test_sha1() -> None:
    """The core's SHA-1 is hashlib's, for every length around the borders of its blocks."""
    text = bytes(i * 7 & 255 for i in range(400))
    for size in (*range(200), 255, 256, 257, 319, 320, 321, 400):
        assert _core.sha1(text[:size]) == hashlib.sha1(text[:size]).digest(), size
