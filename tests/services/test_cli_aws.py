"""Commands on buckets and queues, as a shell runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from services.endpoint import Endpoint
from services.test_follow import Notified, put_some
from services.test_s3 import Bucket


def run(server: Endpoint, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowparse", *map(str, arguments)]
    environment = {**os.environ, **server.environment()}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_reading_a_bucket(moto: Endpoint) -> None:
    """`count`, `head` and `format` take an address of S3; a missing bucket is exit code 3."""
    bucket = Bucket(moto)
    put_some(bucket)
    counted = run(moto, "count", bucket.url("AWSLogs/"), "-o", "json")
    assert counted.returncode == 0, counted.stderr
    assert json.loads(counted.stdout)["records"] == 3
    shown = run(moto, "head", "-n", "1", bucket.url(), "--columns", "dstport", "-o", "json")
    assert json.loads(shown.stdout) == {"dstport": 0}
    found = run(moto, "format", bucket.url(), "-o", "json")
    assert json.loads(found.stdout)["files"] == 3
    missing = run(moto, "count", "s3://no-such-bucket/")
    assert missing.returncode == 3
    assert "no such bucket: check its name" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_options_of_access(moto: Endpoint) -> None:
    """An unknown profile is told, and an endpoint can be given."""
    bucket = Bucket(moto)
    put_some(bucket)
    unknown = run(moto, "count", bucket.url(), "--profile", "nobody")
    assert unknown.returncode == 3
    assert "profile (nobody) could not be found: check the AWS configuration" in unknown.stderr
    environment = {key: value for key, value in moto.environment().items() if "URL" not in key}
    command = ["count", bucket.url(), "--endpoint-url", moto.endpoint, "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "flowparse", *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["records"] == 3


def test_following_a_queue(moto: Endpoint, tmp_path: Path) -> None:
    """`follow --once` empties the queue; what it leaves makes the exit code 3, and is named."""
    notified = Notified(moto)
    notified.notify_queue()
    put_some(notified)
    arguments = ("follow", "--queue", notified.queue, tmp_path / "flows", "--once")
    done = run(moto, *arguments, "--visibility", 10)
    assert done.returncode == 0, done.stderr
    assert "3 objects, 3 records, 0 known" in done.stderr
    assert pq.read_table(tmp_path / "flows").num_rows == 3
    notified.send("not JSON")
    left = run(moto, *arguments)
    assert left.returncode == 3
    assert "left to the queue, received 1 times: message" in left.stderr
    assert run(moto, "follow", tmp_path / "flows").returncode == 2
