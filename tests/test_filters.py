"""Filters: pushed into the core, with the result of reading all and filtering after."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

import flowparse

INT64_MAX = 2**63 - 1
NAN, INF = float("nan"), float("inf")

# Lines 2..6. 1700000000 is 2023-11-14T22:13:20Z.
TEXT = b"""version srcaddr dstport packets start end action tag
2 10.0.0.1 0 9223372036854775807 1700000000 1700000060 ACCEPT b
2 10.0.0.2 443 0 1700000000999 1700000120000 REJECT B
2 10.0.0.10 65535 5 1700000001 1700000002 ACCEPT ab
2 2001:db8::1 443 6 0 1 - \xc3\xa9
- - - - - - - -
"""


def kept(condition: object, text: object = TEXT, **options: Any) -> list[int]:
    """Lines of the records that a condition keeps."""
    table = flowparse.read_table(text, filters=[condition], columns=["line"], **options)
    lines: list[int] = table.column("line").to_pylist()
    return lines


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        (("dstport", "=", 443), [3, 5]),
        (("dstport", "==", 443), [3, 5]),
        (("dstport", "=", 443.0), [3, 5]),
        (("dstport", "=", Fraction(886, 2)), [3, 5]),
        (("dstport", "=", 443.5), []),
        (("dstport", "=", -1), []),
        (("dstport", "!=", 443), [2, 4]),
        (("dstport", "!=", 443.5), [2, 3, 4, 5]),
        (("dstport", "<", 443), [2]),
        (("dstport", "<", 443.5), [2, 3, 5]),
        (("dstport", "<", 442.5), [2]),
        (("dstport", "<", 0), []),
        (("dstport", "<", 0.5), [2]),
        (("dstport", "<", -0.5), []),
        (("dstport", "<=", 443), [2, 3, 5]),
        (("dstport", "<=", 442.5), [2]),
        (("dstport", "<=", -0.0), [2]),
        (("dstport", ">", 443), [4]),
        (("dstport", ">", 442.5), [3, 4, 5]),
        (("dstport", ">", -0.5), [2, 3, 4, 5]),
        (("dstport", ">=", 443), [3, 4, 5]),
        (("dstport", ">=", 443.5), [4]),
        (("dstport", ">=", 65535.5), []),
        (("dstport", "in", [443, 0]), [2, 3, 5]),
        (("dstport", "in", (443.0, 1.5, NAN, -INF)), [3, 5]),
        (("dstport", "in", {65535: "a dict"}), [4]),
        (("dstport", "in", []), []),
        (("dstport", "not in", [443, 0]), [4]),
        (("dstport", "not in", [443.5, NAN, 2**70]), [2, 3, 4, 5]),
        (("dstport", "not in", []), [2, 3, 4, 5]),
        (("dstport", "is null"), [6]),
        (("dstport", "is null", None), [6]),
        (("dstport", "is not null"), [2, 3, 4, 5]),
        (("dstport", "is not null", "unused"), [2, 3, 4, 5]),
    ],
    ids=str,
)
def test_each_op_on_a_number(condition: object, lines: list[int]) -> None:
    """Numbers compare by value with whole numbers and fractions; a null compares as false."""
    assert kept(condition) == lines


@pytest.mark.parametrize(
    ("op", "value", "lines"),
    [
        ("=", NAN, []),
        ("<", NAN, []),
        (">=", NAN, []),
        ("!=", NAN, [2, 3, 4, 5]),
        ("<", INF, [2, 3, 4, 5]),
        ("<=", -INF, []),
        (">", -INF, [2, 3, 4, 5]),
        (">=", INF, []),
        ("=", INF, []),
        ("!=", INF, [2, 3, 4, 5]),
        ("=", INT64_MAX, [2]),
        ("<", INT64_MAX, [3, 4, 5]),
        ("<=", INT64_MAX, [2, 3, 4, 5]),
        (">", INT64_MAX, []),
        ("=", INT64_MAX + 1, []),
        ("!=", INT64_MAX + 1, [2, 3, 4, 5]),
        (">=", INT64_MAX + 1, []),
        ("<", 10**40, [2, 3, 4, 5]),
        (">", 10**40, []),
        (">", -(10**40), [2, 3, 4, 5]),
        ("<=", -(10**40), []),
        (">=", float(2**63), []),
        ("<", float(2**63), [2, 3, 4, 5]),
        (">", Fraction(2 * INT64_MAX - 1, 2), [2]),
        ("in", [INT64_MAX, 2**64 + 5, -(2**63)], [2]),
        ("not in", [INT64_MAX, 2**64 + 5, 0], [4, 5]),
    ],
)
def test_numbers_beyond_64_bits_and_not_finite(op: str, value: object, lines: list[int]) -> None:
    """NaN equals nothing, and numbers that no column can hold still compare as numbers."""
    assert kept(("packets", op, value)) == lines


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        (("action", "=", "ACCEPT"), [2, 4]),
        (("action", "=", "accept"), []),
        (("action", "=", ""), []),
        (("action", "!=", "ACCEPT"), [3]),
        (("action", "!=", ""), [2, 3, 4]),
        (("action", "<", "REJECT"), [2, 4]),
        (("action", "<=", "REJECT"), [2, 3, 4]),
        (("action", ">", "ACCEPT"), [3]),
        (("action", ">", "ACCEP"), [2, 3, 4]),
        (("action", ">", ""), [2, 3, 4]),
        (("action", ">=", "ACCEPT "), [3]),
        (("action", "in", ["REJECT", "x"]), [3]),
        (("action", "in", {"ACCEPT", "REJECT"}), [2, 3, 4]),
        (("action", "in", []), []),
        (("action", "not in", ["REJECT", ""]), [2, 4]),
        (("action", "not in", []), [2, 3, 4]),
        (("action", "=", "-"), []),
        (("action", "in", ["-"]), []),
        (("action", "is null"), [5, 6]),
        (("action", "is not null"), [2, 3, 4]),
        (("srcaddr", "=", "10.0.0.1"), [2]),
        (("srcaddr", "<", "10.0.0.2"), [2, 4]),
        (("srcaddr", "in", ["2001:db8::1", "2001:db8:0::1"]), [5]),
        (("tag", "<", "b"), [3, 4]),
        (("tag", "=", "é"), [5]),
        (("tag", ">", "z"), [5]),
        (("tag", "in", ["é", "B"]), [3, 5]),
        (("tag", "is null"), [6]),
    ],
    ids=str,
)
def test_each_op_on_text(condition: object, lines: list[int]) -> None:
    """Text, addresses and unknown fields compare by their UTF-8 bytes; a null is false."""
    assert kept(condition) == lines
    assert kept(condition, schema="aws") == lines


EAST = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        (("start", "=", 1700000000), [2, 3]),
        (("start", "=", datetime(2023, 11, 14, 22, 13, 20)), [2, 3]),
        (("start", "=", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)), [2, 3]),
        (("start", "=", datetime(2023, 11, 14, 23, 13, 20, tzinfo=EAST)), [2, 3]),
        (("start", "=", "2023-11-14T22:13:20Z"), [2, 3]),
        (("start", "=", "2023-11-14 23:13:20+01:00"), [2, 3]),
        (("start", "=", datetime(2023, 11, 14, 22, 13, 20, 1)), []),
        (("start", ">", datetime(2023, 11, 14, 22, 13, 19, 999999)), [2, 3, 4]),
        (("start", ">", datetime(2023, 11, 14, 22, 13, 20)), [4]),
        (("start", ">=", datetime(2023, 11, 14, 22, 13, 20, 1)), [4]),
        (("start", "<=", "2023-11-14T22:13:20.999999Z"), [2, 3, 5]),
        (("start", "<", date(2023, 11, 14)), [5]),
        (("start", ">=", date(2023, 11, 14)), [2, 3, 4]),
        (("start", "<", "1970-01-01T00:00:00.5Z"), [5]),
        (("start", "<", datetime(1969, 1, 1)), []),
        (("start", ">=", 1700000000.5), [4]),
        (("start", "in", ["2023-11-14T22:13:21Z", 0]), [4, 5]),
        (("start", "not in", [1700000000, datetime(1970, 1, 1)]), [4]),
        (("end", "=", 1700000120), [3]),
        (("start", "is null"), [6]),
        (("start", "is not null"), [2, 3, 4, 5]),
    ],
    ids=str,
)
def test_each_op_on_a_time(condition: object, lines: list[int]) -> None:
    """Times compare as seconds, milliseconds scaled first, with any kind of point in time."""
    assert kept(condition) == lines


def test_the_aws_schema_compares_what_it_shows() -> None:
    """With schema aws, start is the number that stands there, milliseconds and all."""
    assert kept(("start", "=", 1700000000), schema="aws") == [2]
    assert kept(("start", "=", 1700000000999), schema="aws") == [3]
    assert kept(("start", ">", "2023-11-14T22:13:21Z"), schema="aws") == [3]


ADDRESSES = b"""version srcaddr dstport
2 10.0.0.1 1
2 10.255.255.255 2
2 11.0.0.0 3
2 ::ffff:10.0.0.1 4
2 2001:db8::1 5
2 2001:DB8:0:0:0:0:0:1 6
2 2001:db9:: 7
2 - 8
2 010.0.0.1 9
2 10.0.0.1. 10
2 10.0.0 11
2 10.0.0.256 12
2 fe80::1%eth0 13
2 2001:db8::1::2 14
2 ::10.0.0.1 15
2 :: 16
2 0.0.0.0 17
2 255.255.255.255 18
2 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 19
2 10.0.0.1/32 20
"""
ALL_4 = [1, 2, 3, 17, 18]
ALL_6 = [4, 5, 6, 7, 15, 16, 19]


class Counted4(ipaddress.IPv4Network):
    """A network that must not be read as the list of its addresses."""

    def __iter__(self) -> Iterator[ipaddress.IPv4Address]:
        raise AssertionError("a network was read address by address")


class Counted6(ipaddress.IPv6Network):
    def __iter__(self) -> Iterator[ipaddress.IPv6Address]:
        raise AssertionError("a network was read address by address")


@pytest.mark.parametrize(
    ("networks", "ports"),
    [
        ("10.0.0.0/8", [1, 2]),
        ("10.77.66.55/8", [1, 2]),
        ("10.0.0.1", [1]),
        ("10.0.0.1/32", [1]),
        ("10.128.0.0/9", [2]),
        ("0.0.0.0/0", ALL_4),
        ("255.255.255.255/32", [18]),
        ("2001:db8::/32", [5, 6]),
        ("2001:db8::1", [5, 6]),
        ("2001:db8::ffff/64", [5, 6]),
        ("::ffff:10.0.0.0/104", [4]),
        ("::/0", ALL_6),
        ("::/96", [15, 16]),
        ("ffff::/16", [19]),
        (["10.0.0.0/8", "2001:db8::/32"], [1, 2, 5, 6]),
        (["10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8", "11.0.0.0"], [1, 2, 3]),
        (["192.0.2.0/24", "0.0.0.0/32", "10.255.255.255", "255.0.0.0/8"], [2, 17, 18]),
        ([], []),
        (ipaddress.ip_address("10.0.0.1"), [1]),
        (ipaddress.ip_address("2001:db8::1"), [5, 6]),
        (ipaddress.ip_interface("10.0.0.1/8"), [1, 2]),
        ([ipaddress.ip_network("10.0.0.0/8"), "2001:db9::"], [1, 2, 7]),
        (Counted4("10.0.0.0/8"), [1, 2]),
        (Counted6("2001:db8::/32"), [5, 6]),
    ],
    ids=str,
)
def test_in_network(networks: object, ports: list[int]) -> None:
    """CIDRs, hosts, lists and ipaddress objects of both families; no address is in no network."""
    table = flowparse.read_table(ADDRESSES, filters=[("srcaddr", "in network", networks)])
    assert table.column("dstport").to_pylist() == ports


def test_an_iterator_of_networks_serves_every_format() -> None:
    """A value that can be read only once holds for sources of several formats."""
    other = b"srcaddr dstport action version\n10.0.0.1 99 ACCEPT 2\n"
    for condition in (
        ("srcaddr", "in network", iter(["10.0.0.1"])),
        ("srcaddr", "in", iter(["10.0.0.1"])),
    ):
        table = flowparse.read_table([ADDRESSES, other], filters=[condition])
        assert table.column("dstport").to_pylist() == [1, 99]


def test_a_field_that_the_registry_lacks_may_hold_addresses() -> None:
    """Of a name that AWS adds tomorrow `in network` can be asked."""
    text = b"version bytes packets next-hop-addr\n2 1 1 10.0.0.1\n2 1 1 web\n"
    assert kept(("next_hop_addr", "in network", "10.0.0.0/8"), text) == [2]


EXPORT = b"""2023-11-14T22:13:20.000Z 2 1
2023-11-14T22:13:20.123Z 2 2
2023-11-14T23:13:20.5+01:00 2 3
- 2 4
"""


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        (("line", "=", 3), [3]),
        (("line", "!=", 3), [2, 4, 5, 6]),
        (("line", ">", 4.5), [5, 6]),
        (("line", "in", [2, 6, 99]), [2, 6]),
        (("line", "not in", [2, 6, 99]), [3, 4, 5]),
        (("line", "<", 10**30), [2, 3, 4, 5, 6]),
        (("line", "=", NAN), []),
        (("line", "is null"), []),
        (("line", "is not null"), [2, 3, 4, 5, 6]),
        (("source", "=", "<bytes>"), [2, 3, 4, 5, 6]),
        (("source", "!=", "<bytes>"), []),
        (("source", ">", "<"), [2, 3, 4, 5, 6]),
        (("source", "in", ["a", "<bytes>"]), [2, 3, 4, 5, 6]),
        (("source", "not in", ["a", "<bytes>"]), []),
        (("source", "is null"), []),
        (("source", "is not null"), [2, 3, 4, 5, 6]),
        (("log_group", "=", "a"), []),
        (("log_group", "!=", "a"), []),
        (("log-group", "is null"), [2, 3, 4, 5, 6]),
        (("log_stream", "is not null"), []),
        (("export_timestamp", "is null"), [2, 3, 4, 5, 6]),
        (("export_timestamp", ">", 0), []),
        (("account_id", "is null"), [2, 3, 4, 5, 6]),
        (("account-id", "is not null"), []),
        (("account_id", "!=", "a"), []),
        (("bytes", "not in", [1]), []),
        (("pkt_srcaddr", "in network", "0.0.0.0/0"), []),
    ],
    ids=str,
)
def test_columns_that_no_field_of_the_line_fills(condition: object, lines: list[int]) -> None:
    """Columns on request, and fields that the format lacks, can be filtered on."""
    assert kept(condition) == lines


@pytest.mark.parametrize(
    ("op", "value", "lines"),
    [
        ("=", 1700000000, [1]),
        ("=", "2023-11-14T22:13:20.123Z", [2]),
        (">", "2023-11-14T22:13:20.1229Z", [2, 3]),
        (">=", datetime(2023, 11, 14, 22, 13, 20, 500000), [3]),
        ("=", datetime(2023, 11, 14, 22, 13, 20, 123001), []),
        ("<", datetime(2023, 11, 14, 22, 13, 20, 123001), [1, 2]),
        ("in", [1700000000.5, 1700000000], [1, 3]),
        ("is null", None, [4]),
    ],
)
def test_the_exports_time_is_compared_to_the_millisecond(
    op: str, value: object, lines: list[int]
) -> None:
    """export_timestamp compares in milliseconds with any kind of point in time."""
    options = {"log_format": "export-timestamp version dstport"}
    assert kept(("export_timestamp", op, value), EXPORT, **options) == lines


def test_a_filter_on_the_source_chooses_among_several() -> None:
    """`source` compares with the name of each source."""
    files = [io.BytesIO(TEXT), io.BytesIO(TEXT)]
    files[0].name, files[1].name = "a.log", "b.log"  # type: ignore[attr-defined]
    table = flowparse.read_table(files, filters=[("source", "=", "b.log")], columns=["source"])
    assert table.column("source").to_pylist() == ["b.log"] * 5


def test_groups_are_alternatives() -> None:
    """All conditions of a list hold, or those of one of several lists."""
    both = [("action", "=", "ACCEPT"), ("dstport", ">", 0)]
    either = [[("action", "=", "ACCEPT"), ("dstport", ">", 0)], [("action", "is null")]]

    def read(filters: object) -> list[int]:
        table = flowparse.read_table(TEXT, filters=filters, columns=["line"])  # type: ignore[arg-type]
        lines: list[int] = table.column("line").to_pylist()
        return lines

    assert read(both) == [4]
    assert read(either) == [4, 5, 6]
    assert read([["action", "=", "REJECT"]]) == [3]
    assert read([]) == read(None) == [2, 3, 4, 5, 6]


def test_a_column_used_only_in_a_filter_is_not_returned() -> None:
    """A filter does not add its column to the columns asked for."""
    table = flowparse.read_table(TEXT, filters=[("dstport", "=", 443)], columns=["packets"])
    assert table.to_pydict() == {"packets": [0, 6]}


def test_all_columns_are_filtered_alike() -> None:
    """The result equals reading all and filtering after, in every column and schema."""
    for schema in ("typed", "aws"):
        whole = flowparse.read_table(TEXT, schema=schema)
        found = flowparse.read_table(TEXT, schema=schema, filters=[("packets", "<", 6)])
        assert found.to_pylist() == whole.take(pa.array([1, 2])).to_pylist()
        found.validate(full=True)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            "dstport=443",
            "filters: expected a list of (column, op, value) or a list of such lists, "
            "got 'dstport=443'",
        ),
        (
            ("dstport", "=", 443),
            "filters: expected a list of (column, op, value) or a list of such lists, "
            "got ('dstport', '=', 443)",
        ),
        (["dstport", "=", 443], "filters: expected a list of (column, op, value), got 'dstport'"),
        ([[]], "filters: expected a list of (column, op, value), got []"),
        ([5], "filters: expected a list of (column, op, value), got 5"),
        ([("dstport", "=", 1), 5], "filters: expected (column, op, value), got 5"),
        ([("dstport",)], "filters: expected (column, op, value), got ('dstport',)"),
        (
            [("dstport", "=", 1, 2)],
            "filters: expected (column, op, value), got ('dstport', '=', 1, 2)",
        ),
        (
            [("dstport", "like", 1)],
            "filters: unknown op 'like'; there are =, ==, !=, <, <=, >, >=, in, not in, is null, "
            "is not null, in network",
        ),
        ([("dstport", "=")], "filters: dstport =: a value is missing; use 'is null' for null"),
        (
            [("dstport", "=", None)],
            "filters: dstport =: a value is missing; use 'is null' for null",
        ),
        ([("dstport", "in", 5)], "filters: dstport in: expected a list of values, got 5"),
        (
            [("action", "not in", "ACCEPT")],
            "filters: action not in: expected a list of values, got 'ACCEPT'",
        ),
        (
            [("dstport", "=", "443")],
            "filters: dstport is a number and cannot be compared with str '443'",
        ),
        (
            [("dstport", "=", True)],
            "filters: dstport is a number and cannot be compared with bool True",
        ),
        (
            [("dstport", "in", [1, "2"])],
            "filters: dstport is a number and cannot be compared with str '2'",
        ),
        (
            [("line", ">", "2")],
            "filters: line is a number and cannot be compared with str '2'",
        ),
        (
            [("action", "=", 5)],
            "filters: action is text and cannot be compared with int 5",
        ),
        (
            [("source", "=", 5)],
            "filters: source is text and cannot be compared with int 5",
        ),
        (
            [("srcaddr", "=", ipaddress.ip_address("10.0.0.1"))],
            "filters: srcaddr is text and cannot be compared with IPv4Address "
            "IPv4Address('10.0.0.1')",
        ),
        ([("action", "=", "\ud800")], r"filters: action: '\ud800' is not UTF-8"),
        (
            [("start", ">", "soon")],
            "filters: start: expected a time such as '2026-11-24T13:00:00Z', got 'soon'",
        ),
        ([("start", ">", NAN)], "filters: start: nan is no time"),
        (
            [("start", ">", True)],
            "filters: start: expected a datetime, ISO 8601 text or epoch seconds, got bool True",
        ),
        ([("dstport", "in network", "::/0")], "filters: dstport holds no addresses: 'in network'"),
        ([("action", "in network", "::/0")], "filters: action holds no addresses: 'in network'"),
        ([("source", "in network", "::/0")], "filters: source holds no addresses: 'in network'"),
        (
            [("srcaddr", "in network", "10.0.0.0/33")],
            "filters: srcaddr: expected a CIDR range such as '10.0.0.0/8' or an address, "
            "got '10.0.0.0/33'",
        ),
        (
            [("srcaddr", "in network", ["10.0.0.0/8", "web"])],
            "filters: srcaddr: expected a CIDR range such as '10.0.0.0/8' or an address, got 'web'",
        ),
        ([("srcaddr", "in network", 167772161)], "filters: srcaddr: 167772161 is not a CIDR range"),
        (
            [("srcaddr", "in network", b"10.0.0.1")],
            "filters: srcaddr: b'10.0.0.1' is not a CIDR range",
        ),
        (
            [("dstprt", "=", 443)],
            "no column 'dstprt': neither AWS's registry nor the formats read have it; "
            "did you mean dstport, start, srcport?",
        ),
        (
            [("Action", "=", "ACCEPT")],
            "no column 'Action': neither AWS's registry nor the formats read have it; "
            "did you mean action?",
        ),
    ],
    ids=str,
)
def test_a_wrong_filter_is_a_value_error(filters: object, message: str) -> None:
    """What cannot be evaluated is a ValueError that says which part and what was expected."""
    with pytest.raises(ValueError, match=r"filters|no column") as caught:
        flowparse.read_table(TEXT, filters=filters)  # type: ignore[arg-type]
    assert str(caught.value) == message
    with pytest.raises(ValueError, match=r"filters|no column"):
        flowparse.open_reader(TEXT, filters=filters)  # type: ignore[arg-type]


def test_a_name_is_near_to_those_of_the_formats_read() -> None:
    """The near names of an unknown one include those that only this source's header has."""
    text = b"version bytes packets core-network-id\n2 1 1 a\n"
    with pytest.raises(ValueError, match=r"did you mean core_network_id\?"):
        flowparse.read_table(text, filters=[("core_netwrk_id", "=", "a")])


WINDOWS = b"""version start end
2 100 160
2 160 220
2 220000000000 280000000000
2 - 160
2 100 -
2 - -
"""


@pytest.mark.parametrize(
    ("since", "until", "lines"),
    [
        (None, None, [2, 3, 4, 5, 6, 7]),
        (160, None, [2, 3, 4]),
        (160.5, None, [3, 4]),
        (161, None, [3, 4]),
        (None, 160, [2]),
        (None, 160.5, [2, 3]),
        (None, 100, []),
        (None, 101, [2]),
        (160, 161, [2, 3]),
        (170, 180, [3]),
        (221, 219000000, []),
        (279999999, None, [4]),
        (280000000, None, [4]),
        (280000001, None, []),
        (10**30, None, []),
        (-(10**30), 10**30, [2, 3, 4]),
        (200, 100, []),
        ("1970-01-01T00:03:00Z", None, [3, 4]),
        (None, datetime(1970, 1, 1, 0, 2), [2]),
        (date(1970, 1, 2), None, [4]),
    ],
)
@pytest.mark.parametrize("schema", ["typed", "aws"])
def test_a_record_is_in_when_its_window_overlaps(
    since: Any, until: Any, lines: list[int], schema: str
) -> None:
    """since..until is half open, an end equal to since is inside, and a null time is outside."""
    options = {"since": since, "until": until, "schema": schema, "columns": ["line"]}
    table = flowparse.read_table(WINDOWS, **options)
    assert table.column("line").to_pylist() == lines


@pytest.mark.parametrize("name", ["start", "end"])
def test_a_format_with_one_time_is_placed_by_it(name: str) -> None:
    """A format with only one of start and end is placed by that one."""
    text = f"version srcport {name} bytes\n2 1 99 1\n2 1 100 1\n2 1 199 1\n2 1 200 1\n2 1 - 1\n"
    table = flowparse.read_table(text.encode(), since=100, until=200, columns=["line"])
    assert table.column("line").to_pylist() == [3, 4]


def test_a_window_holds_beside_filters() -> None:
    """A window holds in addition to each alternative of filters."""
    filters = [[("start", "=", 100)], [("end", "=", 220)]]
    table = flowparse.read_table(WINDOWS, filters=filters, since=161, columns=["line"])
    assert table.column("line").to_pylist() == [3]


@pytest.mark.parametrize("options", [{"since": "1h"}, {"until": 5}, {"since": 1, "until": 2}])
def test_a_format_without_times_has_no_window(options: dict[str, Any]) -> None:
    """A window on a format with neither start nor end is a ValueError that shows it."""
    message = (
        "<bytes>: since and until need start or end, and its format has neither: "
        "${version} ${srcaddr} ${dstport}"
    )
    for text in (ADDRESSES, [WINDOWS, ADDRESSES]):
        with pytest.raises(ValueError, match="since and until") as caught:
            flowparse.read_table(text, **options)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match="log_format: since and until need start or end"):
        flowparse.read_table(b"", log_format="version srcaddr", **options)


@pytest.mark.parametrize(("value", "kept"), [("443", 1), ("443.5", 0), ("NaN", 0), ("1E+30", 0)])
def test_a_decimal_is_a_number(value: str, kept: int) -> None:
    """A Decimal compares exactly, also where it is not whole, not a number, or very large."""
    text = b"version srcaddr dstport\n2 192.0.2.1 443\n"
    table = flowparse.read_table(text, filters=[("dstport", "=", Decimal(value))])
    assert table.num_rows == kept
