"""A destination in S3, held against a server that speaks it."""

from __future__ import annotations

import gzip
import io
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.access import Access
from flowparse.errors import DestinationError
from flowparse.ingesting.places import Prefix
from services.endpoint import Endpoint

BUCKET = "flows"


@pytest.fixture
def s3(moto: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client, with an empty bucket; the environment leads there."""
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)
    client = moto.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for key in keys_in(client):
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


def keys_in(client: Any, prefix: str = "") -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


def ports(client: Any, prefix: str = "") -> list[int]:
    found = []
    for key in keys_in(client, prefix):
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        found += pq.read_table(io.BytesIO(body))["dstport"].to_pylist()
    return sorted(found)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """12 objects of one record each."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for port in range(12):
        write(folder, port)
    return folder


def write(folder: Path, port: int, name: str = "") -> None:
    text = f"version dstport start\n2 {port} {port % 2 * 86400}\n".encode()
    (folder / f"{name or f'{port:02}'}.gz").write_bytes(gzip.compress(text))


def test_new_late_and_changed(s3, logs, tmp_path):
    """Objects are put under the prefix; late ones are added, changed ones replaced."""
    options = {"state": tmp_path / "state", "partition_by": ["day"], "unit_objects": 4}
    result = flowparse.ingest(logs, f"s3://{BUCKET}/a/b/", **options)
    assert ports(s3) == list(range(12))
    assert sorted(f"a/b/{name}" for name in result.files) == keys_in(s3)
    assert all(name.startswith(("day=1970-01-01/", "day=1970-01-02/")) for name in result.files)
    write(logs, 50)
    write(logs, 60, name="03")
    result = flowparse.ingest(logs, f"s3://{BUCKET}/a/b", **options)
    assert (result.objects, result.known) == (5, 11)
    assert ports(s3) == sorted([*range(3), *range(4, 12), 50, 60])
    assert flowparse.ingest(logs, f"s3://{BUCKET}/a/b", **options).objects == 0


def test_a_state_that_is_lost(s3, logs, tmp_path):
    """Files that a new state does not know are found in S3 too."""
    flowparse.ingest(logs, f"s3://{BUCKET}/a", state=tmp_path / "state")
    with pytest.raises(DestinationError, match=rf"s3://{BUCKET}/a/ holds part-"):
        flowparse.ingest(logs, f"s3://{BUCKET}/a", state=tmp_path / "new")
    flowparse.ingest(logs, f"s3://{BUCKET}/b", state=tmp_path / "new")


def test_a_bucket_that_is_not_there(s3, logs, tmp_path):
    """The error names the URL and what S3 says; nothing is taken for published."""
    with pytest.raises(DestinationError, match=r"s3://none/x/.*NoSuchBucket"):
        flowparse.ingest(logs, "s3://none/x", state=tmp_path / "state")


def test_an_upload_that_fails(s3, logs, tmp_path, monkeypatch):
    """A unit of which one file was put and one was not is taken back, and done anew."""
    put, calls = Prefix.put, []

    def put_one(self, path, name):
        calls.append(name)
        if len(calls) == 2:
            raise DestinationError(f"{name}: no", destination=name) from OSError("no")
        put(self, path, name)

    options = {"state": tmp_path / "state", "partition_by": ["day"]}
    monkeypatch.setattr(Prefix, "put", put_one)
    with pytest.raises(DestinationError, match="no; mend that and run again"):
        flowparse.ingest(logs, f"s3://{BUCKET}/x", **options)
    assert len(keys_in(s3)) == 1
    write(logs, 99)
    result = flowparse.ingest(logs, f"s3://{BUCKET}/x", **options)
    assert (result.recovered, result.objects) == (1, 13)
    assert ports(s3) == [*range(12), 99]
    assert keys_in(s3) == sorted(f"x/{name}" for name in result.files)


def test_large_files_go_in_parts_and_parts_go(s3, tmp_path):
    """A large file is put as it is; parts that a dead run left are removed with its file."""
    place = Prefix(BUCKET, "x", Access())
    path = tmp_path / "large"
    data = random.Random(1).randbytes(20 << 20)
    path.write_bytes(data)
    place.put(path, "a.parquet")
    assert s3.get_object(Bucket=BUCKET, Key="x/a.parquet")["Body"].read() == data
    assert place.size("a.parquet") == len(data)
    assert not path.exists()
    s3.create_multipart_upload(Bucket=BUCKET, Key="x/a.parquet")
    place.delete("a.parquet")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
    assert place.size("a.parquet") is None
    place.delete("a.parquet")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed(s3, logs, tmp_path):
    """Killed at random moments and run again, the bucket holds each record once."""
    moments, killed = random.Random(5), 0
    for number in range(40):
        destination, state = f"s3://{BUCKET}/{number}", tmp_path / f"state-{number}"
        options = ["--state", str(state), "--partition-by", "day", "--unit-objects", "2"]
        command = [sys.executable, "-m", "flowparse", "ingest", str(logs), destination, *options]
        with subprocess.Popen(command, stdout=-3, stderr=-3) as process:
            while not (state / "state.db").exists() and process.poll() is None:
                time.sleep(0.001)
            time.sleep(moments.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
        if process.returncode != -signal.SIGKILL:
            continue
        killed += 1
        flowparse.ingest(logs, destination, state=state, partition_by=["day"], unit_objects=2)
        assert ports(s3, f"{number}/") == list(range(12)), f"run {number}"
        if killed == 10:
            break
    assert killed == 10
