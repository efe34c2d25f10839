"""Which Arrow column a field becomes, by the registry's table of types."""

from __future__ import annotations

import pyarrow as pa
import pytest

import flowparse
from flowparse import FIELDS, LogFormat
from flowparse.schema import (
    REQUESTED_COLUMNS,
    check_of,
    field_column,
    format_columns,
    is_known,
    named_column,
    schema_of,
)

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
SECONDS = pa.timestamp("s", tz="UTC")
INT32_MAX, INT64_MAX = 2_147_483_647, 9_223_372_036_854_775_807

# The Parquet types of AWS's table of fields; every other field is STRING.
INT32 = "version srcport dstport protocol tcp-flags traffic-path encryption-status".split()
INT64 = (
    "packets bytes packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded "
    "packets-lost-ttl-expired"
).split()
TIMES = ["start", "end"]
ADDRESSES = ["srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"]
TEXTS = [name for name in FIELDS if name not in INT32 + INT64 + TIMES + ADDRESSES]


@pytest.mark.parametrize(
    ("names", "typed", "aws"),
    [
        (INT32, pa.int32(), pa.int32()),
        (INT64, pa.int64(), pa.int64()),
        (TIMES, SECONDS, pa.int64()),
        (ADDRESSES, pa.string(), pa.string()),
        (TEXTS, DICTIONARY, pa.string()),
        (["no-such-field"], pa.string(), pa.string()),
    ],
    ids=["int32", "int64", "time", "address", "text", "unknown"],
)
def test_a_field_has_the_type_of_its_kind(
    names: list[str], typed: pa.DataType, aws: pa.DataType
) -> None:
    """Numbers are as AWS writes them; times, addresses and text differ by schema as agreed."""
    for name in names:
        assert field_column(name, "typed").type == typed, name
        assert field_column(name, "aws").type == aws, name
        assert field_column(name, "typed").name == name.replace("-", "_")


def test_the_registry_has_every_field_once() -> None:
    """There are 54 fields of VPC flow logs and 18 that only transit gateways have."""
    assert len(FIELDS) == 72
    assert sum("vpc" in field.services for field in FIELDS.values()) == 54
    assert set(INT32 + INT64 + TIMES + ADDRESSES) <= set(FIELDS)
    tgw = {name for name, field in FIELDS.items() if "tgw" in field.services}
    assert tgw == set(LogFormat.transit_gateway())


@pytest.mark.parametrize(
    ("version", "count"),
    [(2, 14), (3, 21), (4, 25), (5, 29), (7, 39), (8, 40), (9, 41), (10, 42), (11, 54)],
)
def test_each_version_brings_its_fields(version: int, count: int) -> None:
    """As many VPC fields exist by each version as AWS's tables list."""
    vpc = [field for field in FIELDS.values() if "vpc" in field.services]
    assert sum(field.version <= version for field in vpc) == count


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("srcport", (1, 65535)),
        ("dstport", (1, 65535)),
        ("protocol", (1, 255)),
        ("version", (1, INT32_MAX)),
        ("tcp-flags", (1, INT32_MAX)),
        ("traffic-path", (1, INT32_MAX)),
        ("bytes", (1, INT64_MAX)),
        ("start", (1, INT64_MAX)),
        ("srcaddr", (0, 0)),
        ("action", (0, 0)),
        ("no-such-field", (0, 0)),
        ("export-timestamp", (2, INT64_MAX)),
    ],
)
def test_a_number_is_checked_within_its_range(field: str, check: tuple[int, int]) -> None:
    """Ports end at 65535, protocols at 255, other numbers with their type; text is not checked."""
    assert check_of(field) == check


def test_columns_on_request_have_their_types() -> None:
    """source, log_group and log_stream are dictionaries, line is int64, the export time is ms."""
    types = {name: column.type for name, column in REQUESTED_COLUMNS.items()}
    assert types == {
        "source": DICTIONARY,
        "line": pa.int64(),
        "export_timestamp": pa.timestamp("ms", tz="UTC"),
        "log_group": DICTIONARY,
        "log_stream": DICTIONARY,
    }


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("pkt-srcaddr", True),
        ("pkt_srcaddr", True),
        ("log_group", True),
        ("log-group", True),
        ("line", True),
        ("Line", False),
        ("SRCADDR", False),
        ("no-such-field", False),
        ("", False),
    ],
)
def test_a_name_is_known_with_hyphens_or_underscores(name: str, known: bool) -> None:
    """A name is known as a field or as a column on request, in lower case only."""
    assert is_known(name) is known


def test_a_column_is_named_with_hyphens_or_underscores() -> None:
    """Either spelling of a name gives the same column."""
    assert named_column("pkt-srcaddr", "typed") == named_column("pkt_srcaddr", "typed")
    assert named_column("log-stream", "aws") is REQUESTED_COLUMNS["log_stream"]


def test_a_format_has_a_column_for_each_name_but_the_export_time() -> None:
    """A name that stands twice is one column, and the export time comes on request alone."""
    log_format = LogFormat(("export-timestamp", "version", "srcaddr", "new-one", "version"))
    schema = schema_of(format_columns(log_format, "typed"))
    wanted = [("version", pa.int32()), ("srcaddr", pa.string()), ("new_one", pa.string())]
    assert schema == pa.schema(wanted)
    assert all(field.nullable for field in schema)


@pytest.mark.parametrize("schema", ["typed", "aws"])
@pytest.mark.parametrize("log_format", [LogFormat.all_fields(), LogFormat.transit_gateway()])
def test_the_same_format_always_gives_the_same_schema(log_format: LogFormat, schema: str) -> None:
    """No rows, null rows and full rows of a format have one schema, and all are sound Arrow."""
    header = log_format.header.encode()
    nulls = b"\n" + b" ".join([b"-"] * len(log_format))
    ones = b"\n" + b" ".join([b"1"] * len(log_format))
    tables = [
        flowparse.read_table(header + lines, schema=schema, on_reject="raise")
        for lines in (b"", nulls, ones, nulls + ones + nulls)
    ]
    for table in tables:
        table.validate(full=True)
        assert table.schema.remove_metadata() == tables[0].schema.remove_metadata()
    assert [table.num_rows for table in tables] == [0, 1, 1, 3]
    assert all(column.null_count == 1 for column in tables[1].columns)
    assert all(column.null_count == 0 for column in tables[2].columns)
    assert all(column.null_count == 2 for column in tables[3].columns)
