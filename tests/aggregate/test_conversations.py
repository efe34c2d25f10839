"""Who talked with whom."""

from __future__ import annotations

from typing import Any

import pytest

from flowparse import aggregate

HEADER = (
    "interface-id flow-direction srcaddr dstaddr srcport dstport protocol tcp-flags packets bytes "
    "start end action\n"
)
A, B = "10.0.0.1", "10.0.0.2"


def log(*lines: str, without: tuple[str, ...] = ()) -> bytes:
    """A flow log of these records; `without` drops fields from its format."""
    names = HEADER.split()
    keep = [place for place, name in enumerate(names) if name not in without]
    rows = [names, *(line.split() for line in lines)]
    return "".join(" ".join(row[place] for place in keep) + "\n" for row in rows).encode()


def asked(*lines: str, without: tuple[str, ...] = (), **options: Any) -> list[dict[str, Any]]:
    return aggregate.conversations(log(*lines, without=without), **options).to_pylist()


BOTH_SIDES = (
    # A's interface lets its request out, B's takes it in; the answer goes the other way.
    f"eni-a egress {A} {B} 49152 443 6 2 5 500 100 110 ACCEPT",
    f"eni-b ingress {A} {B} 49152 443 6 2 5 500 100 111 ACCEPT",
    f"eni-b egress {B} {A} 443 49152 6 18 7 9000 101 112 ACCEPT",
    f"eni-a ingress {B} {A} 443 49152 6 18 7 9000 102 113 ACCEPT",
)


@pytest.mark.parametrize(
    ("without", "views", "times"),
    [
        ((), 4, 1),
        (("flow-direction",), 4, 1),
        (("interface-id",), 4, 1),
        (("interface-id", "flow-direction"), 2, 2),  # nothing tells the copies apart
    ],
)
def test_both_interfaces_log_a_flow_that_counts_once(
    without: tuple[str, ...], views: int, times: int
) -> None:
    """Copies of two interfaces count once, wherever interface or direction tells them apart."""
    [row] = asked(*BOTH_SIDES, without=without)
    assert (row["client"], row["server"]) == (A, B)
    assert (row["client_port"], row["server_port"], row["protocol"]) == (49152, 443, 6)
    assert (row["bytes_out"], row["bytes_in"]) == (500 * times, 9000 * times)
    assert (row["packets_out"], row["packets_in"]) == (5 * times, 7 * times)
    assert (row["bytes"], row["packets"]) == (9500 * times, 12 * times)
    assert (row["records"], row["accepted"], row["views"]) == (2 * times, 2 * times, views)
    assert (row["first_seen"].timestamp(), row["last_seen"].timestamp()) == (100, 113)


def test_the_interface_that_saw_most_counts() -> None:
    """Records that one interface lost are there as the other has them."""
    [row] = asked(*BOTH_SIDES[:2], f"eni-b ingress {A} {B} 49152 443 6 0 2 200 160 170 ACCEPT")
    assert (row["bytes_out"], row["packets_out"], row["records"]) == (700, 7, 2)
    assert (row["bytes_in"], row["packets_in"]) == (None, None)
    assert row["bytes"] == 700


def test_what_one_side_lets_out_and_the_other_refuses() -> None:
    """A flow can be accepted at the sender's interface and rejected at the receiver's."""
    [row] = asked(BOTH_SIDES[0], BOTH_SIDES[1].replace("ACCEPT", "REJECT"))
    assert (row["records"], row["accepted"], row["rejected"]) == (1, 1, 1)


def one(source: str, target: str, ports: str, flags: str, start: int = 100) -> str:
    return f"eni-a egress {source} {target} {ports} 6 {flags} 1 10 {start} 110 ACCEPT"


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([one(A, B, "9000 50000", "2"), one(B, A, "50000 9000", "18")], A),
        ([one(A, B, "9000 50000", "18"), one(B, A, "50000 9000", "2")], B),
        ([one(A, B, "50000 9000", "18")], B),  # only the answer is there
        ([one(A, B, "9000 50000", "16"), one(B, A, "50000 9000", "18")], A),  # SYN was before
        ([one(A, B, "9000 50000", "19"), one(B, A, "50000 9000", "1")], B),
        ([one(A, B, "9000 50000", "0"), one(B, A, "50000 9000", "0")], B),  # the higher port
        ([one(A, B, "9000 50000", "18"), one(B, A, "50000 9000", "18")], B),  # both had ACK
        ([one(A, B, "123 123", "-", 105), one(B, A, "123 123", "-", 101)], B),  # the earlier
        ([one(B, A, "0 0", "-")], B),  # the only one
    ],
)
def test_who_is_the_client(lines: list[str], client: str) -> None:
    """Flags tell, else the ports, else who was first."""
    for records in (lines, lines[::-1]):
        assert [row["client"] for row in asked(*records)] == [client]


def test_ports_and_protocols_are_conversations_of_their_own() -> None:
    """Another port or protocol is another row; records without addresses are none."""
    rows = asked(
        one(A, B, "50000 443", "0"),
        one(A, B, "50001 443", "0"),
        one(A, B, "50000 443", "0").replace(" 6 ", " 17 "),
        "eni-a - - - - - - - - - 100 110 -",
    )
    keys = [(row["client_port"], row["protocol"]) for row in rows]
    assert keys == [(50000, 6), (50000, 17), (50001, 6)]


def test_with_oneself() -> None:
    """A packet to one's own address and port is a conversation of one direction."""
    [row] = asked(one(A, A, "80 80", "0"))
    assert (row["client"], row["server"], row["bytes_out"], row["bytes_in"]) == (A, A, 10, None)


def test_with_oneself_on_another_port() -> None:
    """Both directions between two ports of one address are one conversation."""
    [row] = asked(one(A, A, "50000 80", "0"), one(A, A, "80 50000", "0"))
    assert (row["client_port"], row["server_port"]) == (50000, 80)
    assert (row["bytes_out"], row["bytes_in"]) == (10, 10)


def test_ipv6_and_measures() -> None:
    """IPv6 flows meet their answers; rows are sorted by what is asked for."""
    rows = asked(
        one("2001:db8::1", "2001:db8::2", "50000 443", "2"),
        one("2001:db8::2", "2001:db8::1", "443 50000", "18"),
        one(A, B, "50000 443", "0").replace(" 1 10 ", " 1 99 "),
        measure="packets",
        limit=1,
    )
    assert [(row["client"], row["packets"]) for row in rows] == [("2001:db8::1", 2)]
