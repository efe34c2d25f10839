"""A dataset over a bucket: read again and again, pruned by its keys, sent to other processes."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pyarrow.compute as pc
import pytest

import flowparse
from flowparse.aws import Access
from services.endpoint import Endpoint
from services.test_s3 import STAMP, Bucket, key_of, log_of


@pytest.fixture
def bucket(moto: Endpoint) -> Bucket:
    """Twelve windows, a record each."""
    made = Bucket(moto)
    for n in range(12):
        stamp = STAMP + timedelta(minutes=5 * n)
        made.put(key_of(stamp), log_of(stamp, rows=1, port=n))
    return made


def test_a_dataset_is_read_as_often_as_asked(bucket: Bucket) -> None:
    """Each scan reads the bucket anew, with its own columns and filter."""
    ds = flowparse.dataset(bucket.url(), session=bucket.server.session())
    assert ds.count_rows() == 12
    assert ds.to_table(columns=["dstport"])["dstport"].to_pylist() == list(range(12))
    assert ds.to_table(filter=pc.field("dstport") >= 10).num_rows == 2


def test_a_filter_on_time_fetches_only_what_can_hold_it(bucket: Bucket, start_proxy: Any) -> None:
    """A query's filter prunes objects by their keys before a byte is fetched."""
    proxy = start_proxy(bucket.server)
    ds = flowparse.dataset(bucket.url(), session=proxy.session())
    proxy.forget()
    late = pc.field("end") >= STAMP + timedelta(minutes=50)
    found = ds.to_table(columns=["dstport"], filter=late)
    assert found["dstport"].to_pylist() == [10, 11]
    assert proxy.counts == {"GET": 2}


def test_since_prunes_the_listing_too(bucket: Bucket, start_proxy: Any) -> None:
    """What since and filters of the dataset rule out is not in it."""
    proxy = start_proxy(bucket.server)
    session = proxy.session()
    ds = flowparse.dataset(bucket.url(), session=session, since=STAMP + timedelta(minutes=55))
    assert ds.count_rows() == 1
    assert proxy.counts["GET"] <= 2


def test_duckdb_pushes_its_query_down(bucket: Bucket, start_proxy: Any) -> None:
    """A query of DuckDB fetches the objects of its time range."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    proxy = start_proxy(bucket.server)
    ds = flowparse.dataset(bucket.url(), session=proxy.session())
    assert ds.schema.names
    proxy.forget()
    moment = (STAMP + timedelta(minutes=55)).isoformat()
    found = duckdb.sql(f"select sum(dstport) from ds where \"end\" >= timestamptz '{moment}'")
    assert found.fetchall() == [(11,)]
    assert proxy.counts == {"GET": 1}


def test_tasks_are_read_elsewhere(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces with an access that has no session can be sent; one with a session says why not."""
    for name, value in bucket.server.environment().items():
        monkeypatch.setenv(name, value)
    ds = flowparse.dataset(bucket.url(), session=Access())
    sent = pickle.loads(pickle.dumps(list(ds.tasks())))
    assert sum(batch.num_rows for task in sent for batch in task()) == 12
    with_session = flowparse.dataset(bucket.url(), session=bucket.server.session())
    with pytest.raises(TypeError, match=r"boto3\.Session cannot be sent.*Access\(profile"):
        pickle.dumps(list(with_session.tasks()))
