"""Which objects of an archive are frozen, by what S3 answers."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from flowparse.archive.frozen import find_frozen
from flowparse.archive.stores import BucketStore

pytest.importorskip("boto3")

#: What HEAD says of each, beside its class; and whether a GET would give its bytes.
OBJECTS: dict[str, tuple[str, dict[str, str], bool]] = {
    "data/plain": ("STANDARD", {}, True),
    "data/instant": ("GLACIER_IR", {}, True),
    "data/frozen": ("GLACIER", {}, False),
    "data/deep": ("DEEP_ARCHIVE", {"Restore": 'ongoing-request="true"'}, False),
    "data/thawed": ("DEEP_ARCHIVE", {"Restore": 'ongoing-request="false"'}, True),
    "rest/warm": ("INTELLIGENT_TIERING", {}, True),
    "rest/tiered": ("INTELLIGENT_TIERING", {"ArchiveStatus": "ARCHIVE_ACCESS"}, False),
    "rest/unwanted": ("GLACIER", {}, False),
}


class Client:
    """Answers as S3 does, and counts the HEAD requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        def paginate(Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
            modified = datetime(2026, 1, 1, tzinfo=UTC)
            found = [
                {"Key": f"a/{name}", "Size": 7, "LastModified": modified, "StorageClass": kind}
                for name, (kind, _, _) in OBJECTS.items()
                if f"a/{name}".startswith(Prefix)
            ]
            return [{"Contents": found}]

        return SimpleNamespace(paginate=paginate)

    def head_object(self, Bucket: str, Key: str) -> dict[str, str]:  # noqa: N803
        name = Key.removeprefix("a/")
        self.asked.append(name)
        kind, said, _ = OBJECTS[name]
        return {"StorageClass": kind, **said}


def test_find_frozen() -> None:
    """Objects that a GET would be refused for are found; only those of cold classes are asked."""
    client = Client()
    place: Any = SimpleNamespace(bucket="kept", prefix="a/", url="s3://kept/a/")
    access: Any = SimpleNamespace(client=lambda name, attempts: client)
    store = BucketStore(place, access, None)  # type: ignore[arg-type]
    wanted = OBJECTS.keys() - {"rest/unwanted"}
    found = find_frozen(store, wanted)
    assert found.keys() == {name for name in wanted if not OBJECTS[name][2]}
    assert found["rest/tiered"].url == "s3://kept/a/rest/tiered"
    cold = ("GLACIER", "DEEP_ARCHIVE", "INTELLIGENT_TIERING")
    assert sorted(client.asked) == sorted(name for name in wanted if OBJECTS[name][0] in cold)
