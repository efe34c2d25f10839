"""Who moves most."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import aggregate

LOG = b"""version srcaddr dstaddr srcport dstport packets bytes start end action
2 10.0.0.1 10.0.1.9 1 443 1 700 1700000060 1700000090 ACCEPT
2 10.0.0.2 10.0.1.9 1 443 9 700 1700000000 1700000030 ACCEPT
2 10.0.0.1 10.0.1.9 1 22 2 100 1700000000 1700000059 REJECT
2 2001:db8::1 2001:db8:0:1::2 1 443 3 500 1700000000 1700000020 ACCEPT
2 - - - - - - 1700000000 1700000059 -
"""


def test_groups_most_bytes_first() -> None:
    """Bytes of a pair are added up over its records; those without an address are a group."""
    table = aggregate.top_talkers(LOG)
    names = ["srcaddr", "dstaddr", "bytes", "packets", "records", "share"]
    assert table.column_names == [*names, "first_seen", "last_seen"]
    rows = list(zip(*table.select(names).to_pydict().values(), strict=True))
    assert rows == [
        ("10.0.0.1", "10.0.1.9", 800, 3, 2, 0.4),
        ("10.0.0.2", "10.0.1.9", 700, 9, 1, 0.35),
        ("2001:db8::1", "2001:db8:0:1::2", 500, 3, 1, 0.25),
        (None, None, None, None, 1, None),
    ]
    assert table["first_seen"].cast(pa.int64()).to_pylist()[:2] == [1700000000, 1700000000]
    assert table["last_seen"].cast(pa.int64()).to_pylist()[:2] == [1700000090, 1700000030]


@pytest.mark.parametrize(
    ("measure", "first"), [("packets", "10.0.0.2"), ("records", "10.0.0.1"), ("bytes", "10.0.0.1")]
)
def test_each_measure(measure: Any, first: str) -> None:
    """The rows are sorted by what is asked for, and the share is of it."""
    table = aggregate.top_talkers(LOG, "srcaddr", measure, 1)
    assert table["srcaddr"].to_pylist() == [first]
    total = {"packets": 15, "records": 5, "bytes": 2000}[measure]
    assert table["share"][0].as_py() == table[measure][0].as_py() / total


def test_ties_are_broken_by_the_keys() -> None:
    """Equal bytes: keys ascending, as bytes of their text, null last."""
    log = b"srcaddr bytes dstport\nb 5 1\n- 5 1\na 5 1\nB 5 1\nc 6 1\n"
    table = aggregate.top_talkers(log, "srcaddr", limit=None)
    assert table["srcaddr"].to_pylist() == ["c", "B", "a", "b", None]


def test_networks() -> None:
    """A prefix folds IPv4 and IPv6 addresses into networks; one may fold one column only."""
    both = aggregate.top_talkers(LOG, prefix=24)
    assert list(zip(both["srcaddr"].to_pylist(), both["dstaddr"].to_pylist(), strict=True)) == [
        ("10.0.0.0/24", "10.0.1.0/24"),
        ("2001:db8::/64", "2001:db8:0:1::/64"),
        (None, None),
    ]
    one = aggregate.top_talkers(LOG, ["srcaddr/23", "dstaddr"], prefix_ipv6=32)
    assert list(zip(one["srcaddr"].to_pylist(), one["dstaddr"].to_pylist(), strict=True)) == [
        ("10.0.0.0/23", "10.0.1.9/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        (None, None),
    ]


def test_a_field_that_the_format_lacks_is_null() -> None:
    """By a known field that no record has, all are in one group; the times are null."""
    log = b"srcaddr dstaddr dstport bytes\na b 1 5\nc d 1 6\n"
    [row] = aggregate.top_talkers(log, by="vpc-id").to_pylist()
    assert (row["vpc_id"], row["bytes"], row["share"], row["first_seen"]) == (None, 11, 1.0, None)


@pytest.mark.parametrize("name", ["future-a", "future_a"])
def test_a_field_that_nobody_knows(name: str) -> None:
    """A field of the format that the registry does not know is a key, in either spelling."""
    log = b"srcaddr dstaddr dstport bytes future-a\na b 1 5 x\nc d 1 6 y\n"
    assert aggregate.top_talkers(log, name)["future_a"].to_pylist() == ["y", "x"]


def test_a_sum_that_does_not_fit_is_told() -> None:
    """Bytes that add up to more than int64 holds are an error that names the key, never less."""
    log = b"srcaddr dstaddr dstport bytes\na b 1 9223372036854775807\na b 1 1\nc d 1 5\n"
    with pytest.raises(OverflowError, match=r"9223372036854775808 for \{'srcaddr': 'a'\}"):
        aggregate.top_talkers(log, "srcaddr")
    kept = aggregate.top_talkers(log, "srcaddr", filters=[("bytes", "<", 2**62)])
    assert kept["bytes"].to_pylist() == [5, 1]


def test_nothing() -> None:
    """Of no record there is no row, with the columns of any answer."""
    table = aggregate.top_talkers(b"srcaddr dstaddr dstport bytes\n")
    assert table.num_rows == 0
    assert table.column_names[:2] == ["srcaddr", "dstaddr"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "srcadr"}, "srcaddr"),
        ({"by": ["srcaddr", "srcaddr/24"]}, "by: srcaddr is named twice"),
        ({"by": "bytes"}, "by: bytes is what is measured"),
        ({"by": "dstport/24"}, r"'srcaddr/24', got 'dstport/24'"),
        ({"by": "srcaddr/33"}, r"by: expected 0\.\.32, got 33"),
        ({"prefix_ipv6": 129}, r"prefix_ipv6: expected 0\.\.128, got 129"),
        ({"measure": "flows"}, "measure: expected one of bytes, packets, records, got 'flows'"),
        ({"limit": -1}, "limit: expected 0 or more"),
    ],
)
@pytest.mark.parametrize("data", [LOG, flowparse.read_table(LOG)], ids=["text", "table"])
def test_what_there_is_not(data: object, options: dict[str, Any], message: str) -> None:
    """A column or option that there is not is a ValueError that says what there is."""
    with pytest.raises(ValueError, match=message):
        aggregate.top_talkers(data, **options)


def test_a_table_of_aws_types_gives_the_same() -> None:
    """Numbers of seconds or milliseconds, as AWS writes times, are times."""
    late = LOG.replace(b" 1700000000 ", b" 1700000000999 ")
    aws = flowparse.read_table(late, schema="aws")
    assert aws["start"].type == pa.int64()
    assert aggregate.top_talkers(aws).equals(aggregate.top_talkers(LOG))


def test_units_and_meanings() -> None:
    """Each column says its unit and what it means."""
    schema = aggregate.top_talkers(LOG).schema
    assert all(field.metadata.keys() == {b"unit", b"about"} for field in schema)
    assert schema.field("bytes").metadata[b"unit"] == b"bytes"
    assert schema.field("first_seen").metadata[b"unit"] == b"UTC seconds"


@pytest.mark.parametrize("through_table", [False, True])
def test_what_was_lost_is_told(through_table: bool) -> None:
    """Counts and the first reject are in the metadata, also by way of a table that was read."""
    bad = LOG + b"2 x\n"
    data = flowparse.read_table(bad, on_reject="collect") if through_table else bad
    options = {} if through_table else {"on_reject": "collect"}
    about = json.loads(aggregate.top_talkers(data, **options).schema.metadata[b"flowparse"])
    assert about["counts"]["records"] == 5
    assert about["counts"]["rejects"] == 1
    assert about["first_reject"]["reason"] == "field-count"


def test_more_keys_than_memory() -> None:
    """With any bound of memory the answer is the same."""
    lines = [f"10.0.{i % 99}.{i % 7} 198.51.100.{i % 13} {i * 31 % 977}" for i in range(2000)]
    log = "\n".join(["srcaddr dstaddr bytes", *lines, ""]).encode()
    wanted = aggregate.top_talkers(log, limit=50)
    assert aggregate.top_talkers(log, limit=50, memory_bytes=20_000).equals(wanted)
