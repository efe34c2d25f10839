"""Objects of S3 as sources, on real servers."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import SourceError
from services.servers.endpoint import Endpoint
from services.servers.proxy import Proxy

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


def ports_of(table: pa.Table) -> list[int]:
    return table["dstport"].to_pylist()


def test_a_prefix_is_read_in_the_order_of_its_keys(object_store: Any) -> None:
    """Objects of a prefix are read by key; markers, hidden names and empty objects are nothing."""
    for n in (2, 0, 1):
        object_store.put(key_of(STAMP + timedelta(minutes=5 * n)), log_of(port=n, rows=1))
    object_store.put("AWSLogs/", b"")
    object_store.put("AWSLogs/111122223333/vpcflowlogs/", b"")
    object_store.put("AWSLogs/_hidden/x.log.gz", b"not a log")
    object_store.put("AWSLogs/empty.log.gz", b"")
    table = flowparse.read_table(object_store.url("AWSLogs/"), session=object_store.access())
    assert ports_of(table) == [0, 1, 2]


def test_an_object_is_read_by_its_key(object_store: Any) -> None:
    """A key names one object, also where others begin with it; a prefix may lack its slash."""
    object_store.put("a/b", log_of(port=1, rows=1))
    object_store.put("a/b.gz", log_of(port=2, rows=1))
    object_store.put("a/b/c", log_of(port=3, rows=1))
    access = object_store.access()
    assert ports_of(flowparse.read_table(object_store.url("a/b"), session=access)) == [1]
    assert ports_of(flowparse.read_table(object_store.url("a"), session=access)) == [1, 2, 3]
    assert flowparse.read_table(object_store.url("none/"), session=access).num_rows == 0
    with pytest.raises(SourceError, match="a/none: no such object or prefix"):
        flowparse.read_table(object_store.url("a/none"), session=access)


def test_a_large_object_comes_in_parts(bucket: Any) -> None:
    """An object of several parts gives the records of the same bytes, for any number of threads."""
    data = varied_log(400_000)
    assert len(data) > 2 * flowparse.sources.fetching.PART_BYTES
    bucket.put("large.gz", data)
    bucket.put("small.gz", log_of())
    expected = flowparse.read_table([data, log_of()])
    for threads in (1, 3):
        table = flowparse.read_table(bucket.url(), session=bucket.access(), threads=threads)
        assert table.equals(expected)


def put_tree(bucket: Any, stamps: Iterable[datetime], **options: str) -> None:
    for stamp in stamps:
        bucket.put(key_of(stamp, **options), log_of(stamp, rows=1))


@pytest.mark.moto
def test_a_stream_asks_one_object_of_each_flow_log_for_its_format(
    moto_bucket: Any, proxy: Any
) -> None:
    """A stream's schema is that of one object a flow log, and no small object is read twice."""
    put_tree(moto_bucket, [STAMP + timedelta(minutes=5 * n) for n in range(5)])
    other = gzip.compress(b"version srcport\n2 7\n")
    moto_bucket.put(key_of(STAMP, flow_log="fl-ffffffff"), other)
    access = moto_bucket.access(endpoint_url=proxy.url)
    with flowparse.open_reader(moto_bucket.url(), session=access) as reader:
        assert "srcport" in reader.schema.names
        assert proxy.counts() == {"LIST": 1, "GET": 2}
        assert reader.read_all().num_rows == 6
    assert proxy.counts() == {"LIST": 1, "GET": 6}


@pytest.mark.moto
def test_refused_requests_and_broken_bodies_change_nothing(moto_bucket: Any, proxy: Any) -> None:
    """With three in ten requests refused and three in ten bodies cut, the table is the same."""
    for n in range(40):
        stamp = STAMP + timedelta(minutes=5 * n)
        moto_bucket.put(key_of(stamp), log_of(stamp, rows=50, port=n))
    expected = flowparse.read_table(moto_bucket.url(), session=moto_bucket.access())
    proxy.refuse = proxy.cut = 0.3
    access = moto_bucket.access(endpoint_url=proxy.url)
    assert flowparse.read_table(moto_bucket.url(), session=access).equals(expected)
    assert proxy.n_refused > 5
    assert proxy.n_cut > 5


@pytest.mark.moto
def test_a_server_that_only_refuses_is_an_error_that_says_so(
    moto_bucket: Any, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last attempt the error names the object, the answer, and how often it was tried."""
    monkeypatch.setattr("flowparse.sources.s3.requests._ATTEMPTS", 3)
    moto_bucket.put("a.log.gz", log_of())
    access = moto_bucket.access(endpoint_url=proxy.url)

    def refuse_gets(operation: str, key: str) -> None:
        proxy.refuse = 1.0

    proxy.before = refuse_gets
    with pytest.raises(SourceError, match=r"a\.log\.gz: cannot be read: .*SlowDown.*tried 3 times"):
        flowparse.read_table(moto_bucket.url(), session=access)


@pytest.mark.moto
def test_an_object_that_changes_between_two_parts_is_an_error(
    moto_bucket: Any, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was listed is read or nothing: a changed object is an error that says so."""
    monkeypatch.setattr("flowparse.sources.fetching.PART_BYTES", 4096)
    monkeypatch.setattr("flowparse.sources.fetching._AHEAD_BYTES", 0)
    monkeypatch.setattr("flowparse.sources.fetching._AHEAD_BYTES_PER_THREAD", 1)
    moto_bucket.put("x/a.log.gz", varied_log(5000))
    gets = []

    def change(operation: str, key: str) -> None:
        gets.append(key)
        if operation == "GET" and len(gets) == 4:
            moto_bucket.put("x/a.log.gz", log_of(rows=2001))

    proxy.before = change
    access = moto_bucket.access(endpoint_url=proxy.url)
    with pytest.raises(SourceError, match=r"x/a\.log\.gz: .*changed since it was listed"):
        flowparse.read_table(moto_bucket.url("x/"), session=access, threads=1)


@pytest.mark.moto
def test_bad_objects_are_listed_and_the_others_read(moto_bucket: Any, proxy: Any) -> None:
    """Under collect, an object that is gone or no flow log is listed, and the others are read."""
    moto_bucket.put("a.log.gz", log_of(rows=1, port=1))
    moto_bucket.put("b.log.gz", gzip.compress(b"PAR1 no flow log"))
    moto_bucket.put("c.log.gz", log_of(rows=1, port=3))
    moto_bucket.put("d.log.gz", log_of(rows=1, port=4))

    def remove(operation: str, key: str) -> None:
        if operation == "GET" and key.endswith("a.log.gz"):
            moto_bucket.client.delete_object(Bucket=moto_bucket.name, Key="c.log.gz")

    proxy.before = remove
    access = moto_bucket.access(endpoint_url=proxy.url, connections=1)
    with flowparse.open_reader(
        moto_bucket.url(), session=access, on_reject="collect", columns=["dstport"]
    ) as reader:
        assert ports_of(reader.read_all()) == [1, 4]
        errors = reader.errors.to_pylist()
    assert [error["source"] for error in errors] == [
        moto_bucket.url("b.log.gz"),
        moto_bucket.url("c.log.gz"),
    ]
    assert "gone since it was listed" in errors[1]["message"]


@pytest.mark.moto
def test_a_missing_bucket_says_so(moto: Any) -> None:
    """A bucket that does not exist is an error that names it and says what to check."""
    with pytest.raises(SourceError, match=r"s3://no-such-bucket/x/: .*no such bucket: check"):
        flowparse.read_table("s3://no-such-bucket/x/", session=moto.access())


def make_tree(root: Path) -> None:
    """30 days, 3 accounts, 2 regions; what lies outside of three hours shares one file."""
    root.parent.mkdir()
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


@pytest.mark.hadro
def test_one_hour_of_a_large_tree_asks_for_little_else(tmp_path: Path, start_hadro: Any) -> None:
    """One hour out of 51,840 objects takes a LIST a folder and a region, and only GETs of the hour.

    Records of the hour are in objects of 14 stamps: from 22:00, whose records end from then on,
    to 23:05, whose records may have begun ten minutes before. The LISTs: one finds that there is
    more than a page, then the bucket, `AWSLogs`, the three accounts' regions, and one page in
    each region.
    """
    make_tree(tmp_path / "data/logs")
    proxy = Proxy(start_hadro(tmp_path / "data").url)
    access = Endpoint(proxy.url, "reader", "secret-of-reader").access()
    hour = {"since": "2023-11-14T22:00Z", "until": "2023-11-14T23:00Z", "session": access}
    try:
        table = flowparse.read_table("s3://logs/", **hour)
        assert proxy.counts() == {"LIST": 1 + 1 + 1 + 3 + 6, "GET": 14 * 6}
        assert table.num_rows == 12 * 6
        proxy.asked.clear()
        flowparse.read_table("s3://logs/", filters=[("region", "=", "us-east-1")], **hour)
        assert proxy.counts() == {"LIST": 1 + 1 + 1 + 3, "GET": 14 * 3}
        proxy.asked.clear()
        one = [("region", "=", "us-east-1"), ("account_id", "=", "222233334444")]
        flowparse.read_table("s3://logs/AWSLogs/", filters=one, **hour)
        assert proxy.counts() == {"LIST": 1 + 1 + 1, "GET": 14}
    finally:
        proxy.close()


@pytest.mark.hadro
def test_wrong_keys_say_so(tmp_path: Any, start_hadro: Any) -> None:
    """A wrong secret is an error that says which setting to check."""
    (tmp_path / "data/logs").mkdir(parents=True)
    (tmp_path / "data/logs/a.log.gz").write_bytes(log_of())
    hadro = start_hadro(tmp_path / "data")
    assert flowparse.read_table("s3://logs/", session=hadro.access()).num_rows == 3
    wrong = hadro.access(session=hadro.session(aws_secret_access_key="wrong"))
    with pytest.raises(SourceError, match="secret key is wrong: check the profile"):
        flowparse.read_table("s3://logs/", session=wrong)


@pytest.mark.hadro
def test_a_server_with_latency_and_faults_gives_the_same(tmp_path: Any, start_hadro: Any) -> None:
    """Hadro's own 503s, three in ten requests, change nothing either."""
    folder = tmp_path / "data/logs"
    folder.mkdir(parents=True)
    for n in range(60):
        (folder / f"{n:02}.log.gz").write_bytes(log_of(rows=20, port=n))
    expected = flowparse.read_table(folder)
    options = ("--latency-ms", "5", "--error-rate", "0.3", "--fault-seed", "7")
    hadro = start_hadro(tmp_path / "data", *options)
    assert flowparse.read_table("s3://logs/", session=hadro.access()).equals(expected)


def test_without_credentials_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the error names what to set, before anything is sent."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="no AWS credentials found: set AWS_PROFILE"):
        flowparse.read_table("s3://bucket/prefix/")
