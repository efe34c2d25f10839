"""Floor 4: which objects there are today, by class, age and size."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.grouping import Groups, Key, Measure
from flowparse.sources.s3.address import read_address
from flowparse.sources.s3.requests import Bucket

__all__ = ["Arrival", "Stock", "read_inventory", "read_listing"]

#: The least size that classes for infrequent access are billed for.
FLOOR_BYTES: Final = 128 << 10

_OBJECTS: Final = pa.schema(
    [
        ("storage_class", pa.string()),
        ("modified", pa.timestamp("s", tz="UTC")),
        ("size", pa.int64()),
    ]
)
_STOCK: Final = pa.schema(
    [
        ("storage_class", pa.string()),
        ("age_days", pa.int64()),
        ("small", pa.bool_()),
        ("large", pa.bool_()),
        ("objects", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
_COLUMNS: Final = ("size", "last_modified_date", "storage_class")
_RATE_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Arrival:
    """Objects and bytes that come each day: below 128 KiB, or large enough to be moved."""

    objects: float
    bytes: float
    small: bool
    large: bool

    @classmethod
    def of(cls, objects: float, size: float, larger_than: int | None = None) -> Self:
        """So many objects of so many bytes in all, each as large as the others."""
        mean = size / objects if objects else 0.0
        limit = FLOOR_BYTES - 1 if larger_than is None else larger_than
        return cls(objects, size, mean < FLOOR_BYTES, mean > limit)


@dataclass(frozen=True, slots=True)
class Stock:
    """Objects counted.

    Attributes
    ----------
    table : pyarrow.Table
        A row for each `storage_class`, `age_days` (whole days, int64), `small` (below 128 KiB)
        and `large` (above the size that the caller named): `objects`, `bytes`.
    at : datetime
        When they were counted.
    """

    table: pa.Table
    at: datetime

    @classmethod
    def made(
        cls,
        at: datetime,
        rows: Iterable[tuple[str, int, int, int]],
        *,
        larger_than: int | None = None,
    ) -> Self:
        """From rows of class, age in days, objects and bytes; those of a row are of one size."""
        made = []
        for name, age, objects, size in rows:
            one = Arrival.of(objects, size, larger_than)
            made.append((name, age, one.small, one.large, objects, size))
        columns = list(zip(*made, strict=True)) or [()] * len(_STOCK)
        arrays = [pa.array(v, f.type) for v, f in zip(columns, _STOCK, strict=True)]
        return cls(pa.Table.from_arrays(arrays, schema=_STOCK), at)

    @property
    def objects(self) -> int:
        """How many."""
        return int(pc.sum(self.table["objects"]).as_py() or 0)

    @property
    def bytes(self) -> int:
        """Of all together."""
        return int(pc.sum(self.table["bytes"]).as_py() or 0)

    def arrivals(self) -> tuple[Arrival, ...]:
        """What came each day of the last thirty, today apart; small ones by themselves."""
        ages = self.table["age_days"]
        young = self.table.filter(pc.and_(pc.greater(ages, 0), pc.less_equal(ages, _RATE_DAYS)))
        days = max(1, min(_RATE_DAYS, pc.max(ages).as_py() or 0))
        found = young.group_by(["small", "large"]).aggregate([("objects", "sum"), ("bytes", "sum")])
        return tuple(
            Arrival(row["objects_sum"] / days, row["bytes_sum"] / days, row["small"], row["large"])
            for row in found.sort_by("small").to_pylist()
        )


def read_listing(
    url: str, access: Access, *, larger_than: int | None = None, now: datetime | None = None
) -> Stock:
    """The objects under an address of S3.

    Parameters
    ----------
    url : str
        `s3://bucket/prefix`.
    access : Access
    larger_than : int, optional
        Bytes; `large` is for objects above. None: all are large that are not small.
    now : datetime, optional
        What ages are counted to.

    Raises
    ------
    SourceError
        The bucket is missing, or may not be listed.

    Notes
    -----
    One request for each 1,000 objects. Memory: a row a class and day.
    """
    address = read_address(url)
    pages = _list_pages(Bucket(address.bucket, access), address.key)
    return _count(pages, now or datetime.now(UTC), larger_than)


def _list_pages(bucket: Bucket, prefix: str) -> Iterator[pa.RecordBatch]:
    token = ""
    while True:
        page = bucket.list_page(prefix, token=token)
        listed = page.get("Contents", ())
        columns = (
            [one.get("StorageClass") or "STANDARD" for one in listed],
            [one["LastModified"].replace(microsecond=0) for one in listed],
            [int(one["Size"]) for one in listed],
        )
        arrays = [pa.array(v, f.type) for v, f in zip(columns, _OBJECTS, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=_OBJECTS)
        token = page.get("NextContinuationToken", "")
        if not token:
            return


def read_inventory(
    manifest: str | os.PathLike[str],
    access: Access | None = None,
    *,
    prefix: str = "",
    larger_than: int | None = None,
) -> Stock:
    """The objects of an S3 Inventory, as old as they were when it was made.

    Parameters
    ----------
    manifest : str or path
        Its `manifest.json`, here or in S3. Its files are looked for where it says, or, of a
        local one, in folders above it.
    access : Access, optional
        Reads S3.
    prefix : str
        Only keys that begin so.
    larger_than : int, optional
        As of `read_listing`.

    Raises
    ------
    SourceError
        A file is missing.
    ValueError
        It is no manifest, is of a format other than CSV and Parquet, or lacks the fields Size,
        LastModifiedDate or StorageClass.
    """
    where = os.fspath(manifest)
    about = _read_manifest(where, access)
    made = datetime.fromtimestamp(int(about["creationTimestamp"]) / 1000, UTC)
    names = [name.strip() for name in str(about["fileSchema"]).split(",")]
    form = str(about["fileFormat"]).upper()
    if form not in ("CSV", "PARQUET"):
        raise ValueError(f"{where}: an inventory as {form}: only CSV and Parquet can be read")

    def parts() -> Iterator[pa.RecordBatch]:
        for file in about["files"]:
            data = _read_part(where, about, file["key"], access)
            table = _from_csv(data, names, where) if form == "CSV" else _from_parquet(data, where)
            yield from _kept(table, prefix).to_batches()

    return _count(parts(), made, larger_than)


def _read_manifest(where: str, access: Access | None) -> dict[str, Any]:
    needed = ("fileFormat", "creationTimestamp", "files", "destinationBucket")
    data = _read_s3(where, access) if where.startswith("s3://") else _read_file(Path(where))
    try:
        about = json.loads(data)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON: {error}") from None
    missing = [n for n in needed if n not in about] if isinstance(about, dict) else list(needed)
    if missing:
        raise ValueError(f"{where}: no manifest of an S3 Inventory: it lacks {', '.join(missing)}")
    return {"fileSchema": "", **about}


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}", source=str(path)) from error


def _read_s3(url: str, access: Access | None) -> bytes:
    address = read_address(url)
    bucket = Bucket(address.bucket, access or Access())
    size, etag = bucket.find(address.key)
    return b"".join(bucket.read_pieces(address.key, 0, size, size, etag)) if size else b""


def _read_part(where: str, about: dict[str, Any], key: str, access: Access | None) -> bytes:
    if where.startswith("s3://"):
        bucket = str(about["destinationBucket"]).rpartition(":")[2]
        return _read_s3(f"s3://{bucket}/{key}", access)
    places = [folder / key for folder in Path(where).resolve().parents]
    places += [folder / "data" / Path(key).name for folder in Path(where).resolve().parents]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise SourceError(f"{where}: {key} is in no folder above it", source=where)
    return found.read_bytes()


def _from_csv(data: bytes, names: list[str], where: str) -> pa.Table:
    stream = pa.CompressedInputStream(io.BytesIO(data), "gzip")
    text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    table = csv.read_csv(stream, csv.ReadOptions(column_names=names), convert_options=text)
    plain = [name.lower().replace("lastmodifieddate", "last_modified_date") for name in names]
    plain = [name.replace("storageclass", "storage_class") for name in plain]
    table = table.rename_columns(plain)
    if "key" in plain:  # it is written as in an URL
        keys = pa.array([unquote_plus(key) for key in table["key"].to_pylist()], pa.string())
        table = table.set_column(plain.index("key"), "key", keys)
    return _checked(table, where)


def _from_parquet(data: bytes, where: str) -> pa.Table:
    return _checked(pq.read_table(pa.BufferReader(data)), where)


def _checked(table: pa.Table, where: str) -> pa.Table:
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise ValueError(
            f"{where}: the inventory has no {', '.join(missing)}: add the optional fields Size, "
            "LastModifiedDate and StorageClass to its configuration"
        )
    return table


def _kept(table: pa.Table, prefix: str) -> pa.Table:
    if prefix and "key" in table.column_names:
        table = table.filter(pc.starts_with(table["key"], prefix))
    modified = table["last_modified_date"]
    if pa.types.is_string(modified.type):
        modified = pc.strptime(
            pc.replace_substring_regex(modified, r"(\.\d+)?Z$", ""), "%Y-%m-%dT%H:%M:%S", "s"
        )
    modified = modified.cast(pa.timestamp("s"), safe=False)
    size = pc.if_else(pc.equal(table["size"].cast(pa.string()), ""), None, table["size"])
    columns = [
        pc.fill_null(table["storage_class"].cast(pa.string()), "STANDARD"),
        modified.cast(_OBJECTS.field("modified").type),
        pc.fill_null(size.cast(pa.int64()), 0),
    ]
    return pa.Table.from_arrays([pa.chunked_array(c) for c in columns], schema=_OBJECTS)


def _count(batches: Iterable[pa.RecordBatch], at: datetime, larger_than: int | None) -> Stock:
    keys = [Key("storage_class"), Key("age_days"), Key("small"), Key("large")]
    groups = Groups(keys, [Measure("count", None, "objects"), Measure("sum", "size", "bytes")])
    limit = FLOOR_BYTES - 1 if larger_than is None else larger_than
    for batch in (_OBJECTS.empty_table().to_batches() or [_nothing()], batches):
        for one in batch:
            groups.add(_described(one, at, limit))
    order = [(key.column, "ascending") for key in keys]
    return Stock(groups.table().sort_by(order), at)


def _nothing() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=_OBJECTS)


def _described(batch: pa.RecordBatch, at: datetime, limit: int) -> pa.RecordBatch:
    now = int(at.timestamp())
    seconds = pc.max_element_wise(pc.subtract(now, batch["modified"].cast(pa.int64())), 0)
    small = pc.less(batch["size"], FLOOR_BYTES)
    columns = {
        "storage_class": batch["storage_class"],
        "age_days": pc.divide(seconds, 86400),
        "small": small,
        "large": pc.greater(batch["size"], limit),
        "size": batch["size"],
    }
    return pa.RecordBatch.from_pydict(columns)
