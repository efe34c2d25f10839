"""Ceph's gateway: signatures and lifecycle rules, which no other server here takes seriously."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError

from services.endpoint import Endpoint
from services.servers.rgw import DAY_SECONDS


def test_a_wrong_secret_is_refused(rgw: Endpoint) -> None:
    """A request signed with another secret is SignatureDoesNotMatch."""
    client = rgw.session(aws_secret_access_key="wrong").client("s3")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_buckets()


def test_an_unknown_key_is_refused(rgw: Endpoint) -> None:
    """A request by nobody that it knows is InvalidAccessKeyId."""
    client = rgw.session(aws_access_key_id="nobody").client("s3")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client.list_buckets()


def test_lifecycle_rules_are_carried_out(rgw: Endpoint) -> None:
    """What a rule's prefix names is gone after a day of some seconds, the rest is kept."""
    s3, bucket = rgw.client("s3"), rgw.new_bucket()
    for key in ("old/a", "kept/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    deadline = time.monotonic() + 20 * DAY_SECONDS
    while (keys := keys_of(s3, bucket)) != ["kept/a"] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert keys == ["kept/a"]


def keys_of(s3, bucket: str) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
