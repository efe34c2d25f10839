from __future__ import annotations

import re

import pytest

from flowparse.cli.conditions import read_condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("action = REJECT", ("action", "=", "REJECT")),
        ("action=REJECT", ("action", "=", "REJECT")),
        ("action == REJECT", ("action", "==", "REJECT")),
        ("  dstport   !=22 ", ("dstport", "!=", 22)),
        ("bytes>=1000", ("bytes", ">=", 1000)),
        ("bytes < 1000", ("bytes", "<", 1000)),
        ("tcp-flags <= 18", ("tcp-flags", "<=", 18)),
        ("dstport in 22,3389", ("dstport", "in", [22, 3389])),
        ("dstport in (22, 3389)", ("dstport", "in", [22, 3389])),
        ("dstport in[22]", ("dstport", "in", [22])),
        ("action NOT IN ACCEPT", ("action", "not in", ["ACCEPT"])),
        ("srcaddr in network 10.0.0.0/8", ("srcaddr", "in network", ["10.0.0.0/8"])),
        ("srcaddr in  network 10.0.0.0/8, ::1", ("srcaddr", "in network", ["10.0.0.0/8", "::1"])),
        ("action is null", ("action", "is null")),
        ("action is  not null", ("action", "is not null")),
        ("account_id = 012345678901", ("account_id", "=", "012345678901")),
        ("start >= 2023-11-14T22:13:20Z", ("start", ">=", "2023-11-14T22:13:20Z")),
        ("start >= 1700000000", ("start", ">=", 1700000000)),
        ("line = 7", ("line", "=", 7)),
        ("instance_tag = 'a b'", ("instance_tag", "=", "a b")),
        ('instance_tag = "=x"', ("instance_tag", "=", "=x")),
        ("new_field_of_aws = 5", ("new_field_of_aws", "=", "5")),
        ("interface_id = inside", ("interface_id", "=", "inside")),
    ],
)
def test_a_condition_becomes_a_tuple(text, expected):
    """Column, op and value come out, the value in the type of its column."""
    assert read_condition(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected 'column op value'"),
        ("action", "expected 'column op value'"),
        ("action REJECT", "expected 'column op value'"),
        ("= REJECT", "expected 'column op value'"),
        ("action => REJECT", "expected 'column op value'"),
        ("dstport <> 22", "expected 'column op value'"),
        ("action inside x", "expected 'column op value'"),
        ("dstport = https", "dstport holds numbers, got 'https'"),
        ("dstport in 22,x", "dstport holds numbers, got 'x'"),
        ("action =", "a value is missing"),
        ("dstport in", "a value is missing"),
        ("action is null x", "takes no value"),
        ("action = -", "write 'action is null'"),
    ],
)
def test_what_is_no_condition(text, told):
    """Anything else is a ValueError that says what was expected."""
    with pytest.raises(ValueError, match=re.escape(told)):
        read_condition(text)
