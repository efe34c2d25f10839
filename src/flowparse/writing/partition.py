"""Floor 3: which folder a record belongs to.

Stage "partition": a batch is split by the values that Hive-style folders are named after.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, get_args
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.keys import parse_key

__all__ = [
    "DEFAULT_PARTITION",
    "PARTITIONS",
    "Partition",
    "check_columns",
    "check_time",
    "key_columns",
    "read_partition_by",
    "split_batch",
    "time_column",
    "written_names",
]

Partition = Literal["day", "hour", "account", "region"]

#: What records can be put into folders by.
PARTITIONS: Final[tuple[Partition, ...]] = get_args(Partition)

#: The value of a folder whose records have none, as Hive writes it.
DEFAULT_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"

_NEEDS: Final[dict[Partition, tuple[str, ...]]] = {
    "day": ("start", "end"),
    "hour": ("start", "end"),
    "account": ("account_id",),
    "region": ("region", "source"),
}
_UNKNOWN_ACCOUNT: Final = "unknown"
_FIRST_MILLISECONDS: Final = 10**11
_DAY_SECONDS: Final = 86400
_HOUR_SECONDS: Final = 3600
_YEAR_10000: Final = 253_402_300_800
_EPOCH: Final = date(1970, 1, 1)
_NAME_BYTES: Final = 255  # of a file name, in the common file systems

#: The values of one key, None for unknown, and for each row the place of its value.
Key = tuple[Sequence[str | None], Any]


def read_partition_by(partition_by: Sequence[Partition]) -> tuple[Partition, ...]:
    """The caller's `partition_by`, checked.

    Raises
    ------
    ValueError
        A name is none of `PARTITIONS`, or stands twice.
    """
    known = ", ".join(PARTITIONS)
    if isinstance(partition_by, str):
        raise ValueError(f"partition_by: expected a list of {known}: [{partition_by!r}]?")
    for key in partition_by:
        if key not in PARTITIONS:
            raise ValueError(f"partition_by: expected some of {known}, got {key!r}")
        if list(partition_by).count(key) > 1:
            raise ValueError(f"partition_by: named twice: {key}")
    return tuple(partition_by)


def key_columns(partition_by: Sequence[Partition]) -> tuple[str, ...]:
    """The columns that the folders are named after, where a batch has them."""
    return tuple(dict.fromkeys(name for key in partition_by for name in _NEEDS[key]))


def written_names(names: Sequence[str], partition_by: Sequence[Partition]) -> list[str]:
    """The columns that stand in the files: `region` is left to the name of its folder.

    Raises
    ------
    ValueError
        None is left, or a column that is no such value has the name of a folder.
    """
    for key in partition_by:
        if key in names and key != "region":
            raise ValueError(
                f"partition_by: the data have a column {key!r}, which folders {key}=… would "
                "hide; leave it out by columns, or do not partition by it"
            )
    written = [name for name in names if name not in partition_by]
    if not written:
        raise ValueError("no column is left to write: a Parquet file needs at least one")
    return written


def time_column(names: Iterable[str]) -> str | None:
    """The column that places records in time: start, where there is none end, or None."""
    has = set(names)
    return next((name for name in ("start", "end") if name in has), None)


def check_columns(names: Sequence[str], partition_by: Sequence[Partition]) -> None:
    """Refuse data that lack the columns that folders are to be named after.

    Raises
    ------
    ValueError
        It names the key and the columns.
    """
    for key in partition_by:
        if not set(_NEEDS[key]) & set(names):
            needed = " or ".join(_NEEDS[key])
            raise ValueError(f"partition_by: {key!r} needs a column {needed}; the data have none")


def check_time(partition_by: Sequence[Partition], time: str | None, header: str) -> None:
    """Refuse days and hours of a format whose records have no time.

    Raises
    ------
    ValueError
        It names the key and the format's fields.
    """
    for key in partition_by:
        if time is None and "start" in _NEEDS[key]:
            raise ValueError(
                f"partition_by: {key!r} needs the field start or end, and a log format has "
                f"neither: {header}"
            )


def split_batch(
    batch: pa.RecordBatch, partition_by: Sequence[Partition], time: str | None
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Split a batch by folder.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        With the columns of `key_columns` that there are.
    partition_by : sequence of str
        The levels of folders, outermost first.
    time : str or None
        The column that day and hour come from.

    Yields
    ------
    (str, pyarrow.RecordBatch)
        A folder such as `day=2026-11-24/region=us-east-1`, and its records in their order. A
        batch that lies in one folder comes as it is; pieces share no memory with the others.
    """
    if batch.num_rows == 0:
        return
    folders, places = _place_rows(batch, partition_by, time)
    if len(folders) == 1:
        yield folders[0], batch
        return
    for number, folder in enumerate(folders):
        rows = pc.indices_nonzero(pc.equal(places, number))
        yield folder, _shrink(batch.take(rows))


def _place_rows(
    batch: pa.RecordBatch, partition_by: Sequence[Partition], time: str | None
) -> tuple[list[str], Any]:
    """The folders of a batch, and for each row the place of its folder among them."""
    folders, places = [""], pa.repeat(pa.scalar(0, pa.int64()), batch.num_rows)
    for key in partition_by:
        values, value_places = _KEYS[key](batch, time)
        # Both factors are at most the number of rows, so the product is an int64.
        mixed = pc.add(pc.multiply(places, len(values)), value_places).dictionary_encode()
        folders = [
            f"{folders[m // len(values)]}/{_folder_name(key, values[m % len(values)])}".lstrip("/")
            for m in mixed.dictionary.to_pylist()
        ]
        places = mixed.indices.cast(pa.int64())
    return folders, places


def _folder_name(key: str, value: str | None) -> str:
    """`region=us-east-1`. The value is a log's: nothing in it may lead out of the folder."""
    name = f"{key}={quote(value, safe='') if value else DEFAULT_PARTITION}"
    if len(name) > _NAME_BYTES:
        raise ValueError(f"partition_by: {name[:80]!r}… is too long for the name of a folder")
    return name


def _shrink(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with dictionaries of its own values only."""
    arrays = [_shrink_dictionary(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _shrink_dictionary(column: Any) -> Any:
    if not pa.types.is_dictionary(column.type):
        return column
    used = pc.unique(column.indices).drop_null()
    places = pc.index_in(column.indices, value_set=used).cast(column.type.index_type)
    return pa.DictionaryArray.from_arrays(places, column.dictionary.take(used))


def _key_of(column: Any, read: Callable[[Any], str | None]) -> Key:
    """The values of a column as texts, each read once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = [None if v is None else read(v) for v in column.dictionary.to_pylist()]
    places = column.indices.cast(pa.int64()).fill_null(len(values))
    return [*values, None], places


def _seconds(batch: pa.RecordBatch, time: str | None) -> Any:
    """Epoch seconds of each record; null for what no calendar of four-digit years has."""
    assert time is not None  # the caller checked it
    column = batch.column(time)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", tz=column.type.tz), safe=False)
    seconds = column.cast(pa.int64())
    is_milliseconds = pc.greater_equal(seconds, _FIRST_MILLISECONDS)
    seconds = pc.if_else(is_milliseconds, pc.divide(seconds, 1000), seconds)
    fits = pc.and_(pc.greater_equal(seconds, 0), pc.less(seconds, _YEAR_10000))
    return pc.if_else(fits, seconds, pa.scalar(None, pa.int64()))


def _day(batch: pa.RecordBatch, time: str | None) -> Key:
    days = pc.divide(_seconds(batch, time), _DAY_SECONDS)
    return _key_of(days, lambda n: (_EPOCH + timedelta(days=n)).isoformat())


def _hour(batch: pa.RecordBatch, time: str | None) -> Key:
    hours = pc.divide(_seconds(batch, time), _HOUR_SECONDS)
    return _key_of(hours, lambda n: f"{n % 24:02}")


def _account(batch: pa.RecordBatch, time: str | None) -> Key:
    return _key_of(
        batch.column("account_id"), lambda text: None if text == _UNKNOWN_ACCOUNT else str(text)
    )


def _region(batch: pa.RecordBatch, time: str | None) -> Key:
    """The record's own region, else the one that the key of its object names."""
    names = batch.schema.names
    own = batch.column("region") if "region" in names else None
    if own is not None and (own.null_count == 0 or "source" not in names):
        return _key_of(own, str)
    values, places = _key_of(batch.column("source"), _region_of_key)
    if own is None or own.null_count == len(own):
        return values, places
    of_key = pa.array(values, pa.string()).take(places)
    return _key_of(pc.coalesce(own.cast(pa.string()), of_key), str)


@lru_cache(maxsize=1024)
def _region_of_key(source: str) -> str | None:
    key = parse_key(source.replace(os.sep, "/"))
    return key.region if key else None


_KEYS: Final[dict[Partition, Callable[[pa.RecordBatch, str | None], Key]]] = {
    "day": _day,
    "hour": _hour,
    "account": _account,
    "region": _region,
}
