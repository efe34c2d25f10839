from __future__ import annotations

import json

import pytest


def names(result):
    return [json.loads(line)["name"] for line in result.stdout.splitlines()]


def test_one_field(run):
    """A field has its version, its types in AWS's Parquet and in Arrow, and its meaning."""
    result = run("fields", "action")
    assert result.exit_code == 0
    row = json.loads(result.stdout)
    assert row.pop("about")
    assert row == {
        "name": "action",
        "column": "action",
        "version": 2,
        "services": "vpc",
        "parquet": "string",
        "arrow": "dictionary<int32, string>",
    }


@pytest.mark.parametrize(
    ("name", "parquet", "arrow"),
    [
        ("start", "int64", "timestamp[s, UTC]"),
        ("srcport", "int32", "int32"),
        ("bytes", "int64", "int64"),
        ("srcaddr", "string", "string"),
    ],
)
def test_types(run, name, parquet, arrow):
    """Types are AWS's in Parquet, and the typed schema's in Arrow."""
    row = json.loads(run("fields", name).stdout)
    assert (row["parquet"], row["arrow"]) == (parquet, arrow)


def test_names_in_the_order_asked_for(run):
    """Hyphens and underscores name the same field."""
    assert names(run("fields", "tcp_flags", "pkt-srcaddr")) == ["tcp-flags", "pkt-srcaddr"]


@pytest.mark.parametrize(("version", "count"), [(2, 14), (3, 21), (4, 25), (5, 29), (11, 54)])
def test_fields_up_to_a_version(run, version, count):
    """AWS's table has 14, 21, 25, 29 and 54 VPC fields through versions 2, 3, 4, 5 and 11."""
    assert len(names(run("fields", "--service", "vpc", "--version", version))) == count


def test_transit_gateways(run):
    """A transit gateway's log has 36 fields, and no action among them."""
    listed = names(run("fields", "--service", "tgw"))
    assert len(listed) == 36
    assert "tgw-id" in listed
    assert "action" not in listed


def test_a_name_that_is_none(run):
    """An unknown name is wrong use, and the near ones are told."""
    result = run("fields", "srcadr")
    assert result.exit_code == 2
    assert "AWS has no field 'srcadr'; did you mean srcaddr" in result.stderr


def test_a_table_for_people(run):
    """The table has a row for each field, its meaning last."""
    lines = run("fields", "end", "-o", "table").stdout.splitlines()
    assert lines[0].split() == ["field", "version", "parquet", "arrow", "about"]
    assert lines[2].split()[:4] == ["end", "2", "int64", "timestamp[s]"]
