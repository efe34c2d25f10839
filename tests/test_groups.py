"""Small sources are read in groups: few batches, and everything else as one by one."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import reader as reader_module
from flowparse.sources import list_sources

HEADER = b"version srcaddr dstport\n"
OTHER = b"dstport action version\n"


def small(n: int, rows: int = 20) -> bytes:
    """Source number n."""
    return gzip.compress(HEADER + b"".join(b"2 10.0.0.%d %d\n" % (r, n) for r in range(rows)))


def ports(batches: Any) -> list[int]:
    return [port for batch in batches for port in batch.column("dstport").to_pylist()]


# ---------------------------------------------------------------- which


def sizes_of(sources: list[Any]) -> list[int]:
    """How many sources each group holds; they follow one another without a gap."""
    groups = reader_module._group(sources)
    assert [n for group in groups for n in range(group.start, group.stop)] == [*range(len(sources))]
    return [group.stop - group.start for group in groups]


def test_large_sources_stand_alone() -> None:
    """A source over 32 KiB is a group of its own; small ones beside it are another."""
    large, tiny = [b"x" * 40_000] * 3, [b"x" * 700] * 4
    assert sizes_of(list_sources([*large, *tiny, *large])) == [1, 1, 1, 4, 1, 1, 1]


def test_a_group_is_bounded() -> None:
    """Small sources are grouped up to 256 KiB, so that threads can share many of them."""
    sizes = sizes_of(list_sources([b"x" * 1024] * 1000))
    assert sizes == [256, 256, 256, 232]
    assert sizes_of([]) == []


def test_a_source_of_unknown_size_stands_alone() -> None:
    """A file object may give bytes for ever: nothing waits for it, nor it for others."""
    assert sizes_of(list_sources([b"", b"", io.BytesIO(b"x"), b"", b""])) == [2, 1, 2]


# ---------------------------------------------------------------- what comes of them


@pytest.mark.parametrize("threads", [1, 2])
def test_many_small_sources_give_few_batches(threads: int) -> None:
    """2,000 sources of 20 records come in a few batches, in their order."""
    sources = [small(n) for n in range(2000)]
    with flowparse.open_reader(sources, threads=threads) as reader:
        batches = list(reader)
        assert reader.counts.objects == 2000
        assert reader.counts.bytes_read == sum(map(len, sources))
    assert len(batches) <= 10
    assert ports(batches) == [n for n in range(2000) for _ in range(20)]


def test_counts_follow_the_batch_that_holds_a_source() -> None:
    """While a batch is the last one taken, counts speak of the sources before it at most."""
    sources = [small(n, rows=1000) for n in range(150)]
    taken = 0
    with flowparse.open_reader(sources, threads=1) as reader:
        for batch in reader:
            assert reader.counts.records <= taken
            taken += batch.num_rows
    assert reader.counts.records == taken == 150_000


@pytest.mark.parametrize("threads", [1, 2])
def test_records_of_the_sources_before_a_reject_come_out(threads: int) -> None:
    """`raise` stops at the reject: all records of the sources before it were given by then."""
    bad = HEADER + b"2 10.0.0.1 1\n2 10.0.0.2 x\n"
    sources = [small(0), small(1), bad, small(3)]
    batches: list[pa.RecordBatch] = []
    with (
        flowparse.open_reader(sources, on_reject="raise", threads=threads) as reader,
        pytest.raises(flowparse.RecordError, match="got 'x'") as caught,
    ):
        batches.extend(reader)
    assert ports(batches) == [0] * 20 + [1] * 20
    assert (reader.counts.objects, reader.counts.records) == (2, 40)
    assert (caught.value.line, caught.value.byte_offset) == (3, 37)


@pytest.mark.parametrize("damage", ["cut off", "no format", "gone"])
def test_records_before_a_source_that_fails_come_out(damage: str, tmp_path: Path) -> None:
    """What stops a reading is raised after all records of the sources before it."""
    path = tmp_path / "a.gz"
    path.write_bytes({"cut off": small(2)[:-1], "no format": b"a b\n", "gone": small(2)}[damage])
    sources = list_sources([small(0), small(1), path, small(3)])
    if damage == "gone":
        path.unlink()
    reader = flowparse.reader.FlowReader(
        sources, flowparse.request.read_request(threads=1, columns=["dstport"])
    )
    batches: list[pa.RecordBatch] = []
    with reader, pytest.raises(flowparse.FlowparseError, match=r"a\.gz"):
        batches.extend(reader)
    kept = [2] * 20 if damage == "cut off" else []
    assert ports(batches) == [0] * 20 + [1] * 20 + kept
    assert reader.counts.objects == 2


def test_collect_goes_on_within_a_group() -> None:
    """Rejects and damage have the places of their own source, and the others are read."""
    bad = HEADER + b"2 a 1\nbogus\n2 b 2\n"
    sources = [small(0), bad, small(1), small(2)[:-9], bad, small(3)]
    with flowparse.open_reader(sources, on_reject="collect", threads=1) as reader:
        batches = list(reader)
    rejects = reader.rejects.to_pydict()
    assert (rejects["line"], rejects["byte_offset"]) == ([3, 3], [30, 30])
    [error] = reader.errors.to_pylist()
    assert error["kind"] == "InflateError"
    found = ports(batches)
    assert found[:22] == [0] * 20 + [1, 2]
    assert found[-22:] == [1, 2] + [3] * 20
    assert error["records_kept"] == found.count(2) - 2
    assert reader.counts.objects == 6
    assert reader.counts.records == len(found)


def test_formats_take_turns_within_a_group() -> None:
    """Sources of other columns, and of the same in another order, read as one by one."""
    sources = [small(1, rows=2), OTHER + b"7 ACCEPT 2\n", small(2, rows=1), b"", OTHER] * 20
    table = flowparse.read_table(sources)
    assert table.column_names == ["version", "srcaddr", "dstport", "action"]
    assert table.column("dstport").to_pylist() == [1, 1, 7, 2] * 20
    assert table.column("action").to_pylist() == [None, None, "ACCEPT", None] * 20


def test_a_filter_on_the_source_holds_for_each(tmp_path: Path) -> None:
    """Within a group every source is filtered by its own name, and called by it."""
    for n in range(20):
        (tmp_path / f"{n:02}.gz").write_bytes(small(n, rows=3))
    wanted = [str(tmp_path / f"{n:02}.gz") for n in (3, 4, 19)]
    table = flowparse.read_table(
        tmp_path, filters=[("source", "in", wanted)], columns=["source", "line", "dstport"]
    )
    assert table.column("source").to_pylist() == [name for name in wanted for _ in range(3)]
    assert table.column("dstport").to_pylist() == [3, 3, 3, 4, 4, 4, 19, 19, 19]
    assert table.column("line").to_pylist() == [2, 3, 4] * 3


def test_a_group_given_up_leaves_nothing_behind() -> None:
    """A parser whose group failed begins the next one with no row of it."""
    parser = flowparse.parsing.SourceParser(flowparse.request.read_request(threads=1), None)
    good, bad = list_sources([HEADER + b"2 a 1\n", b"bogus line\n"])
    items = parser.parse([good, good])
    next(items)
    items.close()  # type: ignore[attr-defined]
    with pytest.raises(flowparse.LogFormatError):
        list(parser.parse([bad]))
    batches = [item for item in parser.parse([good]) if isinstance(item, pa.RecordBatch)]
    assert ports(batches) == [1]


def test_records_before_an_option_that_does_not_fit_come_out() -> None:
    """A format that `since` cannot be applied to stops the reading after what came before."""
    timed = b"version start end dstport\n2 1700000000 1700000060 7\n"
    with flowparse.open_reader([timed, HEADER], columns=["dstport"], since=1, threads=1) as reader:
        assert ports([next(reader)]) == [7]
        with pytest.raises(ValueError, match="since"):
            next(reader)


def test_sources_that_a_filter_looks_at_share_a_batch(tmp_path: Path) -> None:
    """A filter on the source has its own layout for each, and batches are no smaller for it."""
    sources = [small(n) for n in range(50)]
    with flowparse.open_reader(sources, filters=[("source", "!=", "x")], threads=1) as reader:
        assert [batch.num_rows for batch in reader] == [1000]


def test_what_can_be_read_once_is_kept_however_much_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small texts are kept from opening on up to a bound, but a file object's always."""
    monkeypatch.setattr(reader_module, "_KEPT_BYTES", 1000)
    sources = [*(small(n) for n in range(9)), io.BytesIO(HEADER + b"2 10.0.0.1 99\n"), small(9)]
    with flowparse.open_reader(sources, threads=1) as reader:
        found = ports(reader)
    assert found == [n for n in range(9) for _ in range(20)] + [99] + [9] * 20
