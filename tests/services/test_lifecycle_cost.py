"""What a listing of a real server tells of objects and their classes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flowparse.access import Access
from flowparse.lifecycle import read_listing
from services.servers.moto import Moto

pytestmark = pytest.mark.moto


def test_a_listing_is_counted_by_class_age_and_size(moto: Moto) -> None:
    """Over several pages, and only what has the prefix."""
    access, client, bucket = Access(moto.session()), moto.client("s3"), moto.new_bucket()
    for number in range(1003):
        client.put_object(Bucket=bucket, Key=f"AWSLogs/{number:04}", Body=b"x" * 10)
    for kind in ("GLACIER_IR", "DEEP_ARCHIVE"):
        client.put_object(Bucket=bucket, Key=f"AWSLogs/{kind}", Body=b"x", StorageClass=kind)
    client.put_object(Bucket=bucket, Key="AWSLogs/large", Body=bytes(128 << 10))
    client.put_object(Bucket=bucket, Key="other", Body=b"x")
    later = datetime.now(UTC) + timedelta(days=3, minutes=1)
    found = read_listing(f"s3://{bucket}/AWSLogs/", access, now=later)
    assert [tuple(row.values()) for row in found.table.to_pylist()] == [
        ("DEEP_ARCHIVE", 3, True, False, 1, 1),
        ("GLACIER_IR", 3, True, False, 1, 1),
        ("STANDARD", 3, False, True, 1, 128 << 10),
        ("STANDARD", 3, True, False, 1003, 10030),
    ]
