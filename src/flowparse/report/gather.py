"""Floor 4: a source -> the small tables of a page, in one pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate import Denied, Quality
from flowparse.aggregate.sorting import top_rows
from flowparse.compute import network_of
from flowparse.grouping import Fold, run_pass
from flowparse.report.gathered import DENIED, QUALITY, TALKERS, Gathered, Part
from flowparse.report.links import Folding, fold_links
from flowparse.report.pairs import Pairs, sum_actions, sum_pairs
from flowparse.report.places import Places
from flowparse.report.suspects import Suspects
from flowparse.report.volume import Volume, chart

__all__ = ["gather", "name_sources"]

#: Rows of a table that a page shows.
SHOWN: Final = 50


def gather(
    source: object,
    *,
    every: int | None = None,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    detectors: Iterable[object] | None = None,
    lists: Sequence[object] = (),
    **reading: Any,
) -> Gathered:
    """Read `source` once, and keep what a page needs of it. Parameters as of `write_report`."""
    prefixes = (24 if prefix is None else prefix, 64 if prefix_ipv6 is None else prefix_ipv6)
    network_of([], *prefixes)  # a prefix that there is not is found out before hours of reading
    volume, pairs, denied, quality = Volume(), Pairs(), Denied(limit=SHOWN), Quality()
    places, suspects = Places(), Suspects(detectors, lists)
    folds: list[Fold] = [volume, pairs, denied, quality, *suspects.folds]
    if prefix is None and prefix_ipv6 is None:
        folds.append(places)
    passed = run_pass(source, folds, **reading)
    found = pairs.table()
    _check_sums(found)
    traffic = found.filter(pc.is_valid(found["srcaddr"]))
    actions = sum_actions(found)
    moved = any(sizes["bytes"] for sizes in actions.values())
    folding = Folding(*prefixes, places.table())
    charted = chart(volume.table(), volume.every, every)
    findings, unable = suspects.findings()
    return Gathered(
        sources=name_sources(source),
        counts=passed.counts,
        errors=passed.errors,
        quality=quality.answer(passed).cast(QUALITY),
        every=charted.every,
        volume=charted.table,
        outside={name: getattr(charted, name) for name in ("before", "after", "untimed", "silent")},
        first=_text(pc.min(found["first_seen"])),
        last=_text(pc.max(found["last_seen"])),
        talkers=_talkers(sum_pairs(traffic), "bytes" if moved else "records"),
        denied=Part(
            _plain(denied.answer(passed)).select(DENIED.names).cast(DENIED),
            *(actions.get("REJECT", {}).get(name, 0) for name in ("records", "bytes")),
        ),
        links=fold_links(traffic, folding),
        folded=folding.about(),
        actions=actions,
        findings=findings,
        unable=unable,
        duplicates=suspects.duplicates,
    )


def _check_sums(pairs: pa.Table) -> None:
    """Every sum of the page is at most one of these."""
    for name in ("packets", "bytes"):
        if (pc.sum(pairs[name].cast(pa.float64(), safe=False)).as_py() or 0) >= 2.0**63:
            raise OverflowError(
                f"{name}: the sum of all records does not fit in 64 bits, so some say more than "
                f"can be; leave those out with filters, such as ({name!r}, '<', {10**15})"
            )


def _text(time: pa.Scalar) -> str | None:
    text = time.cast(pa.string()).as_py()
    return None if text is None else str(text).removesuffix("Z")


def _talkers(pairs: pa.Table, measure: str) -> Part:
    rows = top_rows(pairs, measure, ["srcaddr", "dstaddr"], SHOWN).select(TALKERS.names)
    sums = (int(pc.sum(pairs[name]).as_py() or 0) for name in ("records", "bytes"))
    return Part(rows.cast(TALKERS), *sums)


def _plain(table: pa.Table) -> pa.Table:
    """Text for dictionaries, without what the columns mean."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


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
