"""Names of protocols, flags, paths and services."""

from __future__ import annotations

import socket
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowparse import compute
from flowparse.compute.protocols import PROTOCOLS
from strategies import LAW

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(0, 255), st.integers(-(2**31), 2**31 - 1)), max_size=30
)
BITS = {1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG", 64: "ECE", 128: "CWR"}
FUNCTIONS = [compute.protocol_name, compute.tcp_flag_names, compute.traffic_path_name]


@st.composite
def shaped_numbers(draw: st.DrawFn, rows: list[int | None]) -> Any:
    kind = draw(st.sampled_from(["list", "int32", "int64", "sliced", "dictionary", "chunks"]))
    array = pa.array(rows, pa.int32())
    if kind == "sliced":
        return pa.array([6, *rows, 6], pa.int64()).slice(1, len(rows))
    if kind == "dictionary":
        return array.dictionary_encode()
    if kind == "chunks":
        cut = draw(st.integers(0, len(rows)))
        return pa.chunked_array([array.slice(0, cut), array.slice(cut)])
    return {"list": rows, "int32": array, "int64": array.cast(pa.int64())}[kind]


@LAW
@given(st.data())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_number_has_a_name_of_its_own(function: Any, data: Any) -> None:
    """Null stays null, different numbers have different names, and the type is a dictionary."""
    rows = data.draw(NUMBERS)
    found = function(data.draw(shaped_numbers(rows)))
    found.validate(full=True)
    assert found.type == DICTIONARY
    names = found.to_pylist()
    assert [name is None for name in names] == [row is None for row in rows]
    assert len(set(zip(rows, names, strict=True))) == len(set(rows)) == len(set(names))


@LAW
@given(st.integers(0, 2**31 - 1))
def test_flags(number: int) -> None:
    """The names are those of the bits that are set, lowest first; what is above is one number."""
    (name,) = compute.tcp_flag_names(number).to_pylist()
    wanted = [name for bit, name in BITS.items() if number & bit]
    higher = number - number % 256
    assert name == ",".join(wanted + ([str(higher)] if higher else []))


def test_flags_of_flow_logs() -> None:
    """The values that flow logs have are named as people write them."""
    assert compute.tcp_flag_names([1, 2, 3, 4, 7, 18, 19, 0, -1]).to_pylist() == [
        "FIN", "SYN", "FIN,SYN", "RST", "FIN,SYN,RST", "SYN,ACK", "FIN,SYN,ACK", "", "-1",
    ]  # fmt: skip


def test_protocols_are_those_of_the_system() -> None:
    """The system's own table has the same name for those protocols that both know."""
    theirs = {
        1: "icmp",
        2: "igmp",
        6: "tcp",
        17: "udp",
        47: "gre",
        50: "esp",
        51: "ah",
        58: "ipv6-icmp",
        132: "sctp",
    }
    assert dict(zip(theirs, compute.protocol_name(list(theirs)).to_pylist(), strict=True)) == theirs
    for number, name in PROTOCOLS.items():
        try:
            same = socket.getprotobyname(name) == number
        except OSError:
            continue
        assert same, name


def test_protocols_without_a_keyword() -> None:
    """The numbers to which IANA gave no keyword are themselves, and all others have one."""
    names = compute.protocol_name(list(range(256))).to_pylist()
    bare = [number for number, name in enumerate(names) if name == str(number)]
    assert bare == [61, 63, 68, 99, 114, *range(148, 256)]


def test_paths() -> None:
    """1 to 8 have the meanings of AWS's user guide; any other number is text."""
    names = compute.traffic_path_name(list(range(10))).to_pylist()
    assert names[0] == "0"
    assert names[9] == "9"
    assert names[1] == "same VPC"
    assert names[3] == "virtual private gateway"
    assert names[8] == "internet gateway"


def test_services() -> None:
    """A service is known by its port and its protocol together."""
    ports = pa.chunked_array([[22, 443], [443, 22, None, 3389, 70000, 5432]])
    protocols = pa.chunked_array([[6, 6, 17], [17, 6, 6, 6, 6]])
    found = compute.service_name(ports, protocols)
    found.validate(full=True)
    assert found.type == DICTIONARY
    names = ["ssh", "https", "https", None, None, "rdp", None, "postgresql"]
    assert found.to_pylist() == names
    assert compute.service_name([22, 2**62 + 22, -22], 6).to_pylist() == ["ssh", None, None]
    assert compute.service_name([22], None).to_pylist() == [None]
    assert compute.service_name([], 6).type == DICTIONARY
    with pytest.raises(
        ValueError, match="expected columns of one length: ports has 2, protocols has 1 rows"
    ):
        compute.service_name([22, 22], [6])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_other_types(function: Any) -> None:
    """What is no whole number is a TypeError that says what is expected."""
    for bad in (["6"], [6.5], pa.array([6.0]), pa.array([True]), "tcp"):
        with pytest.raises(TypeError, match="expected whole numbers, such as an int32 array"):
            function(bad)
    assert function(pa.nulls(2)).to_pylist() == [None, None]
    assert function(pa.chunked_array([], pa.int32())).type == DICTIONARY
