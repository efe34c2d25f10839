"""What the S3 source relies on holds on every S3 server that tests write to."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from services.endpoint import Endpoint

KEYS = [f"logs/{day}/{name}.gz" for day in ("03", "04", "05") for name in "abcd"]


@pytest.fixture
def filled(s3_server: Endpoint, bucket: str) -> str:
    for key in reversed(KEYS):
        s3_server.client("s3").put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def test_listing_comes_in_pages_in_the_order_of_keys(s3_server: Endpoint, filled: str) -> None:
    """Pages of five keys follow each other by continuation token, sorted, none lost or twice."""
    pages = s3_server.client("s3").get_paginator("list_objects_v2")
    found = list(pages.paginate(Bucket=filled, PaginationConfig={"PageSize": 5}))
    assert [page["KeyCount"] for page in found] == [5, 5, 2]
    assert [item["Key"] for page in found for item in page["Contents"]] == KEYS
    assert all(item["Size"] == len(item["Key"]) for page in found for item in page["Contents"])


def test_delimiter_gives_the_folders(s3_server: Endpoint, filled: str) -> None:
    """A delimiter folds what lies deeper into common prefixes, over pages too."""
    pages = s3_server.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(
        Bucket=filled, Prefix="logs/", Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    folders = [each["Prefix"] for page in found for each in page.get("CommonPrefixes", [])]
    assert folders == ["logs/03/", "logs/04/", "logs/05/"]


def test_start_after_begins_in_the_middle(s3_server: Endpoint, filled: str) -> None:
    """StartAfter leaves out its key and all before it, and need not be a key."""
    s3 = s3_server.client("s3")
    for start_after, rest in (("logs/04/b.gz", KEYS[6:]), ("logs/04/bb", KEYS[6:]), ("z", [])):
        found = s3.list_objects_v2(Bucket=filled, StartAfter=start_after)
        assert [item["Key"] for item in found.get("Contents", [])] == rest


@pytest.mark.parametrize(
    ("range_", "body"), [("bytes=2-5", b"gs/0"), ("bytes=-3", b".gz"), ("bytes=9-", b".gz")]
)
def test_range_is_a_part(s3_server: Endpoint, filled: str, range_: str, body: bytes) -> None:
    """A range in the middle, a suffix and an open end give just these bytes."""
    found = s3_server.client("s3").get_object(Bucket=filled, Key=KEYS[0], Range=range_)
    assert found["Body"].read() == body
    assert found["ContentRange"].endswith(f"/{len(KEYS[0])}")


def test_range_beyond_the_end_is_refused(s3_server: Endpoint, filled: str) -> None:
    """A range that begins after the last byte is 416."""
    with pytest.raises(ClientError) as refused:
        s3_server.client("s3").get_object(Bucket=filled, Key=KEYS[0], Range="bytes=99-")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 416


@pytest.mark.parametrize("s3_server", ["moto", "rgw"], indirect=True)
def test_an_object_that_changed_is_refused(s3_server: Endpoint, filled: str) -> None:
    """If-Match of an ETag of yesterday is 412, that of today's is answered."""
    s3 = s3_server.client("s3")
    old = s3.head_object(Bucket=filled, Key=KEYS[0])["ETag"]
    new = s3.put_object(Bucket=filled, Key=KEYS[0], Body=b"other")["ETag"]
    assert s3.get_object(Bucket=filled, Key=KEYS[0], IfMatch=new)["Body"].read() == b"other"
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=filled, Key=KEYS[0], IfMatch=old)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def test_missing_things_have_aws_names(s3_server: Endpoint, bucket: str) -> None:
    """A missing key is NoSuchKey, a missing bucket NoSuchBucket."""
    s3 = s3_server.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=f"{bucket}-other")


def test_strange_keys_come_back(s3_server: Endpoint, bucket: str) -> None:
    """Spaces, plus, percent, equals, umlauts and quotes in a key survive writing and listing."""
    key = "year=2026/a b+c%2Fd/\u00fc'\"&.gz"
    s3 = s3_server.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"


def test_buckets_are_fresh(s3_server: Endpoint, bucket: str) -> None:
    """A test's bucket is empty and not another test's."""
    assert "Contents" not in s3_server.client("s3").list_objects_v2(Bucket=bucket)
    assert s3_server.new_bucket() != bucket
