"""What every line of a made-up flow log keeps to."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from urllib.parse import unquote

import pytest

from flowparse.fields import FIELDS
from flowparse.logformat import LogFormat
from flowparse.testing import Network

NETWORK = Network(seed=7, interfaces=40, peers=200, ipv6=0.2, no_data=0.02, skip_data=0.01)
START = 1767225600  # 2026-01-01T00:00:00Z

# AWS's fields of version 2 to 5 in the order of its table.
VERSION_5 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr"
    " region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service"
    " flow-direction traffic-path"
)
FORMATS = {
    "default": LogFormat.default(),
    "custom": LogFormat.parse("dstport srcaddr log-status action end tcp-flags"),
    "version-5": LogFormat.parse(VERSION_5),
    "all": LogFormat.all_fields(),
    "transit-gateway": LogFormat.transit_gateway(),
}
KNOWN_NETWORKS = [
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
    )
]


def rows_of(log_format: LogFormat, records: int = 3000) -> list[dict[str, str]]:
    """The records, split by single spaces."""
    lines = NETWORK.text(log_format, records=records, header=False).decode("ascii").split("\n")
    assert lines.pop() == ""
    return [dict(zip(log_format, line.split(" "), strict=True)) for line in lines]


def place_of(row: dict[str, str]) -> str:
    """The interface or, at a regional NAT gateway, the resource."""
    return row["interface-id"] if row["interface-id"] != "-" else row["resource-id"]


ALL = rows_of(LogFormat.all_fields())
TRAFFIC = [row for row in ALL if row["log-status"] == "OK"]
TRANSIT = rows_of(LogFormat.transit_gateway())


@pytest.mark.parametrize("log_format", FORMATS.values(), ids=FORMATS)
def test_line_has_the_fields_of_the_format(log_format: LogFormat) -> None:
    """A text is a header and as many records as asked for, each with one token a field."""
    lines = NETWORK.text(log_format, records=500).decode("ascii").splitlines()
    assert lines[0].split(" ") == list(log_format)
    assert len(lines) == 501
    assert {len(line.split(" ")) for line in lines} == {len(log_format)}


@pytest.mark.parametrize("rows", [ALL, TRANSIT], ids=["all", "transit-gateway"])
def test_numbers_are_within_the_range_of_the_registry(rows: list[dict[str, str]]) -> None:
    """Each number is `-` or digits, at most the registry's maximum."""
    for row in rows:
        for name, text in row.items():
            most = FIELDS[name].maximum
            if most is not None and text != "-":
                assert re.fullmatch("[0-9]+", text), (name, text)
                assert int(text) <= most, (name, text)


def test_every_field_has_values() -> None:
    """No field of the registry is `-` in all records."""
    for rows in (ALL, TRANSIT):
        empty = [name for name in rows[0] if all(row[name] == "-" for row in rows)]
        assert empty == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("version srcaddr", "2"),
        ("version srcaddr vpc-id", "3"),
        (VERSION_5, "5"),
        ("version ecs-task-id", "7"),
        ("version resource-id encryption-status", "10"),
        ("version tgw-id", "6"),
    ],
)
def test_version_is_the_highest_of_the_fields(text: str, version: str) -> None:
    """`version` is the highest version among the chosen fields."""
    log_format = LogFormat.parse(text)
    assert {row["version"] for row in rows_of(log_format, 50)} == {version}


def test_two_formats_have_the_same_records() -> None:
    """A format chooses fields, never records."""
    few = ("end", "dstaddr", "bytes")
    assert rows_of(LogFormat(few)) == [{name: row[name] for name in few} for row in ALL]


def test_unknown_name_and_a_name_twice() -> None:
    """An unknown name is `-`; a name that stands twice has its value twice."""
    text = NETWORK.text("srcaddr core-network-arn srcaddr", records=40, header=False)
    for line in text.decode().splitlines():
        first, unknown, second = line.split(" ")
        assert unknown == "-"
        assert first == second


def test_addresses_belong_to_nobody() -> None:
    """Every address is private or set aside for documentation or benchmarks, in short form."""
    names = [name for name, field in FIELDS.items() if field.kind == "address"]
    texts = {row[name] for row in ALL for name in names} - {"-"}
    for text in texts:
        address = ipaddress.ip_address(text)
        assert str(address) == text
        assert any(address in network for network in KNOWN_NETWORKS)


def test_start_and_end_lie_in_the_time_asked_for() -> None:
    """`end` is in [start, start + seconds); `start` is at most an interval before its end."""
    for interval in (60, 600):
        network = Network(interfaces=10, peers=50, interval=interval, no_data=0.1)
        text = network.text("start end", records=2000, start=START, seconds=250, header=False)
        for line in text.splitlines():
            start, end = map(int, line.split())
            assert START <= end < START + 250
            assert 0 <= end - start < interval


def test_quiet_lines_name_the_interface_and_the_time() -> None:
    """NODATA and SKIPDATA have `-` in all but interface, owner, place and time."""
    kept = {
        "version", "account-id", "interface-id", "vpc-id", "subnet-id", "instance-id",
        "resource-id", "start", "end", "log-status",
    }  # fmt: skip
    quiet = [row for row in ALL if row["log-status"] != "OK"]
    assert {row["log-status"] for row in quiet} == {"NODATA", "SKIPDATA"}
    for row in quiet:
        assert {name for name, text in row.items() if text != "-"} <= kept
        assert re.fullmatch("[0-9]+", row["start"])
        assert int(row["end"]) - int(row["start"]) == 59


def test_default_format_of_a_quiet_line() -> None:
    """A NODATA line of the default format has AWS's shape."""
    text = NETWORK.text(records=1000).decode()
    shape = r"2 \S+ \S+ - - - - - - - [0-9]{10} [0-9]{10} - NODATA"
    assert re.search(f"^{shape}$", text, re.MULTILINE)


def test_interface_without_data_has_no_other_records() -> None:
    """An interface with a NODATA record never has traffic."""
    idle = {place_of(row) for row in ALL if row["log-status"] == "NODATA"}
    assert idle
    assert idle.isdisjoint(place_of(row) for row in TRAFFIC)


def test_shares_are_the_ones_asked_for() -> None:
    """NODATA, SKIPDATA, REJECT and IPv6 have their shares, within a tenth or so."""
    rows = rows_of(LogFormat.parse("action log-status type"), 40_000)
    status = Counter(row["log-status"] for row in rows)
    traffic = [row for row in rows if row["log-status"] == "OK"]
    assert status["NODATA"] / 40_000 == pytest.approx(0.02, rel=0.15)
    assert status["SKIPDATA"] / 40_000 == pytest.approx(0.01, rel=0.2)
    rejected = sum(row["action"] == "REJECT" for row in rows)
    assert rejected / 40_000 == pytest.approx(0.1, rel=0.1)
    ipv6 = sum(row["type"] == "IPv6" for row in traffic)
    assert ipv6 / len(traffic) == pytest.approx(0.2, rel=0.1)


def test_record_agrees_with_itself() -> None:
    """Type, direction, path, ports, flags and packet addresses of a record fit each other."""
    for row in TRAFFIC:
        both = {ipaddress.ip_address(row[n]).version for n in ("srcaddr", "dstaddr")}
        assert row["srcaddr"] != row["dstaddr"]
        assert both == {4 if row["type"] == "IPv4" else 6}
        assert (row["traffic-path"] == "-") == (row["flow-direction"] == "ingress")
        ported = row["protocol"] in ("6", "17")
        assert ported or row["srcport"] == row["dstport"] == "0"
        assert row["protocol"] == "6" or row["tcp-flags"] == "0"
        assert row["protocol"] != ("1" if row["type"] == "IPv6" else "58")
        far = "dstaddr" if row["flow-direction"] == "egress" else "srcaddr"
        assert row[f"pkt-{far}"] == row[far]
        assert row["account-id"] in ("unknown", "111122223333")
        assert row["region"] == "us-east-1"


def test_bytes_fit_the_packets() -> None:
    """A packet has 40 to 1500 bytes; only packets that BPA turned away are not measured."""
    for row in TRAFFIC:
        if row["reject-reason"] == "BPA":
            assert row["bytes"] == "-"
        else:
            packets = int(row["packets"])
            assert packets >= 1
            assert 40 <= int(row["bytes"]) / packets <= 1500


def test_reason_only_where_rejected() -> None:
    """`reject-reason` stands on some REJECTs and on no ACCEPT."""
    reasons = {(row["action"], row["reject-reason"]) for row in TRAFFIC}
    assert {reason for action, reason in reasons if action == "ACCEPT"} == {"-"}
    assert {reason for action, reason in reasons if action == "REJECT"} == {"-", "BPA", "EC"}


def test_tcp_flags_are_those_that_aws_writes() -> None:
    """A VPC writes sums of FIN 1, SYN 2, RST 4 and SYN-ACK 18; a gateway never ACK alone."""
    vpc = {int(row["tcp-flags"]) for row in TRAFFIC}
    assert vpc <= {fin | syn | rst for fin in (0, 1) for syn in (0, 2, 18) for rst in (0, 4)}
    gateway = {int(row["tcp-flags"]) for row in TRANSIT if row["tcp-flags"] != "-"}
    assert gateway <= set(range(64)) - {16}
    assert any(flags & 16 and flags & 8 for flags in gateway)


def test_tags_are_percent_encoded() -> None:
    """Tag values are plain ASCII on the wire, and some decode to other scripts."""
    tags = {row[name] for row in TRAFFIC for name in row if "-tag" in name}
    assert all(re.fullmatch(r"[A-Za-z0-9._~%-]+", tag) for tag in tags)
    assert any(not unquote(tag, errors="strict").isascii() for tag in tags)


def test_tasks_on_fargate_have_no_container_instance() -> None:
    """Some interfaces belong to ECS tasks, with and without a container instance."""
    tasks = {row["ecs-task-id"]: row for row in TRAFFIC if row["ecs-task-id"] != "-"}
    assert tasks
    for task, row in tasks.items():
        assert row["ecs-task-arn"] == (
            f"arn:aws:ecs:us-east-1:111122223333:task/{row['ecs-cluster-name']}/{task}"
        )
    on_instance = {row["ecs-container-instance-id"] != "-" for row in tasks.values()}
    assert on_instance == {True, False}


def test_regional_gateway_has_a_resource_instead_of_an_interface() -> None:
    """Where `interface-id` is `-`, `resource-id` names a NAT gateway, and nowhere else."""
    named = {(row["interface-id"] == "-", row["resource-id"][:4]) for row in TRAFFIC}
    assert named == {(False, "-"), (True, "nat-")}


def test_account_of_an_interface_that_aws_owns_is_unknown() -> None:
    """`unknown` stands for the account of load balancers and endpoints only."""
    unknown = {row["interface-type"] for row in TRAFFIC if row["account-id"] == "unknown"}
    assert unknown == {"network_load_balancer", "vpc_endpoint"}
    assert "unknown" not in {row["account-id"] for row in TRAFFIC if row["instance-id"] != "-"}


def test_gateway_record_names_its_vpcs() -> None:
    """A transit gateway's record has a VPC at the source or the destination."""
    for row in TRANSIT:
        if row["log-status"] == "OK":
            assert row["resource-type"] == "TransitGateway"
            side = "src" if row["flow-direction"] == "ingress" else "dst"
            assert row[f"tgw-{side}-vpc-id"].startswith("vpc-")
            assert row[f"tgw-{side}-vpc-account-id"] == "111122223333"
    assert {row["tgw-dst-vpc-account-id"] for row in TRANSIT} >= {"444455556666"}


def test_a_few_are_busy_and_many_are_rare() -> None:
    """One interface has more than a tenth of the records; most ports are seen once or twice."""
    interfaces = Counter(row["interface-id"] for row in TRAFFIC)
    assert interfaces.most_common(1)[0][1] > len(TRAFFIC) / 10
    ports = Counter(row["dstport"] for row in TRAFFIC)
    assert ports["443"] > len(TRAFFIC) / 50
    assert sum(count <= 2 for count in ports.values()) > len(ports) / 2
