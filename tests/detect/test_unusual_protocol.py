"""Protocols that hosts do not speak."""

from __future__ import annotations

import pytest

from detect.rows import HOST, OTHER, STRANGER, Row, ask, found, told
from flowparse.detect.unusual_protocol import UnusualProtocol


def speak(hour: int = 5, protocol: int = 47, **columns: object) -> Row:
    """Records of a protocol without ports."""
    return ask(hour, protocol=protocol, **{"port": 0, "records": 7, "bytes": 9000, **columns})


def back(row: Row) -> Row:
    """The other direction, which looks like a request of the other side."""
    return {**row, "client": row["server"], "server": row["client"]}


def test_a_tunnel_to_the_internet_is_high() -> None:
    """GRE to a public address is one finding with its numbers, both directions together."""
    (row,) = found(UnusualProtocol(), [speak(), back(speak())])
    assert row["why"] == (
        "10.0.0.5 and 203.0.113.9 spoke gre (protocol 47): 14 records and 18.0 kB within an hour."
    )
    assert row["entity"] == "10.0.0.5 - 203.0.113.9 protocol 47"
    assert (row["severity"], row["technique"], row["dstport"]) == ("high", "T1572", None)
    assert (row["protocol"], row["records"], row["bytes"]) == (47, 14, 18000)


def test_one_direction_names_the_sender() -> None:
    """Where one side alone spoke, it is srcaddr."""
    (row,) = found(UnusualProtocol(), [back(speak())])
    assert (row["srcaddr"], row["dstaddr"]) == (STRANGER, HOST)
    assert row["entity"] == "10.0.0.5 - 203.0.113.9 protocol 47"


def test_severity() -> None:
    """Between private hosts, or no tunnel, is medium; rejected is low."""
    entity = "10.0.0.5 - 203.0.113.9 protocol"
    assert told(UnusualProtocol(), [speak(server=OTHER)])[0][2] == "medium"
    assert told(UnusualProtocol(), [speak(protocol=132)]) == [(5, f"{entity} 132", "medium")]
    assert told(UnusualProtocol(), [speak(action="REJECT")]) == [(5, f"{entity} 47", "low")]
    assert found(UnusualProtocol(), [speak(protocol=132)])[0]["technique"] == "T1095"


@pytest.mark.parametrize("protocol", [1, 6, 17, 58, None])
def test_usual_protocols_are_none(protocol: int | None) -> None:
    """ICMP, TCP, UDP, ICMPv6 and what has no protocol."""
    assert found(UnusualProtocol(), [ask(5, protocol=protocol)]) == []


def test_what_is_usual_is_an_argument() -> None:
    """With a VPN of one's own ESP is no finding, and GRE still is."""
    vpn = UnusualProtocol(usual=(1, 6, 17, 58, 50))
    assert found(vpn, [speak(protocol=50)]) == []
    assert len(found(vpn, [speak(protocol=47)])) == 1
    assert len(found(UnusualProtocol(usual=(6,)), [ask(5, protocol=17)])) == 1


def test_protocols_and_pairs_are_apart() -> None:
    """Two protocols of a pair, and one of two pairs, are findings of their own."""
    rows = [speak(), speak(protocol=50), speak(client=OTHER)]
    assert len(found(UnusualProtocol(), rows)) == 3


def test_what_both_ends_saw_is_one_finding() -> None:
    """Two interfaces that saw it are one finding that names neither."""
    (row,) = found(UnusualProtocol(), [speak(), speak(interface_id="eni-2")])
    assert row["interface_id"] is None


def test_ipv6_and_nulls() -> None:
    """IPv6 in IPv6 is found; without ports, action, bytes and interface the finding has nulls."""
    bare: Row = dict.fromkeys(("port", "action", "bytes", "packets", "interface_id", "account_id"))
    (row,) = found(
        UnusualProtocol(),
        [speak(protocol=41, client="2001:db8::1", server="2001:db8::2", **bare)],
    )
    assert (row["entity"], row["action"]) == ("2001:db8::1 - 2001:db8::2 protocol 41", None)
    assert row["why"].endswith("spoke ipv6 (protocol 41): 7 records within an hour.")
    assert found(UnusualProtocol(), []) == []


def test_an_episode_is_told_once() -> None:
    """A tunnel is told once; after a day without it again; a rejected one that opens, too."""
    rows = [speak(hour) for hour in (2, 3, 20, 60)] + [speak(0, action="REJECT")]
    assert [(hour, severity) for hour, _, severity in told(UnusualProtocol(), rows)] == [
        (0, "low"),
        (2, "high"),
        (60, "high"),
    ]
