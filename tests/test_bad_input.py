"""Bad input: cut off, damaged, endless, empty, or no log at all. It ends as the contract says."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import (
    InflateError,
    LogFormatError,
    RecordError,
    RejectWarning,
    SourceError,
    _core,
)
from flowparse.counts import Counts

HEADER = b"version srcaddr dstport\n"  # 24 bytes
GOOD = b"2 192.0.2.1 443\n"  # 16 bytes
MIB = 1 << 20


@dataclass
class Outcome:
    table: pa.Table
    counts: Counts
    rejects: list[dict[str, Any]]
    errors: list[dict[str, Any]]


def collect(source: object, **options: Any) -> Outcome:
    """All that a stream gives under collect."""
    with flowparse.open_reader(source, on_reject="collect", **options) as reader:
        table = reader.read_all()
    table.validate(full=True)
    rejects, errors = reader.rejects.to_pylist(), reader.errors.to_pylist()
    assert reader.counts.rejects == len(rejects)
    return Outcome(table, reader.counts, rejects, errors)


def lines_of(counts: Counts) -> tuple[int, int, int, int]:
    return counts.records, counts.rejects, counts.headers, counts.blank


# ---------------------------------------------------------------- one bad line under each mode

BAD_LINES = [
    ("field-count", None, b"bogus", "expected 3 fields, got 1"),
    ("field-count", None, b"2 a 1 #Traffic", "expected 3 fields, got 4"),
    ("field-count", None, b"\0", "expected 3 fields, got 1"),
    ("not-a-number", "dstport", b"2 a \x001", "dstport: expected 0..65535, got '\\x001'"),
    ("not-a-number", "version", b"\0 a 1", "version: expected 0..2147483647, got '\\x00'"),
    ("out-of-range", "dstport", b"2 a 70000", "dstport: expected 0..65535, got '70000'"),
    ("not-utf8", None, b"2 \xff 1", "the line is not UTF-8"),
    ("not-utf8", None, b"\xfe\xff", "the line is not UTF-8"),
    ("line-too-long", None, b"2 " + b"a" * 65536 + b" 1", "the line is longer than 64 KiB"),
    ("line-too-long", None, b"x" * MIB, "the line is longer than 64 KiB"),
    ("line-too-long", None, b"\xff" * 70_000, "the line is longer than 64 KiB"),
    (
        "line-too-long",
        None,
        b"version srcaddr " + b"bytes " * MIB,
        "the line is longer than 64 KiB",
    ),
]


@pytest.fixture(params=BAD_LINES, ids=lambda bad: f"{bad[0]} {bad[2][:9]!r}")
def bad(request: pytest.FixtureRequest) -> tuple[str, str | None, bytes, str]:
    found: tuple[str, str | None, bytes, str] = request.param
    return found


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["text", "gzip"])
def test_collect_keeps_a_bad_line_apart(
    bad: tuple[str, str | None, bytes, str], pack: Callable[[bytes], bytes]
) -> None:
    """Under collect the records around a bad line come, and it stands among the rejects."""
    reason, field, line, _ = bad
    text = HEADER + GOOD + line + b"\n" + GOOD
    found = collect(pack(text))
    assert found.table.num_rows == 2
    assert lines_of(found.counts) == (2, 1, 1, 0)
    [reject] = found.rejects
    shown = line[:4096].decode("utf-8", "backslashreplace")
    assert reject == {
        "source": "<bytes>",
        "line": 3,
        "byte_offset": 40,
        "field": field,
        "reason": reason,
        "text": shown,
    }


def test_warn_gives_the_good_records_and_one_warning(
    bad: tuple[str, str | None, bytes, str],
) -> None:
    """Under warn the records come, and one warning has the count and the first place."""
    *_, line, message = bad
    text = HEADER + GOOD + line + b"\n" + GOOD + line
    with pytest.warns(RejectWarning) as caught:
        table = flowparse.read_table(text)
    assert table.num_rows == 2
    place = f"2 lines were rejected, the first: {message} (<bytes>, line 3, byte 40). "
    assert [str(warning.message)[: len(place)] for warning in caught] == [place]


def test_raise_stops_at_a_bad_line(bad: tuple[str, str | None, bytes, str]) -> None:
    """Under raise a bad line is a RecordError with its place."""
    reason, field, line, message = bad
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(HEADER + GOOD + line + b"\n" + GOOD, on_reject="raise")
    assert str(caught.value) == f"{message} (<bytes>, line 3, byte 40)"
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_path_is_named_as_it_was_given(tmp_path: Path) -> None:
    """The message of a reject names the file, the line and the byte of the inflated text."""
    path = tmp_path / "flow.log.gz"
    good = b"2 192.0.2.1 44444\n" * 810
    path.write_bytes(gzip.compress(HEADER + good + b"2 192.0.2.1 70000\n"))
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(path, on_reject="raise")
    assert str(caught.value) == (
        f"dstport: expected 0..65535, got '70000' ({path}, line 812, byte {24 + 810 * 18})"
    )


# ---------------------------------------------------------------- damaged gzip

TEXT = HEADER + GOOD * 3 + b"2 192.0.2.9 9"
FIRST = gzip.compress(TEXT + b"\n")
WHOLE = gzip.compress(TEXT)
WRONG_CHECKSUM = WHOLE[:-8] + bytes([WHOLE[-8] ^ 1]) + WHOLE[-7:]
WRONG_LENGTH = WHOLE[:-1] + b"\x01"
KEEPS = '; {} records before it were good: on_reject="collect" keeps them and lists the damage in'

DAMAGED = [
    pytest.param(WHOLE[:-1], "a gzip member is cut off", len(WHOLE) - 1, 3, id="cut trailer"),
    pytest.param(WHOLE[:-8], "a gzip member is cut off", len(WHOLE) - 8, 3, id="cut before it"),
    pytest.param(WHOLE[:5], "a gzip member is cut off", 5, 0, id="cut header"),
    pytest.param(WHOLE[:2], "a gzip member is cut off", 2, 0, id="magic alone"),
    pytest.param(
        WRONG_CHECKSUM, "a gzip member has a wrong checksum", len(WHOLE) - 5, 4, id="checksum"
    ),
    pytest.param(WRONG_LENGTH, "a gzip member has a wrong length", len(WHOLE) - 1, 4, id="length"),
    pytest.param(
        WHOLE + b"junk", "other bytes follow the last gzip member", len(WHOLE), 4, id="junk"
    ),
    pytest.param(
        WHOLE + b"\0" * 9 + b"junk",
        "other bytes follow the last gzip member",
        len(WHOLE) + 9,
        4,
        id="junk after zeros",
    ),
    pytest.param(
        WHOLE + HEADER, "other bytes follow the last gzip member", len(WHOLE), 4, id="text"
    ),
    pytest.param(
        FIRST + WHOLE[:-3],
        "a gzip member is cut off",
        len(FIRST) + len(WHOLE) - 3,
        7,
        id="second member",
    ),
]


@pytest.mark.parametrize(("packed", "damage", "offset", "records"), DAMAGED)
@pytest.mark.parametrize("on_reject", ["warn", "raise"])
def test_damaged_gzip_is_an_error_with_its_place(
    packed: bytes, damage: str, offset: int, records: int, on_reject: str, tmp_path: Path
) -> None:
    """An InflateError names the source, the compressed offset and how many records were good."""
    path = tmp_path / "flow.gz"
    path.write_bytes(packed)
    with pytest.raises(InflateError) as caught:
        flowparse.read_table(path, on_reject=on_reject)
    error = caught.value
    assert (error.source, error.offset, error.damage) == (str(path), offset, damage)
    assert error.records_kept == records
    message = f"{path}: {damage} at compressed byte {offset}{KEEPS.format(records)} reader.errors"
    assert str(error) == message


@pytest.mark.parametrize(("packed", "damage", "offset", "records"), DAMAGED)
def test_collect_keeps_the_records_before_damage(
    packed: bytes, damage: str, offset: int, records: int
) -> None:
    """Under collect the good records come, the damage is listed, and other sources are read."""
    found = collect([packed, HEADER + GOOD])
    assert found.table.num_rows == records + 1
    [error] = found.errors
    assert (error["source"], error["kind"]) == ("<bytes>", "InflateError")
    assert error["records_kept"] == records
    assert f"{damage} at compressed byte {offset}" in error["message"]
    assert found.counts.rejects == 0


def test_garbage_in_the_middle_of_a_large_member() -> None:
    """Deflate data that goes wrong keeps the lines before it, none of them twice."""
    rows = b"".join(
        b"2 10.0.%d.%d %d\n" % (n % 7, n % 251, n * 7919 % 65536) for n in range(99_999)
    )
    packed = bytearray(gzip.compress(HEADER + rows, 1))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = b"\xff" * 64
    found = collect(bytes(packed))
    assert [error["kind"] for error in found.errors] == ["InflateError"]
    assert found.errors[0]["records_kept"] == found.table.num_rows == found.counts.records
    assert 0 < found.table.num_rows < 99_999
    wanted = flowparse.read_table(HEADER + rows)
    kept = wanted.slice(0, found.table.num_rows).column("dstport")
    # a few bytes after the damage may still inflate, to whatever they do
    assert found.table.column("dstport").slice(0, 40_000).equals(kept.slice(0, 40_000))


def test_a_reject_before_damage_comes_first_under_raise() -> None:
    """Under raise a bad line before the damage is the error, not the damage."""
    packed = gzip.compress(HEADER + b"bogus\n" + GOOD)[:-5]
    with pytest.raises(RecordError):
        flowparse.read_table(packed, on_reject="raise")


def test_damage_before_any_line_leaves_the_format_unknown_and_unasked() -> None:
    """Where damage comes before the first whole line, there is no LogFormatError on top."""
    packed = gzip.compress(b"hello, this is no log")[:-5]
    found = collect(packed)
    assert (found.table.num_rows, [e["kind"] for e in found.errors]) == (0, ["InflateError"])
    with pytest.raises(InflateError):
        flowparse.read_table(packed)


# ---------------------------------------------------------------- nothing much


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", (0, 0, 0, 0)),
        (b"\n", (0, 0, 0, 1)),
        (b"\r", (0, 0, 0, 1)),
        (b" ", (0, 0, 0, 1)),
        (b"\n" * 100_000, (0, 0, 0, 100_000)),
        (b"\r\n" * 100_000, (0, 0, 0, 100_000)),
        (b" \t\r\n" * 50_000 + b"\t", (0, 0, 0, 50_001)),
        (b"\r" * 100_000, (0, 0, 0, 1)),
        (b" " * 10 * MIB, (0, 0, 0, 1)),
        (b"\t" * 70_000 + b"\n" + b" " * 70_000, (0, 0, 0, 2)),
        (b"\xef\xbb\xbf", (0, 0, 0, 0)),
        (b"\xef\xbb\xbf\n", (0, 0, 0, 1)),
        (HEADER, (0, 0, 1, 0)),
        (HEADER[:-1], (0, 0, 1, 0)),
        (HEADER * 1000, (0, 0, 1000, 0)),
        (b"\n" * 99 + HEADER + b"\n" * 99, (0, 0, 1, 198)),
        (b" " * 10 * MIB + b"\n" + HEADER + GOOD, (1, 0, 1, 1)),
        (HEADER + b" " * 10 * MIB + b"\n" + GOOD, (1, 0, 1, 1)),
        (HEADER + GOOD + b"\r" * 10 * MIB, (1, 0, 1, 1)),
    ],
    ids=lambda value: repr(value[:12]) + f" {len(value)}" if isinstance(value, bytes) else "",
)
@pytest.mark.parametrize("pack", [bytes, lambda text: gzip.compress(text, 1)], ids=["text", "gzip"])
def test_lines_of_nothing_are_counted_and_skipped(
    text: bytes, lines: tuple[int, ...], pack: Callable[[bytes], bytes]
) -> None:
    """Blank lines and headers alone, however many and long, are no records and no errors."""
    found = collect(pack(text))
    assert lines_of(found.counts) == lines
    assert found.table.num_rows == lines[0]
    assert found.counts.bytes_text == len(text)
    assert not found.errors
    assert flowparse.read_table(pack(text), on_reject="raise").num_rows == lines[0]


# ---------------------------------------------------------------- what is no log

NOT_LOGS = [
    b"hello\n",
    b"hello",
    b"x" * 10 * MIB,
    b"x" * 10 * MIB + b"\n" + HEADER + GOOD,
    b"\0" * 100_000,
    b"\0\n" + HEADER + GOOD,
    b"\xff\xfev\0e\0r\0s\0i\0o\0n\0",
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    b"<html><body>Access Denied</body></html>",
    b"version,srcaddr,dstport\n2,a,1\n",
    b"\xef",
    b"\xef\xbb",
    b"version srcaddr dstport " + b"x" * MIB + b"\n2 a 1\n",
    b"version srcaddr dstport " + b"bytes " * MIB + b"\n2 a 1\n",
    b"2 - -\n",
]


@pytest.mark.parametrize("text", NOT_LOGS, ids=lambda text: f"{text[:24]!r} {len(text)}")
def test_what_is_no_log_is_a_log_format_error(text: bytes) -> None:
    """A first line that tells no format is a LogFormatError under every on_reject."""
    for on_reject in ("warn", "collect", "raise"):
        with pytest.raises(LogFormatError, match=r"^<bytes>, line 1, byte 0: not a header"):
            flowparse.read_table(text, on_reject=on_reject)
    with pytest.raises(LogFormatError) as caught:
        flowparse.open_reader(gzip.compress(text, 1), on_reject="collect").read_all()
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", NOT_LOGS, ids=lambda text: f"{text[:24]!r} {len(text)}")
def test_with_a_format_given_it_is_all_rejects(text: bytes) -> None:
    """With log_format each line of it is a reject, a header or a record, and none is lost."""
    found = collect(text, log_format="srcaddr version bytes start", columns=["line"])
    n_lines = text.count(b"\n") + (not text.endswith(b"\n"))
    assert found.counts.lines == n_lines
    assert found.counts.rejects > 0
    assert found.rejects[0]["line"] == 1


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (
            gzip.compress(b"PAR1....PAR1"),
            "<bytes>: a Parquet file inside gzip is not read: unpack it first",
        ),
    ],
)
def test_a_container_that_is_not_read_yet_says_so(packed: bytes, message: str) -> None:
    """Parquet inside gzip is told by its first bytes, and is a SourceError that says so."""
    with pytest.raises(SourceError) as caught:
        flowparse.read_table(packed)
    assert str(caught.value) == message
    assert [e["message"] for e in collect([packed, HEADER]).errors] == [message]


# ---------------------------------------------------------------- long lines


@pytest.mark.parametrize("size", [65535, 65536, 65537, 65538, 131072, 262144, 300_000])
@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("known", [True, False])
def test_a_line_over_64_kib_is_rejected(size: int, end: bytes, known: bool) -> None:
    """A line of 65,536 bytes is a record, one byte more is too long, first or last or between."""
    line = b"2 " + b"a" * (size - 4) + b" 1"
    assert len(line) == size
    good = size <= 65536
    text = (HEADER if known else b"") + line + b"\n" + GOOD + line + end
    found = collect(text, log_format="version srcaddr dstport")
    lengths = [len(address) for address in found.table.column("srcaddr").to_pylist()]
    assert lengths == ([size - 4, 9, size - 4] if good else [9])
    assert [reject["reason"] for reject in found.rejects] == [] if good else ["line-too-long"] * 2
    begin = 24 if known else 0
    places = [] if good else [begin, begin + size + 1 + 16]
    assert [reject["byte_offset"] for reject in found.rejects] == places


@pytest.mark.parametrize("block_bytes", [1, 4096, 65536, 65537, 1_000_000])
def test_the_limit_of_a_line_does_not_depend_on_blocks(block_bytes: int) -> None:
    """Lines of just 64 KiB and one byte more end alike, however the text is cut into blocks."""
    fits = b"2 " + b"a" * 65532 + b" 1\n"
    text = HEADER + fits + fits.replace(b" 1\n", b"  1\n") + fits + GOOD
    before = _core.set_block_bytes(block_bytes)
    try:
        found = collect(text)
    finally:
        _core.set_block_bytes(before)
    assert lines_of(found.counts) == (3, 1, 1, 0)
    assert (found.rejects[0]["line"], found.rejects[0]["byte_offset"]) == (3, 24 + 65537)


def test_the_limit_counts_the_raw_line() -> None:
    """Outer blanks and a carriage return count towards the 64 KiB of a line."""
    line = b"2 " + b"a" * 65532 + b" 1"
    assert collect(HEADER + line + b"\n").counts.records == 1
    for end in (b"\r\n", b" \n", b"\t"):
        assert collect(HEADER + line + end).rejects[0]["reason"] == "line-too-long"


def test_a_line_of_many_fields() -> None:
    """A header of 5,000 fields is one, and its records have 5,000 columns."""
    names = ["version", "srcaddr", "dstport"] + [f"f{n}" for n in range(4997)]
    values = ["2", "a", "1"] + [str(n) for n in range(4997)]
    header, row = " ".join(names).encode() + b"\n", " ".join(values).encode() + b"\n"
    found = collect(header + row + row[: row.rindex(b" ")] + b"\n" + row[:-1] + b" x\n" + row)
    assert found.table.column_names == names
    assert found.table.num_rows == 2
    assert found.table.slice(1).to_pylist()[0] == {
        "version": 2,
        "srcaddr": "a",
        "dstport": 1,
        **{f"f{n}": str(n) for n in range(4997)},
    }
    assert [reject["reason"] for reject in found.rejects] == ["field-count"] * 2
    with pytest.raises(RecordError, match="expected 5000 fields, got 4999"):
        flowparse.read_table(header + row[: row.rindex(b" ")], on_reject="raise")


def test_a_long_header_within_the_limit_is_one() -> None:
    """A header of nearly 64 KiB is a header, with names of a thousand bytes."""
    header = b"version srcaddr dstport " + b" ".join(b"n%d" % n * 200 for n in range(99)) + b"\n"
    assert 40_000 < len(header) < 65536
    found = collect(header + b"2 a 1 " + b"- " * 98 + b"z\n")
    assert lines_of(found.counts) == (1, 0, 1, 0)
    assert found.table.num_columns == 102
    assert found.table.column(101).to_pylist() == ["z"]


# ---------------------------------------------------------------- floods


@pytest.mark.parametrize("filler", [b"", GOOD * 7], ids=["rejects alone", "among records"])
def test_a_flood_of_bad_lines_is_kept_whole_and_in_order(filler: bytes) -> None:
    """Of 200,000 bad lines each is counted, and stands among the rejects in order."""
    flood = HEADER + (b"bogus\n2 a 70000\n" + filler) * 100_000
    with flowparse.open_reader(flood, on_reject="collect", columns=["line"]) as reader:
        rows = sum(batch.num_rows for batch in reader)
    per_round = 2 + filler.count(b"\n")
    assert rows == (per_round - 2) * 100_000
    assert reader.counts.rejects == reader.rejects.num_rows == 200_000
    assert reader.counts.lines == flood.count(b"\n")
    found = reader.rejects.column("line").to_pylist()
    assert found == [2 + n // 2 * per_round + n % 2 for n in range(200_000)]
    assert reader.rejects.column("reason").to_pylist() == ["field-count", "out-of-range"] * 100_000
    offsets = reader.rejects.column("byte_offset").to_pylist()
    size = 16 + len(filler)
    assert offsets == [24 + n // 2 * size + n % 2 * 6 for n in range(200_000)]


def test_a_flood_warns_once() -> None:
    """A flood over many sources is one warning with the whole count and the very first place."""
    flood = HEADER + b"2 a 70000\n" + b"bogus\n" * 99_999
    with pytest.warns(RejectWarning) as caught:
        table = flowparse.read_table([HEADER, flood, HEADER + b"a b\n", flood], threads=2)
    assert len(caught) == 1
    assert str(caught[0].message).startswith(
        "200001 lines were rejected, the first: dstport: expected 0..65535, got '70000' "
        "(<bytes>, line 2, byte 24). "
    )
    assert b'"rejects": 200001' in table.schema.metadata[b"flowparse"]


def test_a_flood_of_headers_is_a_flood_of_formats() -> None:
    """Formats that alternate line by line give each record its own columns."""
    text = (HEADER + GOOD + b"srcaddr bytes action version\na 5 ACCEPT 3\n") * 2000
    table = flowparse.read_table(text)
    table.validate(full=True)
    assert table.column_names == ["version", "srcaddr", "dstport", "bytes", "action"]
    assert table.column("version").to_pylist() == [2, 3] * 2000
    assert table.column("dstport").to_pylist() == [443, None] * 2000
    assert table.column("action").to_pylist() == [None, "ACCEPT"] * 2000


# ---------------------------------------------------------------- memory


class Endless:
    """A file of one byte repeated, then an end, which is never whole in memory."""

    def __init__(self, byte: bytes, size: int, end: bytes = b"") -> None:
        self.piece, self.left, self.end = byte * MIB, size, end

    def read(self, size: int) -> bytes:
        if self.left > 0:
            given = self.piece[: min(size, self.left)]
            self.left -= len(given)
            return given
        given, self.end = self.end, b""
        return given


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    """The most bytes of Python objects that were held at a time since the start."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("byte", [b" ", b"\n", b"\r", b"x", b"\xff", b"\0"], ids=repr)
@pytest.mark.parametrize("known", [True, False], ids=["format known", "unknown"])
def test_text_without_lines_is_never_held_whole(
    byte: bytes, known: bool, traced: Callable[[], int]
) -> None:
    """32 MB without a newline, or of nothing but newlines, are read in a few pieces' memory."""
    options: dict[str, Any] = {"log_format": "version srcaddr"} if known else {}
    file = Endless(byte, 32 * MIB, b"\n2 a\n" if known else b"")
    if known or byte in b" \n\r":
        table = flowparse.read_table(file, on_reject="collect", **options)
        assert table.num_rows == known
    else:
        with pytest.raises(LogFormatError):
            flowparse.read_table(file, on_reject="collect", **options)
    assert traced() < 8 * MIB


@pytest.mark.parametrize("kind", ["path", "bytes"])
def test_opening_a_stream_does_not_hold_what_comes_before_its_first_line(
    kind: str, tmp_path: Path, traced: Callable[[], int]
) -> None:
    """A small gzip file of 32 MB of blanks is not held whole to learn its format."""
    packed = gzip.compress(b" " * (32 * MIB) + b"\n" + HEADER + GOOD, 1)
    path = tmp_path / "blank.gz"
    path.write_bytes(packed)
    source = path if kind == "path" else packed
    tracemalloc.reset_peak()
    assert flowparse.open_reader(source).read_all().num_rows == 1
    assert traced() < 8 * MIB
