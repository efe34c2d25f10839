"""`ingest` from a bucket, and into one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flowparse
from services.cutting import Cut
from services.endpoint import Endpoint
from services.test_s3 import STAMP, Bucket, key_of, log_of


@pytest.fixture(params=["moto", "rgw"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """On each server that honours If-Match."""
    return Bucket(request.getfixturevalue(request.param))


def put(bucket: Bucket, *ports: int) -> None:
    for port in ports:
        stamp = STAMP + timedelta(minutes=5 * port)
        bucket.put(key_of(stamp), log_of(stamp, rows=2, port=port))


def ports_in(folder: Path) -> list[int]:
    return sorted(pq.read_table(folder)["dstport"].to_pylist())


def ingest(bucket: Bucket, into: Any, server: Endpoint | None = None, **options: Any) -> Any:
    session = (server or bucket.server).session()
    return flowparse.ingest(bucket.url("AWSLogs/"), into, session=session, **options)


def test_what_is_new_in_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    """Each object is ingested once; a late one is picked up, a changed one takes its place."""
    put(bucket, 1, 3)
    assert ingest(bucket, tmp_path / "flows").objects == 2
    put(bucket, 2)
    assert ingest(bucket, tmp_path / "flows").objects == 1
    assert ports_in(tmp_path / "flows") == [1, 1, 2, 2, 3, 3]
    bucket.put(key_of(STAMP + timedelta(minutes=10)), log_of(rows=1, port=9))
    assert ingest(bucket, tmp_path / "flows").replaced == 1
    assert ports_in(tmp_path / "flows") == [1, 1, 3, 3, 9]
    assert ingest(bucket, tmp_path / "flows").known == 3


def test_bodies_that_break_off_and_refused_listings(
    bucket: Bucket, tmp_path: Path, start_proxy: Any
) -> None:
    """A bad network changes nothing in the data set."""
    put(bucket, *range(30))
    proxy = start_proxy(bucket.server, Cut(after_bytes=50, probability=0.3))
    ingest(bucket, tmp_path / "flows", server=proxy)
    assert ports_in(tmp_path / "flows") == sorted([*range(30)] * 2)
    assert proxy.n_cut > 3


def test_a_listing_goes_as_far_back_as_the_run_looks(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a look-back, later runs list only from there on, and pick late objects up."""
    put(bucket, *range(100))
    ingest(bucket, tmp_path / "flows", look_back="1h")
    put(bucket, 100)
    seen: list[Any] = []
    listed = flowparse.incremental.list_sources

    def spy(*arguments: Any, **options: Any) -> Any:
        found = listed(*arguments, **options)
        seen.extend(found)
        return found

    monkeypatch.setattr("flowparse.incremental.list_sources", spy)
    assert ingest(bucket, tmp_path / "flows", look_back="1h").objects == 1
    # The newest is that of minute 495; an hour before, 12 windows and itself, and the new one.
    assert len(seen) == 14


def test_from_a_bucket_into_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    """A data set in S3 has what a local one has."""
    put(bucket, 1, 2)
    into = f"s3://{bucket.name}/flows"
    ingest(bucket, into, state=tmp_path / "state", partition_by=["day"])
    put(bucket, 3)
    ingest(bucket, into, state=tmp_path / "state", partition_by=["day"])
    client = bucket.server.client("s3")
    ports: list[int] = []
    for one in client.list_objects_v2(Bucket=bucket.name, Prefix="flows/")["Contents"]:
        assert one["Key"].startswith("flows/day=2023-11-14/part-")
        path = tmp_path / "one.parquet"
        client.download_file(bucket.name, one["Key"], str(path))
        ports += pq.read_table(path, partitioning=None)["dstport"].to_pylist()
    assert sorted(ports) == [1, 1, 2, 2, 3, 3]
