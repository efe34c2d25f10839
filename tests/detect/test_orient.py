"""Which side of a record asked."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flowparse.detect.orient import orient

SYN, SYN_ACK, FIN = 2, 18, 1


def side(
    ports: tuple[int | None, int | None],
    flags: int | None = None,
    protocol: int | None = 6,
    action: str | None = "ACCEPT",
) -> tuple[bool, int | None]:
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([ports[0]], pa.int32()),
            pa.array([ports[1]], pa.int32()),
            pa.array([protocol], pa.int32()),
            pa.array([action]).dictionary_encode(),
            pa.array([flags], pa.int32()),
        ],
        names=["srcport", "dstport", "protocol", "action", "tcp_flags"],
    )
    answer, port = orient(batch)
    return answer[0].as_py(), port[0].as_py()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(SYN, (False, 50051)), (SYN | FIN, (False, 50051)), (SYN_ACK, (True, 33000))],
)
def test_tcp_flags_decide_before_ports(flags: int, expected: tuple[bool, int]) -> None:
    """A SYN makes the sender the client, a SYN with ACK the server, whatever the ports are."""
    assert side((33000, 50051), flags) == expected


@pytest.mark.parametrize("flags", [None, 0, FIN])
def test_the_lower_port_is_the_server(flags: int | None) -> None:
    """Without a SYN, both directions agree on the side with the lower port."""
    assert side((40000, 443), flags) == (False, 443)
    assert side((443, 40000), flags) == (True, 443)


def test_flags_of_another_protocol_say_nothing() -> None:
    """Only TCP has flags."""
    assert side((53, 40000), SYN, protocol=17) == (True, 53)


def test_a_transit_gateway_tells_the_ack_of_clients_too() -> None:
    """Where there is no action, SYN with ACK may be a client's: ports decide."""
    assert side((40000, 443), SYN_ACK, action=None) == (False, 443)
    assert side((443, 40000), SYN, action=None) == (False, 40000)


@pytest.mark.parametrize("ports", [(0, 0), (123, 123), (None, 22), (0, 22), (None, None)])
def test_ports_that_tell_nothing_make_the_sender_the_client(
    ports: tuple[int | None, int | None],
) -> None:
    """Equal ports, 0 and null."""
    assert side(ports, protocol=17) == (False, ports[1])
