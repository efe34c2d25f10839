"""Objects are counted from an inventory as they are from a listing."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowparse.errors import SourceError
from flowparse.lifecycle.stock import read_inventory

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
OBJECTS = [
    ("AWSLogs/a b.log.gz", 1000, 0, "STANDARD"),
    ("AWSLogs/b.log.gz", 131072, 2, "STANDARD"),
    ("AWSLogs/c.log.gz", 131071, 2, "STANDARD"),
    ("AWSLogs/d.log.gz", 5_000_000, 40, "GLACIER_IR"),
    ("other/e", 7, 2, "STANDARD"),
]
COUNTED = [
    ("GLACIER_IR", 40, False, True, 1, 5_000_000),
    ("STANDARD", 0, True, False, 1, 1000),
    ("STANDARD", 2, False, True, 1, 131072),
    ("STANDARD", 2, True, False, 1, 131071),
]


def inventory(folder: Path, form: str, **about: Any) -> Path:
    """A manifest with its one data file, laid out as S3 does."""
    home = folder / "dest" / "bucket" / "config"
    data = home / "data"
    data.mkdir(parents=True)
    made = [(k, s, NOW - timedelta(days=d, hours=1), c) for k, s, d, c in OBJECTS]
    name = f"part.{'csv.gz' if form == 'CSV' else 'parquet'}"
    if form == "CSV":
        rows = [
            f'"bucket","{key.replace(" ", "+")}","{size}","{at:%Y-%m-%dT%H:%M:%S}.000Z","{kind}"\n'
            for key, size, at, kind in made
        ]
        (data / name).write_bytes(gzip.compress("".join(rows).encode()))
    else:
        columns = list(zip(*made, strict=True))
        names = ["key", "size", "last_modified_date", "storage_class"]
        types = [pa.string(), pa.int64(), pa.timestamp("ms"), pa.string()]
        arrays = [
            pa.array([v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in c], t)
            for c, t in zip(columns, types, strict=True)
        ]
        pq.write_table(pa.table(arrays, names=names), data / name)
    manifest = home / "2026-11-25T01-00Z" / "manifest.json"
    manifest.parent.mkdir()
    told = {
        "sourceBucket": "bucket",
        "destinationBucket": "arn:aws:s3:::dest-bucket",
        "version": "2016-11-30",
        "creationTimestamp": str(int(NOW.timestamp() * 1000)),
        "fileFormat": form,
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, StorageClass",
        "files": [{"key": f"bucket/config/data/{name}", "size": 1, "MD5checksum": ""}],
    }
    manifest.write_text(json.dumps(told | about))
    return manifest


@pytest.mark.parametrize("form", ["CSV", "Parquet"])
def test_an_inventory_is_counted_by_class_age_and_size(tmp_path: Path, form: str) -> None:
    """Keys with blanks included, and other prefixes left out."""
    found = read_inventory(inventory(tmp_path, form), prefix="AWSLogs/")
    assert [tuple(row.values()) for row in found.table.to_pylist()] == COUNTED
    assert (found.objects, found.bytes) == (4, 5_263_143)


def test_a_size_can_be_named(tmp_path: Path) -> None:
    """`large` is what a rule with that size would move."""
    found = read_inventory(inventory(tmp_path, "CSV"), prefix="AWSLogs/", larger_than=999)
    assert found.table["large"].to_pylist() == [True, True, True, True]


def test_orc_is_refused_by_name(tmp_path: Path) -> None:
    """And what can be read is said."""
    with pytest.raises(ValueError, match="as ORC: only CSV and Parquet"):
        read_inventory(inventory(tmp_path, "CSV", fileFormat="ORC"))


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    """As a member of the inventory's configuration."""
    path = inventory(tmp_path, "CSV", fileSchema="Bucket, Key, Size, LastModifiedDate, ETag")
    with pytest.raises(ValueError, match="no storage_class: add the optional fields"):
        read_inventory(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """It may have been copied without its data."""
    path = inventory(tmp_path, "CSV", files=[{"key": "bucket/config/data/gone.csv.gz"}])
    with pytest.raises(SourceError, match=r"gone\.csv\.gz is in no folder above"):
        read_inventory(path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """With its path."""
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.json"):
        read_inventory(path)
