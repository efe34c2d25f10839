"""The log format as people and AWS write it."""

from __future__ import annotations

import pytest

import flowparse
from flowparse import LogFormat, LogFormatError

DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
TRANSIT_GATEWAY = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id "
    "tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id "
    "tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr "
    "srcport dstport protocol packets bytes start end log-status type packets-lost-no-route "
    "packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region "
    "flow-direction pkt-src-aws-service pkt-dst-aws-service"
)
ALL = (
    DEFAULT + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id "
    "sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction "
    "traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn "
    "ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name "
    "ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status "
    "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type "
    "next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id "
    "next-hop-interface-type"
)
THREE = ("version", "pkt-srcaddr", "tcp-flags")


@pytest.mark.parametrize(
    "text",
    [
        "${version} ${pkt-srcaddr} ${tcp-flags}",
        "$${version} $${pkt-srcaddr} $${tcp-flags}",
        "version pkt-srcaddr tcp-flags",
        "version pkt_srcaddr tcp_flags",
        "version,pkt-srcaddr,tcp-flags",
        " , version ,, pkt-srcaddr\t${tcp-flags} , ",
        "version\npkt-srcaddr\r\ntcp-flags\n",
        "'${version} ${pkt-srcaddr} ${tcp-flags}'",
        '"$${version},$${pkt-srcaddr},$${tcp-flags}"',
        ' "version pkt-srcaddr tcp-flags" ',
        "${version}${pkt-srcaddr}$${tcp-flags}",
        "version${pkt-srcaddr}tcp-flags",
        "${ version } ${pkt-srcaddr\n} ${tcp_flags}",
    ],
)
def test_a_format_is_read_as_people_and_aws_write_it(text: str) -> None:
    """Braces, Terraform's doubled dollars, bare names, commas, line breaks and quotes are read."""
    assert LogFormat.parse(text).fields == THREE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "log_format is empty: name the fields, such as '${version} …'"),
        (" ,\n\t", "log_format is empty: name the fields, such as '${version} …'"),
        ("''", "log_format is empty: name the fields, such as '${version} …'"),
        ("${version} ${srcaddr", "log_format: the '${' at position 11 is not closed"),
        ("'${version'", "log_format: the '${' at position 1 is not closed"),
        ("version $${", "log_format: the '${' at position 8 is not closed"),
        ("version $srcaddr", "log_format: expected '{' after '$' at position 9"),
        ("$", "log_format: expected '{' after '$' at position 1"),
        ("${version} ${}", "log_format: '' at position 13 is not a field name"),
        ("version Srcaddr", "log_format: 'Srcaddr' at position 8 is not a field name"),
        ("${version} 2srcaddr", "log_format: '2srcaddr' at position 11 is not a field name"),
        ("version;srcaddr", "log_format: 'version;srcaddr' at position 0 is not a field name"),
        ("'version srcaddr", 'log_format: "\'version" at position 0 is not a field name'),
        ("version é", "log_format: 'é' at position 8 is not a field name"),
        ("version - srcaddr", "log_format: '-' at position 8 is not a field name"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_position(text: str, message: str) -> None:
    """An empty text, an open brace or a wrong name is a LogFormatError that says where."""
    with pytest.raises(LogFormatError) as caught:
        LogFormat.parse(text)
    assert str(caught.value) == message
    with pytest.raises(LogFormatError):
        flowparse.read_table(b"", log_format=text)


@pytest.mark.parametrize(
    ("log_format", "names", "count"),
    [
        (LogFormat.default(), DEFAULT, 14),
        (LogFormat.parse(None), DEFAULT, 14),
        (LogFormat.transit_gateway(), TRANSIT_GATEWAY, 36),
        (LogFormat.all_fields(), ALL, 54),
    ],
    ids=["default", "null", "transit gateway", "all"],
)
def test_awss_own_formats_have_awss_order(log_format: LogFormat, names: str, count: int) -> None:
    """The default, transit gateway and full formats have AWS's fields in AWS's order."""
    assert log_format.fields == tuple(names.split())
    assert len(log_format) == count
    assert log_format.header == names


def test_a_format_writes_itself_as_aws_takes_it() -> None:
    """`str` gives the text of AWS's LogFormat parameter, and reading that gives it back."""
    log_format = LogFormat(THREE)
    assert str(log_format) == "${version} ${pkt-srcaddr} ${tcp-flags}"
    assert LogFormat.parse(str(log_format)) == log_format
    assert LogFormat.parse(log_format.header) == log_format


def test_a_format_is_a_value() -> None:
    """Formats with the same fields are equal, hash alike and iterate over their fields."""
    assert LogFormat(THREE) == LogFormat.parse("version,pkt_srcaddr,tcp_flags")
    assert len({LogFormat(THREE), LogFormat.parse(" ".join(THREE)), LogFormat.default()}) == 2
    assert tuple(LogFormat(THREE)) == THREE


def test_a_field_named_twice_is_one_column_where_it_first_stands() -> None:
    """A name that stands twice is one column, and an export time is none by default."""
    log_format = LogFormat.parse("export-timestamp srcaddr version srcaddr new_name")
    assert log_format.columns == ("srcaddr", "version", "new_name")
    assert len(log_format) == 5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((), "a log format needs at least one field"),
        (("version", ""), "'' is not a field name: AWS's are lower-case words joined by hyphens"),
        (
            ("pkt_srcaddr",),
            "'pkt_srcaddr' is not a field name: AWS's are lower-case words joined by hyphens",
        ),
        (
            ("version srcaddr",),
            "'version srcaddr' is not a field name: AWS's are lower-case words joined by hyphens",
        ),
        (
            ("version\n",),
            r"'version\n' is not a field name: AWS's are lower-case words joined by hyphens",
        ),
    ],
)
def test_a_format_of_wrong_names_is_refused(fields: tuple[str, ...], message: str) -> None:
    """A format has at least one field, and all its names are ones that AWS could write."""
    with pytest.raises(LogFormatError) as caught:
        LogFormat(fields)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [3, b"version srcaddr", ["version", "srcaddr"], {}], ids=repr)
def test_a_log_format_of_another_type_is_refused_by_name(value: object) -> None:
    """A log_format that is neither text nor a LogFormat is an error that names the argument."""
    with pytest.raises((TypeError, ValueError), match="log_format"):
        flowparse.read_table(b"2 192.0.2.1\n", log_format=value)  # type: ignore[arg-type]


def test_a_format_made_of_a_list_is_as_good() -> None:
    """A LogFormat made from a list of fields reads as one made from a tuple."""
    log_format = LogFormat(["version", "dstport"])  # type: ignore[arg-type]
    table = flowparse.read_table(b"2 443\n", log_format=log_format)
    assert table.to_pydict() == {"version": [2], "dstport": [443]}
