"""Floor 4: which flow log a record was delivered by, and when nothing of it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.keys import parse_key

__all__ = ["WINDOW_SECONDS", "find_gaps", "with_flow_log"]

#: What AWS delivers at a time: the records that end in five minutes.
WINDOW_SECONDS: Final = 300
_PARTS: Final = ("account", "region", "flow_log_id")


def with_flow_log(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the account, region and id of the flow log, as the object's key says; where
    no key of AWS's says so, the record's own account and region.
    """
    sources = batch.column("source")
    if not pa.types.is_dictionary(sources.type):
        sources = pc.dictionary_encode(sources)
    names = [_of_key(name) for name in sources.dictionary.to_pylist()]
    columns = {name: batch.column(name) for name in batch.schema.names if name != "source"}
    for place, part in enumerate(_PARTS):
        said = pa.array([parts[place] for parts in names], pa.string()).take(sources.indices)
        columns[f"log_{part}"] = said
    columns["log_account"] = pc.coalesce(columns["log_account"], _text(batch, "account_id"))
    columns["log_region"] = pc.coalesce(columns["log_region"], _text(batch, "region"))
    return pa.record_batch(columns)


@lru_cache(maxsize=4096)
def _of_key(name: str | None) -> tuple[str | None, str | None, str | None]:
    key = parse_key(name) if name else None
    return (key.account, key.region, key.flow_log_id) if key else (None, None, None)


def _text(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(name).cast(pa.string())


def find_gaps(windows: pa.Table, gap_seconds: int) -> Iterator[dict[str, Any]]:
    """Where a flow log has no record that ends for so long.

    Parameters
    ----------
    windows : pyarrow.Table
        log_account, log_region, log_flow_log_id, time (of a window of five minutes), sorted.
    gap_seconds : int
    """
    names = [f"log_{part}" for part in _PARTS]
    keys = zip(*(windows.column(name).to_pylist() for name in names), strict=True)
    times = pc.cast(windows.column("time"), pa.int64()).to_pylist()
    for key, rows in groupby(zip(keys, times, strict=True), key=lambda row: row[0]):
        ends = [end for _, end in rows if end is not None]
        yield from (_gap(key, *span) for span in pairwise(ends) if _is_gap(*span, gap_seconds))


def _is_gap(before: int, after: int, gap_seconds: int) -> bool:
    return after - before - WINDOW_SECONDS >= gap_seconds


def _gap(key: Sequence[str | None], before: int, after: int) -> dict[str, Any]:
    account, region, flow_log_id = key
    return {
        "what": "gap",
        "account_id": account,
        "region": region,
        "flow_log_id": flow_log_id,
        "count": (after - before) // WINDOW_SECONDS - 1,
        "unit": "windows of 5 minutes",
        "first_seen": before + WINDOW_SECONDS,
        "last_seen": after,
    }
