"""Floor 4: what the statuses of records say, and interfaces that say nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.times import SECONDS

__all__ = ["find_silent", "find_statuses"]

_WHERE: Final = ("account_id", "region", "interface_id")
_SPAN: Final = [("first_seen", "min"), ("last_seen", "max")]


def find_statuses(groups: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of statuses other than OK: NODATA by account and region, others by interface.

    Parameters
    ----------
    groups : pyarrow.Table
        account_id, region, interface_id, log_status, count, first_seen, last_seen.
    """
    groups = _plain(groups)
    status = groups.column("log_status")
    is_no_data = pc.equal(status, "NODATA")
    for row in _sum(groups.filter(is_no_data), _WHERE[:2]):
        yield {"what": "no-data", "reason": "NODATA", **row}
    is_other = pc.and_(pc.not_equal(status, "NODATA"), pc.not_equal(status, "OK"))
    for row in _sum(groups.filter(is_other), [*_WHERE, "log_status"]):
        reason = row.pop("log_status")
        yield {"what": "skip-data" if reason == "SKIPDATA" else "status", "reason": reason, **row}


def _sum(groups: pa.Table, keys: Any) -> Iterator[dict[str, Any]]:
    found = groups.group_by(list(keys)).aggregate([("count", "sum"), *_SPAN])
    for row in found.to_pylist():
        yield {
            **{key: row[key] for key in keys},
            "count": row["count_sum"],
            "unit": "records",
            "first_seen": row["first_seen_min"],
            "last_seen": row["last_seen_max"],
        }


def find_silent(groups: pa.Table, seconds: int) -> Iterator[dict[str, Any]]:
    """Rows of interfaces whose last record ends so long before the last one of all.

    Parameters
    ----------
    groups : pyarrow.Table
        As of `find_statuses`.
    seconds : int
    """
    found = _plain(groups).group_by(list(_WHERE)).aggregate(_SPAN)
    found = found.filter(pc.is_valid(found.column("interface_id")))
    ends = pc.cast(found.column("last_seen_max"), pa.int64())
    newest = pc.max(ends).as_py()
    if newest is None:
        return
    silence = pc.subtract(newest, ends)
    found = found.append_column("silence", silence)
    for row in found.filter(pc.greater_equal(silence, seconds)).to_pylist():
        yield {
            "what": "silent",
            **{key: row[key] for key in _WHERE},
            "count": row["silence"],
            "unit": "seconds",
            "first_seen": row["last_seen_max"],
            "last_seen": newest,
        }


def _plain(groups: pa.Table) -> pa.Table:
    """Text for dictionaries, and times as numbers, which any row can hold."""
    columns = []
    for column in groups.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        columns.append(column.cast(pa.int64()) if column.type == SECONDS else column)
    return pa.table(columns, names=groups.column_names)
