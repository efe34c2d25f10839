"""`open_reader`: one pass over flow logs, as a stream of batches in bounded memory."""

from __future__ import annotations

import gc
import gzip
import io
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import (
    FlowReader,
    FormatChangedWarning,
    InflateError,
    LogFormatError,
    RecordError,
    SourceError,
)
from flowparse import reader as reader_module

HEADER = b"version srcaddr dstport\n"
LINES = HEADER + b"2 192.0.2.1 443\n2 192.0.2.2 22\n"
OTHER = b"version srcaddr action new-one\n3 192.0.2.3 REJECT x\n"
NOT_SANITIZED = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="a sanitizer keeps freed memory"
)


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "flowparse" in thread.name]


def large(lines: int, seed: int = 0) -> bytes:
    """A text of one format with so many lines."""
    return HEADER + b"".join(
        b"2 10.0.%d.%d %d\n" % (seed, n % 250, n % 60_000) for n in range(lines)
    )


@pytest.fixture
def _little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers wait after every batch that nobody has taken."""
    monkeypatch.setattr(reader_module, "_AHEAD_BYTES", 1)


# ---------------------------------------------------------------- the schema


def test_the_schema_is_the_union_of_the_sources_first_headers() -> None:
    """When a stream opens, its schema has the columns of every source, in their order."""
    with flowparse.open_reader([LINES, OTHER, b""]) as reader:
        assert reader.schema.names == ["version", "srcaddr", "dstport", "action", "new_one"]
        batches = list(reader)
    assert {tuple(batch.schema.names) for batch in batches} == {tuple(reader.schema.names)}
    table = pa.Table.from_batches(batches)
    table.validate(full=True)
    assert table.column("dstport").to_pylist() == [443, 22, None]
    assert table.column("action").to_pylist() == [None, None, "REJECT"]


def test_a_later_header_does_not_change_the_schema() -> None:
    """What a later header adds is left out with one warning that names the columns."""
    text = LINES + OTHER + HEADER + b"4 a 1\n" + b"version bytes new-one srcaddr\n5 9 y b\n"
    reader = flowparse.open_reader([text, text])
    with pytest.warns(FormatChangedWarning) as caught:
        table = reader.read_all()
    assert [str(warning.message) for warning in caught] == [
        "a later header has columns that the stream's schema lacks; left out: action, new_one, "
        "bytes. Name them in columns, or use read_table."
    ]
    assert caught[0].filename == __file__
    assert table.column_names == ["version", "srcaddr", "dstport"]
    assert table.column("version").to_pylist() == [2, 2, 3, 4, 5] * 2
    assert table.column("dstport").to_pylist() == [443, 22, None, 1, None] * 2


def test_a_header_of_the_same_columns_in_another_order_loses_nothing() -> None:
    """A later header that only orders its fields anew fills the same columns, unwarned."""
    text = LINES + b"dstport version srcaddr\n1 3 a\nsrcaddr version\nb 4\n"
    table = flowparse.open_reader(text, on_reject="collect").read_all()
    assert table.to_pydict() == {
        "version": [2, 2, 3],
        "srcaddr": ["192.0.2.1", "192.0.2.2", "a"],
        "dstport": [443, 22, 1],
    }


def test_a_column_asked_for_fills_in_from_a_later_header() -> None:
    """A column asked for by name is null until the header comes that brings it; no warning."""
    text = LINES + OTHER
    reader = flowparse.open_reader(text, columns=["action", "srcaddr"])
    assert reader.schema.names == ["action", "srcaddr"]
    assert reader.read_all().to_pydict() == {
        "action": [None, None, "REJECT"],
        "srcaddr": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    }


def test_opening_looks_for_unknown_names() -> None:
    """A name that neither the registry nor a source has is an error when the stream opens."""
    with pytest.raises(ValueError, match="no column 'new_one'"):
        flowparse.open_reader(LINES, columns=["new_one"])
    reader = flowparse.open_reader([LINES, OTHER], columns=["new_one"])
    assert reader.read_all().column(0).to_pylist() == [None, None, "x"]


def test_what_is_wrong_inside_a_source_waits_until_it_is_reached() -> None:
    """Opening raises nothing that reading would; the records before it come first."""
    sources = [LINES, b"hello\n"]
    reader = flowparse.open_reader(sources)
    assert reader.schema.names == ["version", "srcaddr", "dstport"]
    assert next(reader).num_rows == 2
    with pytest.raises(LogFormatError, match="'hello'"):
        next(reader)
    reader = flowparse.open_reader([b"{}", LINES, gzip.compress(LINES)[:-1]], on_reject="collect")
    assert reader.read_all().num_rows == 4
    assert reader.errors.column("kind").to_pylist() == ["SourceError", "InflateError"]


@pytest.mark.parametrize("source", [b"", [], b"\n", gzip.compress(b"")])
def test_a_stream_of_nothing_has_a_schema(source: Any) -> None:
    """Nothing has the default format's schema, also through Arrow's stream."""
    assert flowparse.open_reader(source).schema.names[:3] == [
        "version",
        "account_id",
        "interface_id",
    ]
    table = pa.table(flowparse.open_reader(source, log_format="srcaddr bytes"))
    assert (table.num_rows, table.column_names) == (0, ["srcaddr", "bytes"])


# ---------------------------------------------------------------- reading


def test_a_reader_is_an_iterator_and_a_context_manager() -> None:
    """It gives batches, then stays at its end; `with` gives the reader itself."""
    reader = flowparse.open_reader(LINES)
    assert isinstance(reader, FlowReader)
    assert iter(reader) is reader
    with reader as same:
        assert same is reader
        assert [batch.num_rows for batch in reader] == [2]
        assert next(reader, None) is None
    assert next(reader, None) is None


def test_counts_grow_to_those_of_all_lines() -> None:
    """Before the first batch nothing is counted, after the last every line is."""
    text = b"\n" + LINES + b"bogus\n"
    reader = flowparse.open_reader([text, text], on_reject="collect", threads=1)
    assert reader.counts.lines == 0
    assert reader.rejects.num_rows == 0
    next(reader)
    assert reader.counts.lines in (0, 5)
    reader.read_all()
    assert reader.counts.lines == 10
    assert (reader.counts.records, reader.counts.objects, reader.rejects.num_rows) == (4, 2, 2)


def test_read_all_gives_what_is_left() -> None:
    """`read_all` has the batches not yet taken, with the reader's schema and the metadata."""
    reader = flowparse.open_reader([LINES, HEADER, OTHER], columns=["srcaddr"])
    assert next(reader).num_rows == 2
    table = reader.read_all()
    assert table.num_rows == 1
    assert b'"records": 3' in table.schema.metadata[b"flowparse"]
    assert reader.read_all().num_rows == 0
    assert flowparse.open_reader(LINES, columns=[]).read_all().num_rows == 2


def test_a_batch_holds_about_65536_rows() -> None:
    """A long source comes in batches of at least 65,536 rows but the last, and not much more;
    the first two are smaller, and so come early.
    """
    first, second, *sizes = [b.num_rows for b in flowparse.open_reader(large(300_000))]
    assert first + second + sum(sizes) == 300_000
    assert 2048 <= first < 30_000
    assert 16_384 <= second < 50_000
    assert all(65_536 <= size < 100_000 for size in sizes[:-1])


def test_small_sources_of_one_format_share_a_batch() -> None:
    """A batch holds rows of many small sources, but never of two formats."""
    rows = [b.num_rows for b in flowparse.open_reader([LINES] * 9 + [OTHER] + [LINES] * 5)]
    assert rows == [18, 1, 10]


def test_batches_are_sound_arrow() -> None:
    """Every batch and every slice of it is valid, whatever columns its format lacks."""
    names = ["line", "source", "start", "bytes", "action", "srcaddr", "dstport", "log_group"]
    for batch in flowparse.open_reader([large(70_000), LINES, OTHER], columns=names):
        batch.validate(full=True)
        assert batch.schema.names == names
        batch.slice(1, 99).validate(full=True)


@pytest.mark.parametrize("filters", [[("dstport", "=", 99)], [("dstport", ">", 10**6)]])
def test_a_filtered_stream_has_no_empty_batches(filters: Any) -> None:
    """A batch has rows; a source of which nothing is kept gives none."""
    batches = list(flowparse.open_reader([large(1000), LINES, OTHER], filters=filters))
    assert all(batch.num_rows > 0 for batch in batches)
    assert sum(batch.num_rows for batch in batches) == (filters[0][1] == "=")


# ---------------------------------------------------------------- through Arrow's stream


def test_arrow_takes_a_reader_for_a_stream() -> None:
    """`pyarrow.table` and `RecordBatchReader` read it, with the reader's schema."""
    wanted = flowparse.read_table([LINES, OTHER]).to_pydict()
    assert pa.table(flowparse.open_reader([LINES, OTHER])).to_pydict() == wanted
    stream = pa.RecordBatchReader.from_stream(flowparse.open_reader([LINES, OTHER]))
    assert stream.schema.names == list(wanted)
    assert stream.read_all().to_pydict() == wanted
    reader = flowparse.open_reader([LINES, OTHER])
    assert pa.RecordBatchReader.from_batches(reader.schema, reader).read_all().num_rows == 3
    assert pa.table(reader).num_rows == 0


def test_arrow_may_ask_for_another_schema() -> None:
    """A stream is cast to the schema that its taker asks for."""
    schema = pa.schema([("dstport", pa.int64())])
    reader = flowparse.open_reader(LINES, columns=["dstport"])
    stream = pa.RecordBatchReader.from_stream(reader, schema=schema)
    table = stream.read_all()
    assert table.schema == schema
    assert table.to_pydict() == {"dstport": [443, 22]}


CUT = gzip.compress(LINES * 9)[:-4]
FAILURES = [
    (LINES + b"bogus\n", RecordError, ValueError, r"expected 3 fields, got 1 \(<bytes>, line 4"),
    (CUT, InflateError, OSError, "a gzip member is cut off at compressed byte"),
    (b"hello\n", LogFormatError, ValueError, "pass log_format"),
    (b"{}", SourceError, OSError, "holds no log events"),
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("source", "kind", "builtin", "message"), FAILURES)
def test_an_error_keeps_its_class_and_message(
    source: bytes, kind: type[Exception], builtin: type[Exception], message: str, threads: int
) -> None:
    """From a reader, and through a Python stream, errors are flowparse's own.

    Arrow's C stream carries no classes; through it the built-in class and the message stay.
    """

    def open_reader() -> FlowReader:
        return flowparse.open_reader([LINES, source], on_reject="raise", threads=threads)

    with pytest.raises(kind, match=message):
        list(open_reader())
    reader = open_reader()
    with pytest.raises(kind, match=message):
        pa.RecordBatchReader.from_batches(reader.schema, reader).read_all()
    with pytest.raises(builtin, match=message):
        pa.table(open_reader())
    with pytest.raises(builtin, match=message):
        pa.RecordBatchReader.from_stream(open_reader()).read_all()
    gc.collect()
    assert workers() == []


# ---------------------------------------------------------------- ends


@pytest.mark.usefixtures("_little_ahead")
def test_closing_early_stops_the_workers() -> None:
    """After `close` no thread runs and no batch comes; closing again does nothing."""
    reader = flowparse.open_reader([large(1000)] * 30, threads=4)
    next(reader)
    assert workers() != []
    reader.close()
    assert workers() == []
    assert next(reader, None) is None
    reader.close()


@pytest.mark.usefixtures("_little_ahead")
def test_leaving_the_block_stops_the_workers() -> None:
    """A `with` block that is left, by its end or by an error, leaves no thread."""
    with flowparse.open_reader([large(1000)] * 30, threads=4) as reader:
        next(reader)
    assert workers() == []

    def fail() -> None:
        with flowparse.open_reader([large(1000)] * 30, threads=4) as reader:
            next(reader)
            raise LookupError("the caller's own")

    with pytest.raises(LookupError):
        fail()
    assert workers() == []


@pytest.mark.usefixtures("_little_ahead")
def test_an_abandoned_reader_stops_its_workers() -> None:
    """A reader that nobody holds any more leaves no thread, though it was never closed."""
    reader = flowparse.open_reader([large(1000)] * 30, threads=4)
    next(reader)
    del reader
    gc.collect()
    left = workers()
    assert left == []


@pytest.mark.usefixtures("_little_ahead")
def test_a_loop_that_breaks_stops_the_workers() -> None:
    """Leaving a loop over a reader that has no name leaves no thread."""
    for batch in flowparse.open_reader([large(2000)] * 30, threads=4):
        assert batch.num_rows == 2000
        break
    gc.collect()
    assert workers() == []


def test_a_reader_that_is_only_opened_has_no_threads() -> None:
    """Opening reads first lines on the caller's thread; closing unread is fine."""
    reader = flowparse.open_reader([LINES] * 9, threads=4)
    assert workers() == []
    reader.close()
    assert list(reader) == []


def test_a_read_to_the_end_leaves_no_thread() -> None:
    """After the last batch, or an error, the workers are gone."""
    list(flowparse.open_reader([LINES] * 9, threads=4))
    assert workers() == []
    with pytest.raises(LogFormatError):
        list(flowparse.open_reader([LINES, b"hello\n", LINES], threads=3))
    assert workers() == []


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_one_large_source_leaves_no_thread(taken: int) -> None:
    """The thread that inflates what another parses ends with the reader, wherever that is."""
    packed = gzip.compress(large(300_000))
    with flowparse.open_reader(packed, threads=2) as reader:
        for _ in range(taken):
            next(reader)
    assert workers() == []
    rows = sum(batch.num_rows for batch in flowparse.open_reader(packed, threads=2))
    assert (rows, workers()) == (300_000, [])


def test_a_pipe_is_not_waited_for() -> None:
    """Closing a reader of a pipe that stays open returns at once, on any number of threads."""
    for threads in (1, 2):
        ours, theirs = os.pipe()
        with os.fdopen(ours, "rb", buffering=0) as file, os.fdopen(theirs, "wb") as writer:
            writer.write(large(3000))
            writer.flush()
            with flowparse.open_reader(file, columns=["dstport"], threads=threads) as reader:
                assert next(reader).num_rows >= 2048
            assert not writer.closed
        assert workers() == []


def test_rows_before_an_error_come_first() -> None:
    """Rows of the sources before a bad one are handed over before its error is raised."""
    for bad, kind in ((HEADER + b"bogus\n", RecordError), (b"hello\n", LogFormatError)):
        reader = flowparse.open_reader([LINES, LINES, bad], columns=["srcaddr"], on_reject="raise")
        assert next(reader).num_rows == 4
        with pytest.raises(kind):
            next(reader)


# ---------------------------------------------------------------- file objects


class Drip(io.RawIOBase):
    """A file that cannot seek and gives few bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        self.data, self.most, self.at = data, most, 0
        self.reads_after_end = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.at == len(self.data):
            self.reads_after_end += 1
        piece = self.data[self.at : self.at + min(size, self.most)]
        self.at += len(piece)
        return piece


@pytest.mark.parametrize("packed", [LINES + OTHER, gzip.compress(LINES + OTHER)])
@pytest.mark.parametrize("most", [1, 2, 7, 10**6])
def test_a_file_object_is_read_once_however_it_gives_its_bytes(packed: bytes, most: int) -> None:
    """A file that cannot seek and reads short is read once, and left open."""
    for columns in (None, ["version", "srcaddr", "dstport"], ["new_one"]):
        drip = Drip(packed, most)
        if columns == ["new_one"]:
            with pytest.raises(ValueError, match="no column 'new_one'"):
                flowparse.open_reader(drip, columns=columns)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatChangedWarning)
            table = flowparse.open_reader(drip, columns=columns).read_all()
        assert table.column("srcaddr").to_pylist() == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        assert drip.at == len(packed)
        assert not drip.closed


def test_several_file_objects_are_read_in_order() -> None:
    """File objects, paths and bytes mix in one list, on several threads."""
    with gzip.open(io.BytesIO(gzip.compress(LINES))) as unpacked:
        sources = [Drip(LINES, 5), LINES, io.BytesIO(OTHER), unpacked]
        table = flowparse.open_reader(sources, threads=3).read_all()
    assert table.column("version").to_pylist() == [2, 2, 2, 2, 3, 2, 2]
    assert table.column_names == ["version", "srcaddr", "dstport", "action", "new_one"]


def test_a_file_object_is_read_from_where_it_stands() -> None:
    """What was read before is not read again: a second call finds nothing."""
    file = io.BytesIO(b"rubbish\n" + LINES)
    file.seek(8)
    assert flowparse.open_reader(file).read_all().num_rows == 2
    assert flowparse.open_reader(file).read_all().num_rows == 0


def test_damage_in_a_file_object_is_met_after_its_records() -> None:
    """A cut-off gzip file object gives its records first, also if opening met the damage."""
    reader = flowparse.open_reader(Drip(CUT, 3), on_reject="collect")
    assert reader.read_all().num_rows > 0
    [row] = reader.errors.to_pylist()
    assert (row["source"], row["kind"]) == ("<file>", "InflateError")
    assert row["records_kept"] == reader.counts.records > 0


# ---------------------------------------------------------------- progress


@pytest.mark.parametrize("threads", [1, 4])
def test_progress_grows_to_the_total(threads: int) -> None:
    """`progress` is called with growing numbers that end at the bytes of all sources."""
    sources = [large(1000), gzip.compress(large(500)), b"", LINES, large(10)]
    calls: list[tuple[int, int | None]] = []
    flowparse.open_reader(
        sources, threads=threads, progress=lambda done, total: calls.append((done, total))
    ).read_all()
    total = sum(map(len, sources))
    done = [call[0] for call in calls]
    assert done == sorted(set(done))
    assert done[-1] == total
    assert {call[1] for call in calls} == {total}
    assert len(calls) >= 4


def test_progress_within_a_large_source() -> None:
    """A source of many megabytes reports on its way, not only at its end."""
    calls: list[int] = []
    text = large(700_000)
    flowparse.read_table(
        text, columns=["line"], progress=lambda done, total: calls.append(done), threads=1
    )
    assert len(text) > 10_000_000
    assert len(calls) >= 3
    assert calls == sorted(calls)
    assert calls[-1] == len(text)


def test_progress_without_a_size_has_no_total() -> None:
    """Where a source's size is not known, the total is None and the bytes still count."""
    calls: list[tuple[int, int | None]] = []
    sources = [LINES, io.BytesIO(OTHER)]
    flowparse.read_table(sources, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(len(LINES), None), (len(LINES) + len(OTHER), None)]


def test_an_error_of_progress_is_the_callers_own() -> None:
    """What `progress` raises comes out, and no worker stays."""

    def fail(done: int, total: int | None) -> None:
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError):
        flowparse.read_table([LINES] * 9, threads=4, progress=fail)
    assert workers() == []


# ---------------------------------------------------------------- threads


def thirty_sources() -> list[bytes]:
    """Texts and gzip of five formats, of many sizes, with rejects, blanks and later headers."""
    draw = random.Random(30)
    makers = [
        lambda n: large(n, seed=n % 256),
        lambda n: LINES * n,
        lambda n: OTHER + b"bogus\n" + b"3 a ACCEPT y\n" * n,
        lambda n: b"\n" + b"2 1 eni-0 - - - - - - - %d 2 - NODATA\n" % n,
        lambda n: LINES + b"action srcaddr bytes\n" + b"REJECT c 5\n" * n + OTHER,
    ]
    texts = [makers[n % 5](draw.choice([1, 10, 2000])) for n in range(29)] + [large(80_000)]
    return [gzip.compress(text) if draw.random() < 0.4 else text for text in texts]


def test_every_number_of_threads_gives_the_same_stream() -> None:
    """Batches, rejects and counts of 30 mixed sources are the same for 1, 2 and 8 threads."""
    sources = thirty_sources()
    found = []
    for threads in (1, 2, 8):
        columns = ["source", "line", "version", "srcaddr", "dstport", "action", "bytes", "end"]
        reader = flowparse.open_reader(
            sources, threads=threads, columns=columns, on_reject="collect"
        )
        batches = list(reader)
        found.append((batches, reader.rejects, reader.counts))
    batches, rejects, counts = found[0]
    assert rejects.num_rows == counts.rejects > 0
    assert counts.objects == 30
    for other_batches, other_rejects, other_counts in found[1:]:
        assert other_batches == batches
        assert other_rejects.equals(rejects)
        assert other_counts == counts


def test_every_number_of_threads_gives_the_same_table() -> None:
    """The table of 30 mixed sources is the same for 1, 2 and 8 threads, metadata included."""
    sources = thirty_sources()
    tables = [
        flowparse.read_table(sources, threads=threads, on_reject="collect") for threads in (1, 2, 8)
    ]
    assert tables[0].equals(tables[1], check_metadata=True)
    assert tables[0].equals(tables[2], check_metadata=True)


def test_records_come_in_source_order_whatever_is_done_first() -> None:
    """A large first source does not let small later ones come before it."""
    sources = [gzip.compress(large(150_000))] + [OTHER] * 40
    for threads in (1, 3):
        table = flowparse.read_table(sources, threads=threads, columns=["version"])
        versions = table.column("version").to_pylist()
        assert versions == [2] * 150_000 + [3] * 40


def test_two_readers_do_not_disturb_each_other() -> None:
    """Streams that are read by turns, each with threads of its own, give what each alone gives."""
    readers = [flowparse.open_reader([large(2000, seed)] * 6, threads=2) for seed in range(3)]
    turns: list[list[Any]] = [[] for _ in readers]
    for _ in range(6):
        for reader, turn in zip(readers, turns, strict=True):
            turn.append(next(reader))
    for seed, turn in enumerate(turns):
        assert turn == list(flowparse.open_reader([large(2000, seed)] * 6, threads=1))


# ---------------------------------------------------------------- errors


def test_errors_list_what_failed_and_others_are_read(tmp_path: Path) -> None:
    """Under collect damaged and unreadable sources are listed, and all records are kept."""
    paths = [tmp_path / name for name in ("a.gz", "b.log", "c.gz", "d.log")]
    paths[0].write_bytes(gzip.compress(LINES)[:-2])
    paths[1].write_bytes(LINES)
    paths[2].write_bytes(gzip.compress(LINES) + b"junk")
    paths[3].write_bytes(b"PAR1")
    size = len(gzip.compress(LINES))
    with flowparse.open_reader(tmp_path, on_reject="collect", threads=2) as reader:
        assert sum(batch.num_rows for batch in reader) == 6
    assert reader.errors.schema.names == ["source", "kind", "message", "records_kept"]
    kept = reader.errors.drop_columns("message").to_pylist()
    assert kept == [
        {"source": str(paths[0]), "kind": "InflateError", "records_kept": 2},
        {"source": str(paths[2]), "kind": "InflateError", "records_kept": 2},
        {"source": str(paths[3]), "kind": "SourceError", "records_kept": 0},
    ]
    messages = reader.errors.column("message").to_pylist()
    assert f"{paths[0]}: a gzip member is cut off at compressed byte {size - 2}" in messages[0]
    place = f"other bytes follow the last gzip member at compressed byte {size}"
    assert f"{paths[2]}: {place}" in messages[1]
    assert reader.counts.records == 6


def test_without_failures_errors_are_an_empty_table() -> None:
    """`errors` has its schema also when nothing failed."""
    reader = flowparse.open_reader(LINES)
    reader.read_all()
    assert reader.errors.num_rows == 0
    assert reader.errors.schema == pa.schema(
        [
            ("source", pa.string()),
            ("kind", pa.string()),
            ("message", pa.string()),
            ("records_kept", pa.int64()),
        ]
    )


# ---------------------------------------------------------------- memory


def grown_bytes(code: str) -> int:
    """By how much the largest memory of a process grew while code ran, `lines` being bytes."""
    head = (
        "import gzip, resource, flowparse\n"
        "line = b'2 10.11.12.13 192.168.100.200 443 55555 ACCEPT\\n'\n"
        "lines = b'version srcaddr dstaddr srcport dstport action\\n' + line * 20000\n"
        "flowparse.open_reader([lines] * 2, threads=2).read_all()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    )
    tail = "\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    done = subprocess.run(
        [sys.executable, "-c", head + code + tail],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return int(done.stdout) * 1024


@NOT_SANITIZED
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux")
@pytest.mark.parametrize(
    "code",
    [
        "for b in flowparse.open_reader([lines] * 150, threads=2): pass",
        "for b in flowparse.open_reader(gzip.compress(lines, 1) * 150): pass",
    ],
    ids=["many sources", "one source"],
)
def test_a_stream_takes_little_memory(code: str) -> None:
    """A stream of 150 MB of text takes a fraction of it, from one source or from many."""
    assert grown_bytes(code) < 100_000_000


def test_a_stream_that_nobody_takes_is_not_read_ahead_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Workers ahead of the caller stop at a bound, and go on when batches are taken."""
    opened: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 0:
                opened.append(id(self))
            return super().read(size)

    monkeypatch.setattr(reader_module, "_AHEAD_BYTES", 100_000)
    files = [Watched(large(2000)) for _ in range(60)]  # 60 batches of some 50 kB
    reader = flowparse.open_reader(files, columns=["version", "srcaddr", "dstport"], threads=2)
    first = next(reader)
    wait_until_still(opened)
    assert len(opened) < 20
    assert first.num_rows + sum(batch.num_rows for batch in reader) == 60 * 2000
    assert len(set(opened)) == 60


def wait_until_still(seen: list[int]) -> None:
    """Returns when nothing has been added for a while."""
    before = -1
    while len(seen) != before:
        before = len(seen)
        time.sleep(0.05)


def pieces_of(reader: FlowReader) -> Iterator[int]:
    return (batch.num_rows for batch in reader)


def test_a_generator_over_a_reader_may_be_dropped() -> None:
    """A generator over a reader that is dropped half way leaves no thread."""
    pieces = pieces_of(flowparse.open_reader([large(2000)] * 30, threads=4))
    assert next(pieces) == 2000
    pieces.close()  # type: ignore[attr-defined]
    del pieces
    gc.collect()
    assert workers() == []


def test_dictionaries_of_many_values_do_not_grow_from_batch_to_batch() -> None:
    """Where every record has a value of its own, a batch's dictionary holds little more than
    the batch: else each batch would carry all values before it, too.
    """
    lines = "".join(f"2 192.0.2.1 {n:040}\n" for n in range(300_000))
    text = b"version srcaddr instance-id\n" + lines.encode()
    most = kept = 0
    with flowparse.open_reader(text, threads=1) as reader:
        for batch in reader:
            batch.validate(full=True)
            most = max(most, len(batch.column("instance_id").dictionary) - batch.num_rows)
            kept += len(set(batch.column("instance_id").to_pylist()))
    assert most <= 16_384
    assert kept == 300_000


def test_large_values_of_a_dictionary_end_a_batch() -> None:
    """Values of 60,000 bytes fill a batch long before its rows do; none is lost."""
    values = [f"{n:060000}" for n in range(1500)]
    text = b"version srcaddr instance-id\n" + "".join(f"2 a {v}\n" for v in values).encode()
    with flowparse.open_reader(text, threads=1) as reader:
        batches = list(reader)
    assert [v for b in batches for v in b.column("instance_id").to_pylist()] == values
    assert max(b.column("instance_id").dictionary.nbytes for b in batches) < 40_000_000


def test_errors_of_a_file_whose_name_is_no_text(tmp_path):
    """A damaged file with any bytes as its name is listed in `errors`, as its records are."""
    name = os.fsencode(tmp_path) + b"/\xff.gz"
    try:
        Path(os.fsdecode(name)).write_bytes(gzip.compress(b"version dstport\n2 3\n")[:-4])
    except OSError:
        pytest.skip("this file system wants names to be text")
    with flowparse.open_reader(tmp_path, on_reject="collect") as reader:
        assert reader.read_all().num_rows == 1
        assert reader.errors["source"].to_pylist() == [f"{tmp_path}/\\udcff.gz"]
