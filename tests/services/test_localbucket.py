"""localbucket: where it differs from S3."""

from __future__ import annotations

from services.endpoint import Endpoint


def test_if_match_is_ignored(localbucket: Endpoint) -> None:
    """A changed object is given in full: tests of If-Match cannot be held here."""
    s3, bucket = localbucket.client("s3"), localbucket.new_bucket()
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=old)["Body"].read() == b"new"


def test_a_wrong_secret_is_accepted(localbucket: Endpoint) -> None:
    """Localbucket checks no signature: what needs that is tested elsewhere."""
    client = localbucket.session(aws_secret_access_key="wrong").client("s3")
    assert client.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
