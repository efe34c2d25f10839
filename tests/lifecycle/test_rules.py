"""A policy as rules of S3, of Terraform and of CloudFormation; and whose a rule is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from flowparse.lifecycle import (
    PRESETS,
    Configuration,
    Plan,
    Policy,
    Transition,
    as_cloudformation,
    as_json,
    as_terraform,
)
from flowparse.lifecycle.prefixes import _destinations
from flowparse.lifecycle.rules import is_ours, make_rules, prefix_of
from flowparse.lifecycle.same import lost, means_same

AWKWARD = 'a "b" \\ ${c} %{d} \N{SNOWMAN}/'
THEIRS = [
    {"ID": "old", "Prefix": AWKWARD, "Status": "Disabled", "Expiration": {"Days": 3}},
    {
        "ID": "tags",
        "Filter": {"And": {"Prefix": "b/", "Tags": [{"Key": "k${x}", "Value": "v"}]}},
        "Status": "Enabled",
        "Transitions": [
            {"Date": datetime(2031, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
             "StorageClass": "GLACIER"}
        ],
        "NoncurrentVersionTransitions": [
            {"NoncurrentDays": 30, "NewerNoncurrentVersions": 4, "StorageClass": "STANDARD_IA"}
        ],
    },
    {
        "ID": "one tag",
        "Filter": {"Tag": {"Key": "k", "Value": "v"}},
        "Status": "Enabled",
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    },
]  # fmt: skip
POLICY = Policy(
    transitions=(Transition("GLACIER_IR", 90),),
    expire=400,
    noncurrent=30,
    keep_noncurrent=2,
    abort_uploads=7,
    larger_than=0,
)


@pytest.fixture
def planned() -> Plan:
    rules = (*THEIRS, *make_rules("AWSLogs/", POLICY))
    after = Configuration(rules, "all_storage_classes_128K")
    before = Configuration(tuple(THEIRS), "all_storage_classes_128K")
    return Plan(bucket="flow-logs", prefixes=("AWSLogs/",), before=before, after=after)


def test_a_policy_is_two_rules_where_size_matters() -> None:
    """Only the moves have the filter on size: expiry and uploads hold for all objects."""
    rest, moves = make_rules("AWSLogs/", POLICY)
    assert rest["Filter"] == {"Prefix": "AWSLogs/"}
    assert rest["Expiration"] == {"Days": 400}
    assert "Transitions" not in rest
    assert moves["Filter"] == {"And": {"Prefix": "AWSLogs/", "ObjectSizeGreaterThan": 0}}
    assert moves["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER_IR"}]
    assert moves.keys() == {"ID", "Filter", "Status", "Transitions"}


def test_a_rule_is_ours_by_its_prefix_and_name() -> None:
    """A rule of ours is known again; another prefix or another's name makes it another's."""
    long = "x" * 500 + "/"
    for prefix in ("AWSLogs/", AWKWARD, long):
        for rule in make_rules(prefix, POLICY):
            assert is_ours(rule)
            assert prefix_of(rule) == prefix
            assert len(rule["ID"]) <= 255
            assert not is_ours(rule | {"Filter": {"Prefix": "b/"}})
    assert not is_ours({"ID": "flowparse-AWSLogs", "Filter": {"Prefix": "AWSLogs/"}})
    ids = [make_rules(prefix, PRESETS["one-year"])[0]["ID"] for prefix in ("a-b/", "a/b/", "a_b/")]
    assert len(set(ids)) == 3


def test_spellings_that_mean_the_same() -> None:
    """Old and new forms, flattened filters and order mean the same; what is gone is named."""
    tags = [{"Key": "k", "Value": "v"}]
    one = {"ID": "x", "Filter": {"And": {"Prefix": "a/", "Tags": tags}}, "Expiration": {"Days": 3}}
    flat = one | {"Filter": {"Prefix": "a/", "Tag": tags[0]}}
    assert means_same(one, flat)
    assert means_same({"Prefix": "a/"}, {"Filter": {"Prefix": "a/"}})
    assert means_same({"Filter": {}}, {"Prefix": ""})
    assert not means_same(one, one | {"Expiration": {"Days": 4}})
    assert not means_same(one, one | {"Filter": {"Tag": tags[0]}})
    assert lost(one, one | {"Filter": {"Tag": tags[0]}}) == ["Filter.Prefix=a/"]
    assert lost(one, {"ID": "x", "Filter": one["Filter"]}) == ["Expiration.Days=3"]


def test_the_fingerprint_is_of_all_rules() -> None:
    """Order does not matter; each member, date and the default minimum size do."""
    whole = Configuration(tuple(THEIRS))
    assert whole.fingerprint == Configuration(tuple(reversed(THEIRS))).fingerprint
    utc = json.loads(json.dumps(THEIRS, default=str))
    utc[1]["Transitions"][0]["Date"] = datetime(2031, 1, 1, tzinfo=UTC)
    assert whole.fingerprint == Configuration(tuple(utc)).fingerprint
    assert whole.fingerprint != Configuration(tuple(THEIRS), "varies_by_storage_class").fingerprint
    utc[0]["Status"] = "Enabled"
    assert whole.fingerprint != Configuration(tuple(utc)).fingerprint


def test_the_diff_has_everything(planned: Plan) -> None:
    """Rules of others stand in it in full, unmarked; every line of a new rule has a plus."""
    lines = planned.diff().splitlines()[2:]
    marks = [line[0] for line in lines]
    assert marks == sorted(marks, key=" +".index)
    assert any("NewerNoncurrentVersions" in line for line in lines if line[0] == " ")
    assert len(planned.added) == 2
    assert planned.untouched == tuple(THEIRS)


def test_terraform_reads_it(planned: Plan) -> None:
    """A parser of HCL finds every rule, and texts with quotes and templates as they were."""
    hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")
    [resource] = hcl2.loads(as_terraform(planned))["resource"]
    found = json.dumps(resource)
    [found_rules] = [_find(resource, "rule")]
    assert len(found_rules) == 5
    last = found_rules[-1]
    assert _bare(last["status"]) == "Enabled"
    [moved] = last["transition"]
    assert (moved["days"], _bare(moved["storage_class"])) == (90, "GLACIER_IR")
    [both] = last["filter"][0]["and"]
    assert (_bare(both["prefix"]), both["object_size_greater_than"]) == ("AWSLogs/", 0)
    assert "$${c} %%{d}" in found
    [versions] = found_rules[1]["noncurrent_version_transition"]
    assert (versions["noncurrent_days"], versions["newer_noncurrent_versions"]) == (30, 4)
    assert _bare(found_rules[1]["transition"][0]["date"]) == "2031-01-01T00:00:00Z"


def _find(value: Any, name: str) -> Any:
    """The first member of this name, however deep."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        return next((got for one in value.values() if (got := _find(one, name))), None)
    return None


def _bare(text: str) -> str:
    """Without the quotes that some versions of the parser keep."""
    return text.strip('"')


def test_cloudformation_is_valid(planned: Plan) -> None:
    """cfn-lint, which knows the schema of buckets, has no error and no warning on the template."""
    pytest.importorskip("cfnlint", reason="cfn-lint is not installed")
    from cfnlint.api import lint_all

    told = lint_all(as_cloudformation(planned))
    assert [str(one) for one in told if one.rule.id.startswith(("E", "W"))] == []
    broken = as_cloudformation(planned).replace("GLACIER_IR", "COLD")
    assert [one for one in lint_all(broken) if one.rule.id.startswith("E")]


def test_cloudformation_has_every_rule(planned: Plan) -> None:
    """Filters, dates and versions are members of a rule under CloudFormation's names."""
    properties = json.loads(as_cloudformation(planned))["Resources"]["FlowLogs"]["Properties"]
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert rules[0] == {
        "Id": "old", "Prefix": AWKWARD, "Status": "Disabled", "ExpirationInDays": 3
    }  # fmt: skip
    assert rules[1]["TagFilters"] == [{"Key": "k${x}", "Value": "v"}]
    assert rules[1]["Transitions"][0]["TransitionDate"] == "2031-01-01T00:00:00Z"
    assert rules[1]["NoncurrentVersionTransitions"] == [
        {"TransitionInDays": 30, "NewerNoncurrentVersions": 4, "StorageClass": "STANDARD_IA"}
    ]
    assert rules[4]["ObjectSizeGreaterThan"] == "0"
    assert json.loads(as_json(planned))["Rules"][2]["Filter"] == THEIRS[2]["Filter"]


def test_where_flow_logs_will_deliver() -> None:
    """A flow log's destination and options tell its folder; other buckets and kinds do not."""
    s3 = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::flow-logs"}
    hive = {"DestinationOptions": {"HiveCompatiblePartitions": True}}
    logs = [
        s3,
        s3 | hive | {"LogDestination": "arn:aws-cn:s3:::flow-logs/team/x/"},
        s3 | {"LogDestination": "arn:aws:s3:::flow-logs-2/"},
        {"LogDestinationType": "cloud-watch-logs", "LogGroupName": "g"},
    ]
    assert list(_destinations(logs, "flow-logs", "111122223333")) == [
        "AWSLogs/111122223333/vpcflowlogs/",
        "team/x/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/",
    ]
