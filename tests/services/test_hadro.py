"""hadro: a folder as S3, with latency and refusals that are the same in every run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from services.endpoint import Endpoint

ONCE = Config(retries={"total_max_attempts": 1})
Start = Callable[..., Endpoint]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one bucket, `logs`, of twelve objects of 1000 bytes."""
    for number in range(12):
        path = tmp_path / "served" / "logs" / f"{number % 3}" / f"{number:02}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 1000)
    return tmp_path / "served"


def test_a_folder_is_a_bucket(start_hadro: Start, folder: Path) -> None:
    """Files are listed in pages in the order of keys, and folded by a delimiter."""
    s3 = start_hadro(folder).client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="logs", StartAfter="0/03.gz", PaginationConfig={"PageSize": 4}
    )
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    files = sorted(path.relative_to(folder / "logs").as_posix() for path in folder.rglob("*.gz"))
    assert keys == files[2:]
    folders = s3.list_objects_v2(Bucket="logs", Delimiter="/")["CommonPrefixes"]
    assert [each["Prefix"] for each in folders] == ["0/", "1/", "2/"]


def test_range_is_a_part(start_hadro: Start, folder: Path) -> None:
    """A range gives just these bytes, a suffix the last ones."""
    s3 = start_hadro(folder).client("s3")
    for range_, length in (("bytes=10-19", 10), ("bytes=-7", 7), ("bytes=990-", 10)):
        found = s3.get_object(Bucket="logs", Key="2/11.gz", Range=range_)
        assert found["Body"].read() == bytes([11]) * length


def test_a_wrong_secret_is_refused(start_hadro: Start, folder: Path) -> None:
    """A request signed with another secret is SignatureDoesNotMatch."""
    client = start_hadro(folder).session(aws_secret_access_key="wrong").client("s3")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_objects_v2(Bucket="logs")


def test_nothing_is_written(start_hadro: Start, folder: Path) -> None:
    """A PUT is refused."""
    with pytest.raises(ClientError, match="MethodNotAllowed"):
        start_hadro(folder).client("s3").put_object(Bucket="logs", Key="x", Body=b"x")


def statuses(server: Endpoint, n: int) -> list[int]:
    """The statuses of n requests, one after the other."""
    s3 = server.session().client("s3", config=ONCE)
    seen = []
    for _ in range(n):
        try:
            answer = s3.head_object(Bucket="logs", Key="0/00.gz")
        except ClientError as error:
            answer = error.response
        seen.append(answer["ResponseMetadata"]["HTTPStatusCode"])
    return seen


def test_refusals_are_the_same_in_every_run(start_hadro: Start, folder: Path) -> None:
    """A share of the requests is 503; the same seed refuses the same ones, another others."""
    seen = [
        statuses(start_hadro(folder, error_rate=0.3, fault_seed=seed), 30) for seed in (7, 7, 8)
    ]
    assert seen[0] == seen[1] != seen[2]
    assert set(seen[0]) == {200, 503}


def test_slow_down_is_named(start_hadro: Start, folder: Path) -> None:
    """A refused GET has AWS's code."""
    s3 = start_hadro(folder, error_rate=1).session().client("s3", config=ONCE)
    with pytest.raises(ClientError, match="SlowDown"):
        s3.get_object(Bucket="logs", Key="0/00.gz")


def test_answers_take_their_time(start_hadro: Start, folder: Path) -> None:
    """No answer comes before the latency is over."""
    s3 = start_hadro(folder, latency_ms=150).client("s3")
    began = time.monotonic()
    for _ in range(3):
        s3.get_object(Bucket="logs", Key="0/00.gz")["Body"].read()
    assert time.monotonic() - began >= 3 * 0.15


def test_link_is_slow(start_hadro: Start, folder: Path) -> None:
    """A body takes at least its bits over the bandwidth."""
    (folder / "logs" / "large.gz").write_bytes(bytes(250_000))
    s3 = start_hadro(folder, bandwidth_mbps=4).client("s3")
    began = time.monotonic()
    assert len(s3.get_object(Bucket="logs", Key="large.gz")["Body"].read()) == 250_000
    assert time.monotonic() - began >= 0.5


def test_if_match_is_ignored(start_hadro: Start, folder: Path) -> None:
    """A changed object is given in full: tests of If-Match cannot be held here."""
    s3 = start_hadro(folder).client("s3")
    body = s3.get_object(Bucket="logs", Key="0/00.gz", IfMatch='"other"')["Body"].read()
    assert len(body) == 1000
