"""Floor 4: rows that stand out -> the first one of each episode -> findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from flowparse.detect.detector import Detector
from flowparse.detect.episodes import first_windows
from flowparse.detect.findings import FINDINGS, find_none, make_findings

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["HOUR", "action_of", "first_told", "plural", "size", "tell"]

HOUR: Final = 3600

#: What a row says of itself beside its columns: severity, entity, why, and what else.
Describe = Callable[[dict[str, Any]], dict[str, Any]]


def first_told(
    rows: pa.Table, keys: Sequence[str], quiet_hours: int, *, most: str | None = None
) -> pa.Table:
    """The first row of each episode.

    Parameters
    ----------
    rows : pyarrow.Table
        Rows that stand out, each of an `hour`.
    keys : sequence of str
        The columns that make the entity.
    quiet_hours : int
        So many hours without such a row end an episode.
    most : str, optional
        Where a key has several rows in its first hour, the one with the most of this.
    """
    if most is not None:  # sorting is stable: this decides among rows of one key and hour
        rows = rows.sort_by([(most, "descending"), ("interface_id", "ascending")])
    return first_windows(rows, keys, "hour", HOUR, skip=quiet_hours)


def tell(detector: Detector, facts: Facts, rows: pa.Table, describe: Describe) -> pa.Table:
    """Findings of rows: their columns that findings have, and what `describe` says of each.

    `hour`, `client`, `server` and `port` become `time`, `srcaddr`, `dstaddr` and `dstport`. Where
    the records have no action, neither have the findings.
    """
    if rows.num_rows == 0:
        return find_none()
    other = {"hour": "time", "client": "srcaddr", "server": "dstaddr", "port": "dstport"}
    rows = rows.rename_columns([other.get(name, name) for name in rows.column_names])
    kept = rows.select([name for name in rows.column_names if name in FINDINGS.names])
    columns = {name: kept[name].to_pylist() for name in kept.column_names}
    said = [describe(row) for row in rows.to_pylist()]
    columns |= {name: [one[name] for one in said] for name in said[0]}
    if "action" not in facts.columns:
        columns["action"] = None
    return make_findings(detector, **columns)


def action_of(row: dict[str, Any]) -> str:
    """Of a row with `asked`: REJECT where nothing was let through."""
    return "ACCEPT" if row["asked"] else "REJECT"


def plural(number: int, noun: str) -> str:
    """Such as `1 port`, `2 ports`, `3 addresses`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'es' if noun.endswith('s') else 's'}"


def size(number: float) -> str:
    """Bytes for people, in steps of 1000: `950 bytes`, `1.5 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
