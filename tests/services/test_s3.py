"""Objects of S3 as sources, on real servers."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import flowparse
from flowparse import SourceError
from flowparse.aws import Access
from flowparse.sources.s3.faults import explain_error
from flowparse.sources.s3.getters import _region_of, make_getter
from services.cutting import Cut, Request
from services.endpoint import Endpoint

HEADER = "version account-id srcaddr dstport start end action log-status"
STAMP = datetime(2023, 11, 14, 22, 10, tzinfo=UTC)


def key_of(
    stamp: datetime = STAMP,
    account: str = "111122223333",
    region: str = "us-east-1",
    layout: str = "plain",
    prefix: str = "",
    flow_log: str = "fl-0a1b2c3d",
    part: str = "fe123456",
) -> str:
    """The key that AWS would give an object."""
    if layout.startswith("hive"):
        folders = (
            f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
            f"year={stamp:%Y}/month={stamp:%m}/day={stamp:%d}/"
        )
        hour = f"hour={stamp:%H}/"
    else:
        folders = f"{account}/vpcflowlogs/{region}/{stamp:%Y/%m/%d}/"
        hour = f"{stamp:%H}/"
    hours = hour if layout.endswith("hourly") else ""
    name = f"{account}_vpcflowlogs_{region}_{flow_log}_{stamp:%Y%m%dT%H%MZ}_{part}.log.gz"
    return f"{prefix}AWSLogs/{folders}{hours}{name}"


def log_of(stamp: datetime = STAMP, rows: int = 3, port: int = 443) -> bytes:
    """An object with records that end within its five minutes."""
    end = int(stamp.timestamp()) + 60
    lines = [
        f"2 111122223333 192.0.2.{n % 250} {port} {end - 60} {end} ACCEPT OK" for n in range(rows)
    ]
    return gzip.compress("\n".join([HEADER, *lines, ""]).encode())


def varied_log(rows: int) -> bytes:
    """An object that gzip can do little about."""
    draw = random.Random(1)
    lines = [
        f"2 {draw.randrange(10**12):012} {draw.randbytes(4).hex()} {draw.randrange(65536)} "
        f"{draw.randrange(10**9)} {draw.randrange(10**9)} ACCEPT OK"
        for _ in range(rows)
    ]
    return gzip.compress("\n".join([HEADER, *lines]).encode(), 1)


class Bucket:
    """A fresh bucket of a server."""

    def __init__(self, server: Endpoint) -> None:
        self.server = server
        self.name = server.new_bucket()

    def put(self, key: str, data: bytes) -> None:
        self.server.client("s3").put_object(Bucket=self.name, Key=key, Body=data)

    def url(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}"

    def read(self, key: str = "", **options: Any) -> pa.Table:
        return flowparse.read_table(self.url(key), **{"session": self.server.session()} | options)


@pytest.fixture
def on_each(s3_server: Endpoint) -> Bucket:
    """On each of the servers."""
    return Bucket(s3_server)


@pytest.fixture(params=["moto", "rgw"])
def on_object_store(request: pytest.FixtureRequest) -> Bucket:
    """On each server whose keys are no paths of files."""
    return Bucket(request.getfixturevalue(request.param))


@pytest.fixture
def on_moto(moto: Endpoint) -> Bucket:
    """On moto alone, where the server does not matter."""
    return Bucket(moto)


@pytest.fixture(params=["obstore", "boto3"])
def each_getter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects are fetched by the one, then by the other."""
    if request.param == "boto3":
        monkeypatch.setattr("flowparse.sources.s3.getters._is_plain", lambda *_: False)


def ports_of(table: pa.Table) -> list[int]:
    return table["dstport"].to_pylist()


def test_a_prefix_is_read_in_the_order_of_its_keys(on_object_store: Bucket) -> None:
    """Objects of a prefix are read by key; markers, hidden names and empty objects are nothing."""
    bucket = on_object_store
    for n in (2, 0, 1):
        bucket.put(key_of(STAMP + timedelta(minutes=5 * n)), log_of(port=n, rows=1))
    bucket.put("AWSLogs/", b"")
    bucket.put("AWSLogs/111122223333/vpcflowlogs/", b"")
    bucket.put("AWSLogs/_hidden/x.log.gz", b"not a log")
    bucket.put("AWSLogs/empty.log.gz", b"")
    assert ports_of(bucket.read("AWSLogs/")) == [0, 1, 2]


def test_an_object_is_read_by_its_key(on_object_store: Bucket) -> None:
    """A key names one object, also where others begin with it; a prefix may lack its slash."""
    bucket = on_object_store
    bucket.put("a/b", log_of(port=1, rows=1))
    bucket.put("a/b.gz", log_of(port=2, rows=1))
    bucket.put("a/b/c", log_of(port=3, rows=1))
    assert ports_of(bucket.read("a/b")) == [1]
    assert ports_of(bucket.read("a")) == [1, 2, 3]
    assert bucket.read("none/").num_rows == 0
    with pytest.raises(SourceError, match="a/none: no such object or prefix"):
        bucket.read("a/none")


@pytest.mark.parametrize(
    "key",
    [
        "logs//AWSLogs/a.log",  # a prefix that was given with a slash at its end
        "/a.log",
        "tab\t.log",
        "a b+c#d?e%41.log",
        "größe/~!*'(){}[].log",
    ],
)
def test_any_key_is_read(on_object_store: Bucket, key: str) -> None:
    """Keys that are no paths are read as well, by their name and below their prefix."""
    on_object_store.put(key, log_of(rows=1, port=7))
    assert ports_of(on_object_store.read(key)) == [7]
    assert ports_of(on_object_store.read()) == [7]


@pytest.mark.usefixtures("each_getter")
def test_a_large_object_comes_in_parts(on_each: Bucket) -> None:
    """An object of several parts gives the records of the same bytes, for any number of threads."""
    data = varied_log(400_000)
    assert len(data) > 2 * flowparse.sources.fetching.PART_BYTES
    on_each.put("large.gz", data)
    on_each.put("small.gz", log_of())
    expected = flowparse.read_table([data, log_of()])
    for threads in (1, 3):
        assert on_each.read(threads=threads).equals(expected)


@pytest.mark.parametrize("name", ["a.log.parquet", "a.log.gz"])
def test_parquet_is_read_in_ranges(on_moto: Bucket, name: str) -> None:
    """Parquet in a bucket comes as from a file, whatever its name; most of it is never fetched."""
    n = 60_000
    table = pa.table(
        {
            "version": pa.array([2] * n, pa.int32()),
            "dstport": pa.array([i % 65536 for i in range(n)], pa.int32()),
            "pad": [random.Random(i).randbytes(20).hex() for i in range(n)],
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file, compression="gzip", row_group_size=10_000)
    on_moto.put(name, file.getvalue())
    options: dict[str, Any] = {"columns": ["dstport"], "filters": [("dstport", ">=", 55_000)]}
    found = on_moto.read(name, **options)
    assert found.to_pydict() == flowparse.read_table(file.getvalue(), **options).to_pydict()
    counts = json.loads(found.schema.metadata[b"flowparse"])["counts"]
    assert counts["records"] == n
    assert counts["bytes_read"] < len(file.getvalue()) / 2


def test_a_stream_asks_one_object_of_each_flow_log_for_its_format(
    on_moto: Bucket, start_proxy: Any
) -> None:
    """A stream's schema is that of one object a flow log, and no small object is read twice."""
    for n in range(5):
        stamp = STAMP + timedelta(minutes=5 * n)
        on_moto.put(key_of(stamp), log_of(stamp, rows=1))
    on_moto.put(key_of(flow_log="fl-ffffffff"), gzip.compress(b"version srcport\n2 7\n"))
    proxy = start_proxy(on_moto.server)
    with flowparse.open_reader(on_moto.url(), session=proxy.session()) as reader:
        assert "srcport" in reader.schema.names
        assert proxy.counts == {"LIST": 1, "GET": 2}
        assert reader.read_all().num_rows == 6
    assert proxy.counts == {"LIST": 1, "GET": 6}


@pytest.mark.usefixtures("each_getter")
def test_bodies_that_break_off_change_nothing(on_object_store: Bucket, start_proxy: Any) -> None:
    """With three in ten bodies cut, of small objects and of parts of large ones, all is read."""
    for n in range(40):
        stamp = STAMP + timedelta(minutes=5 * n)
        on_object_store.put(key_of(stamp), log_of(stamp, rows=50, port=n))
    on_object_store.put("large.gz", varied_log(400_000))
    expected = on_object_store.read()
    proxy = start_proxy(on_object_store.server, Cut(after_bytes=100, probability=0.3))
    assert on_object_store.read(session=proxy.session()).equals(expected)
    assert proxy.n_cut > 5


def test_a_server_with_latency_and_503s_gives_the_same(tmp_path: Path, start_hadro: Any) -> None:
    """With three in ten requests refused and three in ten bodies cut, the table is the same."""
    folder = tmp_path / "data/logs"
    folder.mkdir(parents=True)
    for n in range(60):
        (folder / f"{n:02}.log.gz").write_bytes(log_of(rows=20, port=n))
    expected = flowparse.read_table(folder)
    hadro = start_hadro(tmp_path / "data", latency_ms=5, error_rate=0.3, fault_seed=7)
    assert flowparse.read_table("s3://logs/", session=hadro.session()).equals(expected)


@pytest.mark.usefixtures("each_getter")
def test_refused_and_cut_at_once(tmp_path: Path, start_hadro: Any, start_proxy: Any) -> None:
    """503s and cut bodies together change nothing either."""
    folder = tmp_path / "data/logs"
    folder.mkdir(parents=True)
    for n in range(60):
        (folder / f"{n:02}.log.gz").write_bytes(log_of(rows=20, port=n))
    expected = flowparse.read_table(folder)
    hadro = start_hadro(tmp_path / "data", error_rate=0.3, fault_seed=7)
    proxy = start_proxy(hadro, Cut(after_bytes=50, probability=0.3))
    assert flowparse.read_table("s3://logs/", session=proxy.session()).equals(expected)
    assert proxy.n_cut > 5


def test_a_server_that_only_refuses_is_an_error_that_says_so(
    tmp_path: Path, start_hadro: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last attempt the error has the address, the answer, and how often it was tried."""
    monkeypatch.setattr("flowparse.sources.repeating._ATTEMPTS", 3)
    (tmp_path / "logs").mkdir()
    hadro = start_hadro(tmp_path, error_rate=1.0)
    with pytest.raises(SourceError, match=r"s3://logs/x/: cannot be listed: .*SlowDown.*3 times"):
        flowparse.read_table("s3://logs/x/", session=hadro.session())


@pytest.mark.usefixtures("each_getter")
def test_an_object_that_changes_between_two_parts_is_an_error(
    on_object_store: Bucket, start_proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was listed is read or nothing: a changed object is an error that says so."""
    monkeypatch.setattr("flowparse.sources.fetching.PART_BYTES", 4096)
    monkeypatch.setattr("flowparse.sources.fetching._AHEAD_BYTES", 0)
    monkeypatch.setattr("flowparse.sources.fetching._AHEAD_BYTES_PER_THREAD", 1)
    on_object_store.put("x/a.log.gz", varied_log(5000))
    proxy = start_proxy(on_object_store.server)

    def change(request: Request) -> None:
        if request.operation == "GET" and proxy.counts["GET"] == 4:
            on_object_store.put("x/a.log.gz", varied_log(5001))

    proxy.before = change
    with pytest.raises(SourceError, match=r"x/a\.log\.gz: .*changed since it was listed"):
        on_object_store.read("x/", session=proxy.session(), threads=1)


@pytest.mark.usefixtures("each_getter")
def test_bad_objects_are_listed_and_the_others_read(on_moto: Bucket, start_proxy: Any) -> None:
    """Under collect, an object that is gone or no flow log is listed, and the others are read."""
    on_moto.put("a.log.gz", log_of(rows=1, port=1))
    on_moto.put("b.log.gz", gzip.compress(b'{"Records": [{"eventSource": "s3"}]}'))  # CloudTrail's
    on_moto.put("c.log.gz", log_of(rows=1, port=3))
    on_moto.put("d.log.gz", log_of(rows=1, port=4))
    proxy = start_proxy(on_moto.server)

    def remove(request: Request) -> None:
        if request.operation == "GET" and request.key == "a.log.gz":
            client = on_moto.server.client("s3")
            client.delete_object(Bucket=on_moto.name, Key="c.log.gz")

    proxy.before = remove
    access = Access(proxy.session(), connections=1)
    with flowparse.open_reader(
        on_moto.url(), session=access, on_reject="collect", columns=["dstport"]
    ) as reader:
        assert ports_of(reader.read_all()) == [1, 4]
        errors = reader.errors.to_pylist()
    assert [e["source"] for e in errors] == [on_moto.url("b.log.gz"), on_moto.url("c.log.gz")]
    assert "gone since it was listed" in errors[1]["message"]


def test_a_missing_bucket_says_so(s3_server: Endpoint) -> None:
    """A bucket that does not exist is an error that names it and says what to check."""
    with pytest.raises(SourceError, match=r"s3://no-such-bucket/x/: .*no such bucket: check"):
        flowparse.read_table("s3://no-such-bucket/x/", session=s3_server.session())


@pytest.mark.usefixtures("each_getter")
def test_a_denied_object_says_which_right_is_missing(rgw: Endpoint) -> None:
    """An object that the policy denies names itself and the right; the others are read."""
    bucket = Bucket(rgw)
    bucket.put("a.log.gz", log_of(rows=1, port=1))
    bucket.put("b.log.gz", log_of(rows=1, port=2))
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket.name}/b.log.gz",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    rgw.client("s3").put_bucket_policy(Bucket=bucket.name, Policy=policy)
    with pytest.raises(SourceError, match=r"b\.log\.gz: .*access is denied: .*s3:GetObject"):
        bucket.read()
    with flowparse.open_reader(
        bucket.url(), session=rgw.session(), on_reject="collect", columns=["dstport"]
    ) as reader:
        assert ports_of(reader.read_all()) == [1]
        assert reader.errors["source"].to_pylist() == [bucket.url("b.log.gz")]


@pytest.mark.parametrize("server", ["rgw", "hadro"])
def test_wrong_keys_say_so(server: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A wrong secret is an error that says which setting to check."""
    if server == "rgw":
        endpoint: Endpoint = request.getfixturevalue("rgw")
    else:
        (tmp_path / "logs").mkdir()
        endpoint = request.getfixturevalue("start_hadro")(tmp_path)
    wrong = endpoint.session(aws_secret_access_key="wrong")
    with pytest.raises(SourceError, match="secret key is wrong: check the profile"):
        flowparse.read_table("s3://logs/", session=wrong)


def test_without_credentials_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the error names what to set, before anything is sent."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="no AWS credentials found: set AWS_PROFILE"):
        flowparse.read_table("s3://bucket/prefix/")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"])
def test_what_no_server_here_answers(code: str) -> None:
    """Expired credentials and a wrong clock say what to do. (None of the servers has them.)"""
    answer = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    error = explain_error(ClientError(answer, "GetObject"), "s3://b/k", 1, listing=False)
    advice = "set it" if code == "RequestTimeTooSkewed" else "renew them (`aws sso login`"
    assert advice in str(error)
    assert error.source == "s3://b/k"


@pytest.mark.parametrize("status", [200, 403])
def test_the_region_of_a_bucket_is_told_by_a_refusal_too(status: int) -> None:
    """Who may read objects only still learns where the bucket is. (Loopback has no regions.)"""
    headers = {"x-amz-bucket-region": "eu-north-1"}
    answer = {"ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers}}

    class Client:
        def head_bucket(self, **asked: str) -> dict[str, Any]:
            if status != 200:
                raise ClientError({"Error": {"Code": "403"}, **answer}, "HeadBucket")
            return answer

    assert _region_of("bucket", Client()) == "eu-north-1"


def make_tree(root: Path) -> None:
    """30 days, 3 accounts, 2 regions; what lies outside of three hours shares one file."""
    shared = root.parent.parent / "shared"
    shared.write_bytes(log_of(rows=1))
    first, last = STAMP - timedelta(hours=1), STAMP + timedelta(hours=2)
    for account in ("111122223333", "222233334444", "333344445555"):
        for region in ("us-east-1", "eu-central-1"):
            for n in range(30 * 288):
                stamp = datetime(2023, 11, 1, tzinfo=UTC) + timedelta(minutes=5 * n)
                path = root / key_of(stamp, account, region)
                if n % 288 == 0:
                    path.parent.mkdir(parents=True)
                if first <= stamp <= last:
                    path.write_bytes(log_of(stamp, rows=1))
                else:
                    os.link(shared, path)


def test_one_hour_of_a_large_tree_asks_for_little_else(
    tmp_path: Path, start_hadro: Any, start_proxy: Any
) -> None:
    """One hour out of 51,840 objects takes a LIST a folder and a region, and only GETs of the hour.

    Records of the hour are in objects of 14 stamps: from 22:00, whose records end from then on,
    to 23:05, whose records may have begun ten minutes before. The LISTs: one finds that there is
    more than a page, then the bucket, `AWSLogs`, the three accounts' regions, and one page in
    each region.
    """
    make_tree(tmp_path / "data/logs")
    proxy = start_proxy(start_hadro(tmp_path / "data"))
    hour = {"since": "2023-11-14T22:00Z", "until": "2023-11-14T23:00Z", "session": proxy.session()}
    table = flowparse.read_table("s3://logs/", **hour)
    assert proxy.counts == {"LIST": 1 + 1 + 1 + 3 + 6, "GET": 14 * 6}
    assert table.num_rows == 12 * 6
    proxy.forget()
    flowparse.read_table("s3://logs/", filters=[("region", "=", "us-east-1")], **hour)
    assert proxy.counts == {"LIST": 1 + 1 + 1 + 3, "GET": 14 * 3}
    proxy.forget()
    one = [("region", "=", "us-east-1"), ("account_id", "=", "222233334444")]
    flowparse.read_table("s3://logs/AWSLogs/", filters=one, **hour)
    assert proxy.counts == {"LIST": 1 + 1 + 1, "GET": 14}


@pytest.mark.parametrize(
    ("setting", "fetched_by"),
    [
        ({}, "_ObstoreGetter"),
        ({"config": Config(proxies={"http": "http://127.0.0.1:9"})}, "_Boto3Getter"),
        ({"config": Config(use_fips_endpoint=True)}, "_Boto3Getter"),
        ({"config": Config(signature_version=UNSIGNED)}, "_Boto3Getter"),
        ({"config": Config(s3={"addressing_style": "virtual"})}, "_Boto3Getter"),
    ],
)
def test_what_obstore_cannot_be_told_is_left_to_boto3(
    moto: Endpoint, setting: dict[str, Any], fetched_by: str
) -> None:
    """A client with settings that obstore does not have fetches the objects itself."""
    session = moto.session()
    client = boto3.Session.client(session, "s3", endpoint_url=moto.endpoint, **setting)
    getter = make_getter("bucket", Access(session), client)
    client.close()
    assert type(getter).__name__ == fetched_by
