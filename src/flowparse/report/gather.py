"""Floor 4: a source -> the small tables of a page, in one pass."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping import GroupFold, Key, Measure, Passed, run_pass
from flowparse.report.gathered import DENIED, TALKERS, Gathered, Part
from flowparse.report.links import Folding, fold_links
from flowparse.report.volume import Volume, chart

__all__ = ["gather", "name_sources"]

#: Rows of a table that a page shows.
SHOWN: Final = 50

_SIZES: Final = (
    Measure("count", None, "records"),
    Measure("sum", "packets", "packets"),
    Measure("sum", "bytes", "bytes"),
)
_SEEN: Final = (Measure("min", "start", "first_seen"), Measure("max", "end", "last_seen"))


def gather(
    source: object, *, every: int | None = None, folding: Folding, **reading: Any
) -> Gathered:
    """Read `source` once, and keep what a page needs of it."""
    volume = Volume()
    pairs = GroupFold([Key("srcaddr"), Key("dstaddr"), Key("action")], [*_SIZES, *_SEEN])
    denied = GroupFold(
        [Key("srcaddr"), Key("dstaddr"), Key("dstport"), Key("protocol"), Key("action")],
        [*_SIZES, *_SEEN],
    )
    statuses = GroupFold([Key("log_status")], [_SIZES[0]])
    passed = run_pass(source, [volume, pairs, denied, statuses], **reading)
    table = _plain(pairs.table())
    charted = chart(volume.table(), volume.every, every)
    rejected = _plain(denied.table())
    rejected = rejected.filter(pc.fill_null(pc.equal(rejected["action"], "REJECT"), False))
    traffic = table.filter(pc.is_valid(table["srcaddr"]))
    return Gathered(
        sources=name_sources(source),
        every=charted.every,
        volume=charted.table,
        outside={"before": charted.before, "after": charted.after, "untimed": charted.untimed},
        first=_text(pc.min(table["first_seen"])),
        last=_text(pc.max(table["last_seen"])),
        talkers=_part(_sum_pairs(traffic), TALKERS, "bytes"),
        denied=_part(rejected, DENIED, "records"),
        links=fold_links(traffic, folding),
        folded=folding.about(),
        statuses=dict(zip(*(c.to_pylist() for c in _plain(statuses.table()).columns), strict=True)),
        actions=_actions(table),
        **_lines(passed),
    )


def _plain(table: pa.Table) -> pa.Table:
    """Text for dictionaries."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _text(time: pa.Scalar) -> str | None:
    text = time.cast(pa.string()).as_py()
    return None if text is None else str(text).removesuffix("Z")


def _sum_pairs(pairs: pa.Table) -> pa.Table:
    sums = [(name, "sum") for name in ("records", "packets", "bytes")]
    asked = [*sums, ("first_seen", "min"), ("last_seen", "max")]
    found = pairs.group_by(["srcaddr", "dstaddr"]).aggregate(asked)
    names = ["srcaddr", "dstaddr", *(f"{name}_{how}" for name, how in asked)]
    return found.select(names).rename_columns(TALKERS.names)


def _part(table: pa.Table, schema: pa.Schema, by: str) -> Part:
    other = "records" if by == "bytes" else "bytes"
    keys = [name for name in schema.names if name in ("srcaddr", "dstaddr", "dstport", "protocol")]
    table = table.select(schema.names).cast(schema)
    order = [(by, "descending"), (other, "descending"), *((key, "ascending") for key in keys)]
    rows = table.take(pc.select_k_unstable(table, SHOWN, order)) if table.num_rows else table
    sums = (int(pc.sum(table[name]).as_py() or 0) for name in ("records", "bytes"))
    return Part(rows, table.num_rows, *sums)


def _actions(pairs: pa.Table) -> dict[str | None, dict[str, int]]:
    names = ("records", "packets", "bytes")
    found = pairs.group_by("action").aggregate([(name, "sum") for name in names])
    return {
        row["action"]: {name: row[f"{name}_sum"] or 0 for name in names}
        for row in found.to_pylist()
    }


def _lines(passed: Passed) -> dict[str, Any]:
    reasons = passed.rejects["reason"].value_counts().to_pylist()
    return {
        "counts": passed.counts,
        "rejects": passed.rejects.slice(0, SHOWN),
        "errors": passed.errors.slice(0, SHOWN),
        "reject_reasons": {row["values"]: row["counts"] for row in reasons},
    }


def name_sources(source: object) -> tuple[str, ...]:
    """The sources as the caller named them; what has no name, by its kind."""
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return tuple(name for one in source for name in name_sources(one))
    if isinstance(source, (str, os.PathLike)):
        return (os.fsdecode(source),)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return (f"{len(source):,} bytes in memory",)
    name = getattr(source, "name", None)
    return (name if isinstance(name, str) else f"a {type(source).__name__}",)
