"""An archive in S3, held against servers that speak it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from archived import texts_below, write_month
from flowparse.archive import archive, restore, verify
from services.endpoint import Endpoint

SOURCE, KEPT = "s3://originals/logs/", "s3://kept/a/b"


def keys_in(client: Any, bucket: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return write_month(tmp_path_factory.mktemp("s3-logs"), days=0.03125, records=3)


def begin(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, logs) -> Any:
    for name, value in endpoint.environment().items():
        monkeypatch.setenv(name, value)
    client = endpoint.client("s3")
    for bucket in ("originals", "kept"):
        client.create_bucket(Bucket=bucket)
    for path in sorted(logs.rglob("*.gz")):
        key = f"logs/{path.relative_to(logs).as_posix()}"
        client.put_object(Bucket="originals", Key=key, Body=path.read_bytes())
    return client


def end(client: Any) -> None:
    for bucket in ("originals", "kept"):
        versions = []
        with contextlib.suppress(Exception):
            found = client.list_object_versions(Bucket=bucket)
            versions = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
        for one in versions:
            client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        for key in keys_in(client, bucket):
            client.delete_object(Bucket=bucket, Key=key)
        client.delete_bucket(Bucket=bucket)


@pytest.fixture(
    params=[
        pytest.param("moto", marks=pytest.mark.moto),
        pytest.param("rgw", marks=pytest.mark.rgw),
        pytest.param("localbucket", marks=pytest.mark.localbucket),
    ]
)
def s3(request, monkeypatch, logs) -> Iterator[Any]:
    client = begin(request.getfixturevalue(request.param), monkeypatch, logs)
    yield client
    end(client)


@pytest.fixture
def moto_s3(moto: Endpoint, monkeypatch, logs) -> Iterator[Any]:
    client = begin(moto, monkeypatch, logs)
    yield client
    end(client)


def test_round_trip(s3, logs, tmp_path):
    """Objects are archived, removed, proved and restored under their own keys."""
    before = keys_in(s3, "originals")
    first = archive(SOURCE, KEPT, delete_originals=True)
    assert first.objects == first.originals.num_rows == len(before)
    assert keys_in(s3, "originals") == before
    result = archive(SOURCE, KEPT, delete_originals=True, apply=True)
    assert (result.objects, result.known) == (0, len(before))
    assert result.not_deleted.num_rows == 0
    assert keys_in(s3, "originals") == []
    found = verify(KEPT)
    assert (found.objects, found.problems.num_rows) == (len(before), 0)
    restore(KEPT, SOURCE)
    assert keys_in(s3, "originals") == before
    restore(KEPT, tmp_path / "back")
    assert texts_below(tmp_path / "back") == texts_below(logs)


@pytest.mark.moto
def test_stored_as_asked(moto_s3):
    """Storage class and encryption are those of every PUT of records; manifests stay readable."""
    key = "arn:aws:kms:us-east-1:111122223333:key/0a1b"
    archive(SOURCE, KEPT, storage_class="GLACIER_IR", sse="aws:kms", kms_key_id=key)
    kinds = set()
    for name in keys_in(moto_s3, "kept"):
        head = moto_s3.head_object(Bucket="kept", Key=name)
        kinds.add((name.split("/")[2], head.get("StorageClass", "STANDARD")))
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert kinds == {
        ("data", "GLACIER_IR"),
        ("rest", "GLACIER_IR"),
        ("manifests", "STANDARD"),
    }


@pytest.mark.moto
def test_versions_remain(moto_s3):
    """Where versioning is on, it is said that noncurrent versions remain."""
    moto_s3.put_bucket_versioning(Bucket="originals", VersioningConfiguration={"Status": "Enabled"})
    result = archive(SOURCE, KEPT, delete_originals=True, apply=True)
    assert keys_in(moto_s3, "originals") == []
    assert "noncurrent" in result.remains
    assert moto_s3.list_object_versions(Bucket="originals")["DeleteMarkers"]


@pytest.mark.moto
def test_changed_objects_stay(moto_s3):
    """An object that changes between the proof and its removal is spared, and named."""
    from flowparse.archive import originals

    before = keys_in(moto_s3, "originals")
    remove = originals._Objects.remove

    def remove_late(self, one):
        if one.source.key == before[0]:
            moto_s3.put_object(Bucket="originals", Key=before[0], Body=b"version dstport\n2 1\n")
        return remove(self, one)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals._Objects, "remove", remove_late)
        result = archive(SOURCE, KEPT, delete_originals=True, apply=True)
    assert keys_in(moto_s3, "originals") == before[:1]
    assert result.not_deleted["kind"].to_pylist() == ["changed"]
    assert result.originals.num_rows == len(before) - 1


@pytest.mark.moto
def test_frozen_objects_are_told(moto_s3, tmp_path):
    """Objects of GLACIER are named and not read, until they are thawed."""
    archive(SOURCE, KEPT, storage_class="GLACIER")
    assert len(verify(KEPT).frozen) > 0
    first = restore(KEPT, tmp_path / "back")
    assert first.objects == 0
    assert {one.storage_class for one in first.frozen} == {"GLACIER"}

    def thaw(frozen):
        for one in frozen:
            key = one.url.removeprefix("s3://kept/")
            moto_s3.restore_object(Bucket="kept", Key=key, RestoreRequest={"Days": 1})
        return True

    second = restore(KEPT, tmp_path / "back", when_frozen=thaw)
    assert (second.frozen, second.objects) == ((), len(keys_in(moto_s3, "originals")))


@pytest.mark.moto
def test_flipped_object_is_named(moto_s3):
    """An object of the archive that is another is found, and nothing of its unit is removed."""
    archive(SOURCE, KEPT)
    name = next(key for key in keys_in(moto_s3, "kept") if "/data/" in key)
    body = bytearray(moto_s3.get_object(Bucket="kept", Key=name)["Body"].read())
    body[len(body) // 2] ^= 4
    moto_s3.put_object(Bucket="kept", Key=name, Body=bytes(body))
    assert verify(KEPT).problems["object"].to_pylist() == [name.removeprefix("a/b/")]
    before = len(keys_in(moto_s3, "originals"))
    result = archive(SOURCE, KEPT, delete_originals=True, apply=True)
    assert result.problems.num_rows == 1
    assert 0 < len(keys_in(moto_s3, "originals")) == before - result.originals.num_rows
