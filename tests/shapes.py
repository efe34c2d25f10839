"""What `flowparse.compute` is tried on: addresses and other text, in arrays of all shapes."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
from hypothesis import strategies as st

__all__ = ["addresses", "binaries", "networks", "read_address", "read_network", "shaped", "texts"]

IPV6: Final = st.one_of(
    st.integers(0, 2**128 - 1),
    # Zeros here and there, where `::` may stand.
    st.lists(st.sampled_from([0, 0, 0, 1, 0xAB, 0xFFFF]), min_size=8, max_size=8).map(
        lambda groups: sum(group << 16 * i for i, group in enumerate(groups))
    ),
    st.integers(0, 2**32 - 1).map(lambda low: 0xFFFF << 32 | low),
    st.integers(0, 2**32 - 1).map(lambda low: 0x20010DB8 << 96 | low),
)
IPV4: Final = st.one_of(
    st.integers(0, 2**32 - 1), st.integers(0, 2**12).map(lambda low: 10 << 24 | low)
)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address in one of its spellings."""
    if draw(st.booleans()):
        return str(ipaddress.IPv4Address(draw(IPV4)))
    address = ipaddress.IPv6Address(draw(IPV6))
    text = draw(st.sampled_from([address.compressed, address.exploded]))
    if draw(st.integers(0, 5)) == 0:
        groups = address.exploded.rsplit(":", 2)[0]
        text = f"{groups}:{ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)}"
    return draw(st.sampled_from([text, text.upper()]))


@st.composite
def networks(draw: st.DrawFn) -> str:
    """A CIDR range or an address, its host bits set or not."""
    text = draw(addresses())
    most = 128 if ":" in text else 32
    length = draw(st.one_of(st.none(), st.integers(0, most)))
    return text if length is None else f"{text}/{length}"


GARBAGE: Final = st.one_of(
    st.text(max_size=50),
    st.text("0123456789abcdefABCDEF:./%- ", max_size=50),
    st.sampled_from(
        ["-", "", "1.2.3", "01.2.3.4", "1.2.3.256", ":::", "::1%eth0", "1:2:3:4:5:6:7::8"]
    ),
)


def texts() -> st.SearchStrategy[list[str | None]]:
    """Rows: addresses, null, or anything else; some of them again and again."""
    few = st.lists(st.one_of(addresses(), GARBAGE, st.none()), min_size=1, max_size=6)
    return few.flatmap(lambda rows: st.lists(st.sampled_from(rows), max_size=40))


def binaries() -> st.SearchStrategy[list[bytes | None]]:
    """Rows of 4 and of 16 bytes, null, or of other lengths."""
    value = st.one_of(
        IPV4.map(lambda n: n.to_bytes(4, "big")),
        IPV6.map(lambda n: n.to_bytes(16, "big")),
        st.binary(max_size=20),
        st.none(),
    )
    return st.lists(value, max_size=40)


@st.composite
def shaped(draw: st.DrawFn, rows: Sequence[Any], type_: pa.DataType) -> Any:
    """The rows as an array: sliced, of dictionary type, wide, in chunks; or as a list."""
    kind = draw(st.sampled_from(["plain", "list", "sliced", "large", "dictionary", "chunks"]))
    if kind == "list":
        return list(rows)
    array = pa.array(rows, type_)
    if kind == "large":
        return array.cast(pa.large_string() if type_ == pa.string() else pa.large_binary())
    if kind == "sliced":
        around = pa.array([*rows[:3], *rows, *rows[-2:]], type_)
        return around.slice(len(rows[:3]), len(rows))
    if kind == "dictionary":
        # The dictionary may have more values than there are rows, and be null in places.
        more = pa.array([*rows, "192.0.2.1" if type_ == pa.string() else b"1234", None], type_)
        indices = pa.array([0, *range(len(rows)), 0], pa.int32()).slice(1, len(rows))
        return pa.DictionaryArray.from_arrays(indices, more)
    if kind == "chunks":
        cut = draw(st.integers(0, len(rows)))
        first, second = array.slice(0, cut), array.slice(cut)
        if draw(st.booleans()):
            first, second = first.dictionary_encode(), second.dictionary_encode()
        return pa.chunked_array([first, second, first.slice(0, 0)])
    return array


def read_address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What Python takes a text for. A zone is no part of an address here."""
    if text is None or "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)
