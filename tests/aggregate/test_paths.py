"""Which ways the bytes take, and which services they are of."""

from __future__ import annotations

from typing import Any

from flowparse import aggregate

LOG = b"""srcaddr dstaddr srcport dstport protocol bytes flow-direction traffic-path az-id \
next-hop-az-id
10.0.0.1 203.0.113.7 50000 443 6 4000 egress 8 use1-az1 -
203.0.113.7 10.0.0.1 443 50000 6 900 ingress - use1-az1 -
10.0.0.1 10.0.1.9 50001 5432 6 700 egress 1 use1-az1 use1-az2
10.0.0.1 10.0.0.9 50001 53 17 60 egress 1 use1-az1 use1-az1
10.0.0.1 10.9.0.9 50001 7777 6 50 egress 5 use1-az1 -
10.0.0.1 10.9.0.9 50001 7777 6 40 egress - use1-az1 -
- - - - - - - - use1-az1 -
"""


def rows(data: bytes, *names: str) -> list[tuple[Any, ...]]:
    table = aggregate.path_bytes(data).select([*names, "bytes"])
    return list(zip(*table.to_pydict().values(), strict=True))


def test_paths_zones_and_scopes() -> None:
    """Each way that occurs is a row with AWS's name of the path."""
    assert rows(LOG, "flow_direction", "path", "zones", "scope") == [
        ("egress", "internet gateway", "unknown", "internet", 4000),
        ("ingress", "ingress", "unknown", "internet", 900),
        ("egress", "same VPC", "cross", "private", 700),
        ("egress", "same VPC", "same", "private", 60),
        ("egress", "VPC peering, other region", "unknown", "private", 50),
        ("egress", "unknown", "unknown", "private", 40),
        (None, "unknown", "unknown", "unknown", None),
    ]


def test_a_format_that_tells_little() -> None:
    """Without the fields all is unknown but what addresses tell, and no byte is lost."""
    log = b"srcaddr dstaddr bytes\n10.0.0.1 8.8.8.8 5\n10.0.0.1 10.0.0.2 6\n"
    assert rows(log, "flow_direction", "traffic_path", "path", "zones", "scope") == [
        (None, None, "unknown", "unknown", "private", 6),
        (None, None, "unknown", "unknown", "internet", 5),
    ]


def test_services() -> None:
    """Requests and answers are of one service; what has no name is null."""
    table = aggregate.services(LOG).select(["service", "protocol_name", "bytes", "records"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("https", "tcp", 4900, 2),
        ("postgresql", "tcp", 700, 1),
        (None, "tcp", 90, 2),
        ("dns", "udp", 60, 1),
        (None, None, None, 1),
    ]


def test_the_port_that_is_asked_for_comes_first() -> None:
    """Where both ports have a name, the destination's is the service."""
    log = b"srcaddr srcport dstport protocol bytes\n10.0.0.1 22 443 6 1\n"
    assert aggregate.services(log)["service"].to_pylist() == ["https"]


def test_services_of_aws() -> None:
    """The destination's service comes before the source's."""
    log = b"""dstport protocol pkt-src-aws-service pkt-dst-aws-service bytes
443 6 - S3 30
443 6 DYNAMODB S3 20
443 6 DYNAMODB - 10
"""
    table = aggregate.services(log, "bytes", 2).select(["aws_service", "bytes", "share"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("S3", 50, 50 / 60),
        ("DYNAMODB", 10, 10 / 60),
    ]
