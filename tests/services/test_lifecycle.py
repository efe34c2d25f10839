"""Lifecycle rules on servers that keep them, drop some of them, and carry them out."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from typing import Any

import pytest

from flowparse import SourceError, lifecycle
from flowparse.lifecycle import Policy, Transition
from services.endpoint import Endpoint
from services.servers.rgw import DAY_SECONDS

LOGS = "AWSLogs/111122223333/vpcflowlogs/"
HIVE = "team/AWSLogs/aws-account-id=444455556666/aws-service=vpcflowlogs/"
KEYS = (
    f"{LOGS}us-east-1/2026/11/01/a.log.gz",
    f"{HIVE}aws-region=eu-west-1/year=2026/a.log.gz",
    "AWSLogs/111122223333/CloudTrail/us-east-1/a.json.gz",
    "AWSLogs/111122223333x/vpcflowlogs/a",
    "other/vpcflowlogs/a",
)
#: Rules of a second party, in forms that every server here keeps: one old, one by date, one off.
THEIRS = [
    {"ID": "old form", "Prefix": "tmp/", "Status": "Enabled", "Expiration": {"Days": 3}},
    {
        "ID": "by <date> & tag",
        "Filter": {
            "And": {
                "Prefix": "a&b/",
                "Tags": [{"Key": "k", "Value": "v"}, {"Key": "team", "Value": "x"}],
            }
        },
        "Status": "Disabled",
        "Expiration": {"Date": "2031-01-01T00:00:00Z"},
    },
    {
        "ID": "one tag",
        "Filter": {"And": {"Prefix": "c/", "Tags": [{"Key": "k", "Value": "v"}]}},
        "Status": "Enabled",
        "Expiration": {"Days": 9},
    },
    {
        "ID": "flowparse-by-hand",
        "Filter": {"Prefix": "AWSLogs/"},
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
    },
]
YEAR = Policy(expire=365, abort_uploads=7, noncurrent=30)


@pytest.fixture(params=["moto", "ministack", "rgw"])
def s3_server(request: pytest.FixtureRequest) -> Endpoint:
    """Each server that keeps lifecycle rules."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(s3_server: Endpoint) -> str:
    """A bucket with flow logs of two accounts, other logs, and a second party's rules."""
    return make_bucket(s3_server, THEIRS)


def make_bucket(server: Endpoint, rules: list[Any]) -> str:
    bucket, s3 = server.new_bucket(), server.client("s3")
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    put(server, bucket, rules)
    return bucket


def put(server: Endpoint, bucket: str, rules: list[Any], **more: Any) -> None:
    server.client("s3").put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}, **more
    )


def raw_rules(server: Endpoint, bucket: str) -> list[str]:
    """The rules as the server writes them: text, not what boto3 makes of it."""
    client, bodies = server.session().client("s3"), []
    client.meta.events.register(
        "before-parse.s3.GetBucketLifecycleConfiguration",
        lambda response_dict, **rest: bodies.append(response_dict["body"]),
    )
    client.get_bucket_lifecycle_configuration(Bucket=bucket)
    text = re.sub(r">\s+<", "><", bodies[0].decode())
    return re.findall(r"<Rule>.*?</Rule>", text)


def ids(server: Endpoint, bucket: str) -> set[str]:
    answer = server.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    return {rule["ID"] for rule in answer["Rules"]}


def test_the_flow_logs_of_a_bucket_are_found(s3_server: Endpoint, bucket: str) -> None:
    """Flow logs in both layouts are found, and no folder of another service or another shape."""
    session = s3_server.session()
    assert lifecycle.find_prefixes(bucket, session=session) == [LOGS, HIVE]
    assert lifecycle.find_prefixes(f"s3://{bucket}/team", session=session) == [HIVE]
    assert lifecycle.find_prefixes(f"s3://{bucket}/{LOGS}", session=session) == [LOGS]
    assert lifecycle.find_prefixes(f"s3://{bucket}/other/", session=session) == []


def test_no_object_is_listed(moto: Endpoint, start_proxy: Any) -> None:
    """Finding the flow logs takes a request a folder, however many objects lie in them."""
    bucket = make_bucket(moto, THEIRS)
    for n in range(50):
        moto.client("s3").put_object(Bucket=bucket, Key=f"{LOGS}us-east-1/{n}", Body=b"")
    proxy = start_proxy(moto)
    assert lifecycle.find_prefixes(bucket, session=proxy.session()) == [LOGS, HIVE]
    assert proxy.counts["LIST"] < 12


def test_rules_of_others_survive_to_the_byte(s3_server: Endpoint, bucket: str) -> None:
    """A second party's rules are the same text before, between and after plan, apply, remove."""
    session = s3_server.session()
    theirs = raw_rules(s3_server, bucket)
    assert len(theirs) == len(THEIRS)
    planned = lifecycle.plan(bucket, YEAR, session=session)
    assert raw_rules(s3_server, bucket) == theirs
    assert [len(planned.added), len(planned.untouched)] == [2, 4]
    lifecycle.apply(planned)
    with_ours = raw_rules(s3_server, bucket)
    assert len(with_ours) == 6
    assert set(theirs) < set(with_ours)
    again = lifecycle.plan(bucket, YEAR, session=session)
    assert again.is_empty
    done = lifecycle.remove(bucket, session=session)
    assert (done.removed, done.untouched) == (2, 4)
    assert sorted(raw_rules(s3_server, bucket)) == sorted(theirs)


def test_a_change_between_plan_and_apply_is_refused(s3_server: Endpoint, bucket: str) -> None:
    """Where somebody wrote since the plan was made, nothing is written, and theirs stands."""
    planned = lifecycle.plan(bucket, YEAR, session=s3_server.session())
    put(s3_server, bucket, THEIRS[:1])
    with pytest.raises(lifecycle.LifecycleChangedError, match="nothing was written; plan again"):
        lifecycle.apply(planned)
    assert ids(s3_server, bucket) == {"old form"}


def test_a_rule_is_changed_in_its_place(s3_server: Endpoint, bucket: str) -> None:
    """Another policy changes our rules, and leaves those of other prefixes as they are."""
    session = s3_server.session()
    lifecycle.apply(lifecycle.plan(bucket, YEAR, session=session))
    place = f"s3://{bucket}/team/"
    planned = lifecycle.plan(place, dataclasses.replace(YEAR, expire=400), session=session)
    [(old, new)] = planned.changed
    assert (old["Expiration"], new["Expiration"]) == ({"Days": 365}, {"Days": 400})
    assert (planned.added, planned.removed, len(planned.untouched)) == ((), (), 5)
    lifecycle.apply(planned)
    found = lifecycle.list_rules(bucket, session=session).to_pylist()
    ours = {row["prefix"]: row["does"] for row in found if row["of"] == "flowparse"}
    assert "delete after 365 d" in ours[LOGS]
    assert "delete after 400 d" in ours[HIVE]
    assert lifecycle.remove(place, session=session).removed == 1


def test_the_last_rule_leaves_no_configuration(s3_server: Endpoint) -> None:
    """In a bucket without rules, apply and remove leave it without any."""
    bucket, session = make_bucket(s3_server, THEIRS), s3_server.session()
    s3_server.client("s3").delete_bucket_lifecycle(Bucket=bucket)
    lifecycle.apply(lifecycle.plan(bucket, YEAR, session=session))
    assert lifecycle.remove(bucket, session=session).removed == 2
    assert lifecycle.list_rules(bucket, session=session).num_rows == 0


@pytest.mark.parametrize("name", ["moto", "rgw"])
def test_what_a_server_drops_is_told_and_undone(request: Any, name: str) -> None:
    """A server that forgets the filter on size is named for it, and has the former rules again."""
    server = request.getfixturevalue(name)
    bucket = make_bucket(server, THEIRS)
    theirs = raw_rules(server, bucket)
    policy = Policy(transitions=(Transition("GLACIER", 90),), larger_than=4096, expire=400)
    planned = lifecycle.plan(bucket, policy, session=server.session())
    with pytest.raises(lifecycle.LifecycleKeptError) as caught:
        lifecycle.apply(planned)
    assert "dropped Filter.ObjectSizeGreaterThan=4096" in str(caught.value)
    assert caught.value.restored
    assert sorted(raw_rules(server, bucket)) == sorted(theirs)


def test_a_server_that_keeps_all_has_every_member(ministack: Endpoint) -> None:
    """Filters on size, kept versions and several transitions are read as they were written."""
    bucket = make_bucket(ministack, THEIRS)
    policy = dataclasses.replace(
        lifecycle.PRESETS["seven-years"], larger_than=4096, keep_noncurrent=2
    )
    lifecycle.apply(lifecycle.plan(bucket, policy, session=ministack.session()))
    answer = ministack.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    large = next(rule for rule in answer["Rules"] if rule["ID"].endswith("-large"))
    assert large["Filter"] == {"And": {"Prefix": LOGS, "ObjectSizeGreaterThan": 4096}}
    assert large["Transitions"] == [
        {"Days": 90, "StorageClass": "GLACIER_IR"},
        {"Days": 365, "StorageClass": "DEEP_ARCHIVE"},
    ]
    rest = next(rule for rule in answer["Rules"] if rule["ID"] + "-large" == large["ID"])
    kept = {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2}
    assert rest["NoncurrentVersionExpiration"] == kept


def test_the_default_minimum_size_is_kept(moto: Endpoint) -> None:
    """A bucket's own TransitionDefaultMinimumObjectSize is sent back by apply and by remove."""
    bucket, session = make_bucket(moto, THEIRS), moto.session()
    name, sent = "x-amz-transition-default-minimum-object-size", []
    session.events.register(  # no server here keeps it: this one says that it has it
        "before-parse.s3.GetBucketLifecycleConfiguration",
        lambda response_dict, **rest: response_dict["headers"].update(
            {name: "varies_by_storage_class"}
        ),
    )
    session.events.register(
        "before-send.s3.PutBucketLifecycleConfiguration",
        lambda request, **rest: sent.append(request.headers[name]),
    )
    lifecycle.apply(lifecycle.plan(bucket, YEAR, session=session))
    lifecycle.remove(bucket, session=session)
    assert sent == [b"varies_by_storage_class"] * 2


def test_who_writes_right_after_us_is_seen(moto: Endpoint) -> None:
    """Rules that somebody writes right after ours stand, and the error says so."""
    bucket, session = make_bucket(moto, THEIRS), moto.session()
    planned = lifecycle.plan(bucket, YEAR, session=session)
    session.events.register(
        "after-call.s3.PutBucketLifecycleConfiguration",
        lambda **rest: put(moto, bucket, THEIRS[:2]),
    )
    with pytest.raises(lifecycle.LifecycleChangedError, match="at the same time: theirs stand"):
        lifecycle.apply(planned)
    assert ids(moto, bucket) == {"old form", "by <date> & tag"}


def test_a_name_of_ours_that_others_have(moto: Endpoint) -> None:
    """A rule of others with the ID that ours would get is neither changed nor doubled."""
    bucket, session = make_bucket(moto, THEIRS), moto.session()
    [ours] = lifecycle.plan(bucket, YEAR, prefixes=[LOGS], session=session).added
    put(moto, bucket, [ours | {"Filter": {"Prefix": "elsewhere/"}}])
    with pytest.raises(lifecycle.LifecycleError, match="others have a rule named"):
        lifecycle.plan(bucket, YEAR, prefixes=[LOGS], session=session)
    assert lifecycle.plan_removal(bucket, session=session).is_empty


def test_what_boto3_does_not_know_is_not_lost(moto: Endpoint) -> None:
    """A rule with an element that boto3 would drop is an error that names it, not a loss."""
    bucket, session = make_bucket(moto, THEIRS), moto.session()
    session.events.register(
        "before-parse.s3.GetBucketLifecycleConfiguration",
        lambda response_dict, **rest: response_dict.update(
            body=response_dict["body"].replace(b"</Rule>", b"<Tomorrow>1</Tomorrow></Rule>")
        ),
    )
    with pytest.raises(SourceError, match=r"boto3 does not know Rule/Tomorrow.*upgrade boto3"):
        lifecycle.plan(bucket, YEAR, session=session)


def test_a_lock_that_a_rule_would_contradict(moto: Endpoint) -> None:
    """An expiry before the bucket's retention ends is refused; one after it is planned."""
    s3 = moto.client("s3")
    bucket = f"{moto.new_bucket()}-locked"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 2}},
        },
    )
    s3.put_object(Bucket=bucket, Key=KEYS[0], Body=b"")
    with pytest.raises(lifecycle.LifecycleError, match=r"expire 365: .* for 730 days"):
        lifecycle.plan(bucket, YEAR, session=moto.session())
    planned = lifecycle.plan(bucket, Policy(expire=730), session=moto.session())
    assert any("legal hold" in text for text in planned.warnings)
    assert any("only hidden behind delete markers" in text for text in planned.warnings)


def test_a_bucket_without_flow_logs(moto: Endpoint) -> None:
    """No flow logs is an error that says what to do; prefixes that are named need none."""
    bucket, session = moto.new_bucket(), moto.session()
    with pytest.raises(lifecycle.LifecycleError, match=r"no flow logs found.*name prefixes"):
        lifecycle.plan(bucket, YEAR, session=session)
    planned = lifecycle.plan(bucket, YEAR, prefixes=[LOGS], session=session)
    assert lifecycle.apply(planned).added == 1
    with pytest.raises(SourceError, match="no such bucket"):
        lifecycle.plan("no-such-bucket-here", YEAR, prefixes=[LOGS], session=session)


def test_due_objects_go_and_neighbours_stay(rgw: Endpoint) -> None:
    """A rule that was applied deletes the flow logs that are due, and nothing beside them."""
    bucket = make_bucket(rgw, THEIRS[:1])
    planned = lifecycle.plan(f"s3://{bucket}/{LOGS}", Policy(expire=1), session=rgw.session())
    lifecycle.apply(planned)
    deadline, left = time.monotonic() + 20 * DAY_SECONDS, list(KEYS)
    while KEYS[0] in left and time.monotonic() < deadline:
        time.sleep(0.5)
        answer = rgw.client("s3").list_objects_v2(Bucket=bucket)
        left = [one["Key"] for one in answer["Contents"]]
    assert sorted(left) == sorted(KEYS[1:])


def test_the_commands(moto: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan writes nothing, apply and remove need --apply, and show tells whose a rule is."""
    from click.testing import CliRunner

    from flowparse.cli.app import app

    bucket = make_bucket(moto, THEIRS)
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["lifecycle", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    policy = ("--preset", "one-year", "--expire", "400")
    theirs = raw_rules(moto, bucket)
    assert '+    "Days": 400' in run("plan", bucket, *policy)
    assert "nothing was written: add --apply" in run("apply", bucket, *policy)
    assert raw_rules(moto, bucket) == theirs
    assert "written, and read again" in run("apply", bucket, *policy, "--apply")
    rows = [json.loads(line) for line in run("show", bucket, "-o", "json").splitlines()]
    assert [row["of"] for row in rows] == ["others"] * 4 + ["flowparse"] * 2
    assert "nothing was written" in run("remove", bucket)
    assert len(raw_rules(moto, bucket)) == 6
    assert "2 removed, 4 untouched" in run("remove", bucket, "--apply")
    assert raw_rules(moto, bucket) == theirs
    wrong = CliRunner().invoke(app, ["lifecycle", "plan", bucket, "--transition", "GLACIER"])
    assert wrong.exit_code == 2


def test_a_flow_log_that_has_not_delivered(moto: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """--flow-logs finds where a flow log of this account will deliver, before it has."""
    from click.testing import CliRunner

    from flowparse.cli.app import app

    bucket, ec2 = moto.new_bucket(), moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{bucket}",
    )
    account = moto.client("sts").get_caller_identity()["Account"]
    where = f"AWSLogs/{account}/vpcflowlogs/"
    assert lifecycle.flow_log_prefixes(bucket, session=moto.session()) == [where]
    assert lifecycle.flow_log_prefixes("another-bucket", session=moto.session()) == []
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)
    asked = ["lifecycle", "plan", bucket, "--expire", "9", "--flow-logs", "--as", "json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    assert f'"Prefix": "{where}"' in done.output


def test_rules_that_cannot_be_put_back(moto: Endpoint) -> None:
    """Where a server drops some and then fails, the error says that the former rules are gone."""
    bucket, session = make_bucket(moto, THEIRS), moto.session()
    policy = Policy(transitions=(Transition("GLACIER", 90),), larger_than=4096)
    planned = lifecycle.plan(bucket, policy, session=session)
    written = []

    def refuse_the_second(**rest: Any) -> None:
        written.append(1)
        if len(written) == 2:
            raise OSError("no way")

    session.events.register("before-send.s3.PutBucketLifecycleConfiguration", refuse_the_second)
    with pytest.raises(lifecycle.LifecycleKeptError, match=r"not be put back.*no way") as told:
        lifecycle.apply(planned)
    assert not told.value.restored
