"""The proxy passes on what it does not cut, and counts all of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from services.cutting import Cut, CuttingProxy, Request, read_request
from services.endpoint import Endpoint

BODY = bytes(range(256)) * 40
ONCE = Config(retries={"total_max_attempts": 1})
Start = Callable[..., CuttingProxy]


@pytest.fixture
def proxy(s3_server: Endpoint, start_proxy: Start) -> CuttingProxy:
    return start_proxy(s3_server)


def test_everything_passes(proxy: CuttingProxy, bucket: str) -> None:
    """Writing, listing, asking, reading and deleting work as without the proxy."""
    s3 = proxy.client("s3")
    s3.put_object(Bucket=bucket, Key="a b/c", Body=BODY)
    assert s3.head_object(Bucket=bucket, Key="a b/c")["ContentLength"] == len(BODY)
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == "a b/c"
    assert s3.get_object(Bucket=bucket, Key="a b/c")["Body"].read() == BODY
    part = s3.get_object(Bucket=bucket, Key="a b/c", Range="bytes=-3")["Body"].read()
    assert part == BODY[-3:]
    s3.delete_object(Bucket=bucket, Key="a b/c")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="a b/c")


def test_requests_are_counted(proxy: CuttingProxy, bucket: str) -> None:
    """Each request is counted once by operation, with its key and range."""
    s3 = proxy.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    proxy.forget()
    s3.head_object(Bucket=bucket, Key="k")
    s3.list_objects_v2(Bucket=bucket, Prefix="k", MaxKeys=1)
    s3.list_objects_v2(Bucket=bucket, Delimiter="/", StartAfter="a")
    s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-9")["Body"].read()
    assert proxy.counts == {"HEAD": 1, "LIST": 2, "GET": 1}
    assert proxy.requests[-1] == Request("GET", bucket, "k", "bytes=0-9")


def test_answer_is_cut(proxy: CuttingProxy, bucket: str) -> None:
    """A cut body has its first bytes, and the client is told that it is not whole."""
    s3 = proxy.session().client("s3", config=ONCE)
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    proxy.cut = Cut(after_bytes=100)
    body = s3.get_object(Bucket=bucket, Key="k")["Body"]
    assert body.read(100) == BODY[:100]
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        body.read()
    assert proxy.n_cut == 1


def test_short_answer_comes_whole(proxy: CuttingProxy, bucket: str) -> None:
    """A body that is no longer than the cut is not cut, nor is a listing."""
    s3 = proxy.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY[:100])
    proxy.cut = Cut(after_bytes=100)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY[:100]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert proxy.n_cut == 0


def test_second_try_is_answered(proxy: CuttingProxy, bucket: str) -> None:
    """With `times=1` the same request is answered whole when it comes again."""
    s3 = proxy.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    proxy.cut = Cut(after_bytes=0, times=1)
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        s3.get_object(Bucket=bucket, Key="k")["Body"].read()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY


def test_cuts_do_not_depend_on_the_order(proxy: CuttingProxy, bucket: str) -> None:
    """With a probability, a seed cuts the same keys, whoever asks first and from many threads."""
    s3 = proxy.session().client("s3", config=ONCE.merge(Config(max_pool_connections=8)))
    keys = [f"k{number}" for number in range(24)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=BODY)

    def is_cut(key: str) -> bool:
        try:
            s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (IncompleteReadError, ResponseStreamingError):
            return True
        return False

    proxy.cut = Cut(after_bytes=10, probability=0.4, seed=3)
    proxy.forget()
    first = {key for key in keys if is_cut(key)}
    proxy.forget()
    with ThreadPoolExecutor(8) as threads:
        fates = list(threads.map(is_cut, reversed(keys)))
    assert {key for key, fate in zip(reversed(keys), fates, strict=True) if fate} == first
    assert 0 < len(first) < 24


def test_signatures_hold(rgw: Endpoint, start_proxy: Start) -> None:
    """A server that checks signatures accepts what comes through the proxy, and only that."""
    proxy = start_proxy(rgw)
    bucket = proxy.new_bucket()
    proxy.client("s3").put_object(Bucket=bucket, Key="a+b c", Body=BODY)
    wrong = proxy.session(aws_secret_access_key="wrong").client("s3")
    with pytest.raises(wrong.exceptions.ClientError, match="SignatureDoesNotMatch"):
        wrong.get_object(Bucket=bucket, Key="a+b c")


def test_cuts_join_the_faults_of_the_server(
    start_hadro: Callable[..., Endpoint], start_proxy: Start, tmp_path: Path
) -> None:
    """Before a server that refuses at random, refusals pass, and other answers are cut."""
    (tmp_path / "served" / "logs").mkdir(parents=True)
    (tmp_path / "served" / "logs" / "k").write_bytes(BODY)
    server = start_hadro(tmp_path / "served", error_rate=0.3, fault_seed=7)
    proxy = start_proxy(server, Cut(after_bytes=1000))
    s3 = proxy.session().client("s3", config=ONCE)
    refused = 0
    for _ in range(20):
        try:
            body = s3.get_object(Bucket="logs", Key="k")["Body"]
        except ClientError:
            refused += 1
        else:
            with pytest.raises((IncompleteReadError, ResponseStreamingError)):
                body.read()
    assert 0 < refused < 20
    assert (proxy.n_cut, proxy.counts) == (20 - refused, {"GET": 20})


@pytest.mark.parametrize(
    ("line", "operation"),
    [
        ("GET /", "GET"),
        ("GET /b", "LIST"),
        ("GET /b/", "LIST"),
        ("GET /b?list-type=2&continuation-token=x&prefix=a%2F", "LIST"),
        ("GET /b?location", "GET ?location"),
        ("PUT /b?lifecycle", "PUT ?lifecycle"),
        ("POST /b?delete", "POST ?delete"),
        ("HEAD /b", "HEAD"),
        ("PUT /b", "PUT"),
        ("GET /b/k?versionId=1", "GET"),
        ("POST /b/k?uploads", "POST"),
    ],
)
def test_operation_is_told_from_the_first_line(line: str, operation: str) -> None:
    """A listing is told from an object, and from the other things that a bucket has."""
    assert read_request(*line.split(), None).operation == operation
