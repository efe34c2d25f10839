"""The oracle, pinned by facts worked out by hand from the contract."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

import reference
import strategies
from flowparse.errors import LogFormatError
from strategies import LINE_BYTES, Tape, decode_format, decode_text

DEFAULT_HEADER = (
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    b"start end action log-status\n"
)
DEFAULT_LINE = b"2 111122223333 eni-1 192.0.2.1 192.0.2.2 1 443 6 10 840 1700000000 1700000060 "


def read(text: bytes, **options: Any) -> reference.Result:
    return reference.read([("a.log", text)], **options)


def reasons(result: reference.Result) -> list[tuple[int, str, str | None]]:
    return [(r["line"], r["reason"], r["field"]) for r in result.rejects]


# ---------------------------------------------------------------- lines


def test_precedence() -> None:
    """Too long comes before not UTF-8, that before the field count, that before the fields."""
    long = b"\xff x " + b"y" * 65536
    text = b"version bytes region dstport\n" + long + b"\n2 x \xff\n2 x r\n2 x r 70000\n"
    assert reasons(read(text)) == [
        (2, "line-too-long", None),
        (3, "not-utf8", None),
        (4, "field-count", None),
        (5, "not-a-number", "bytes"),
    ]


def test_first_bad_field() -> None:
    """Of two bad fields the first in the line's order is named, not the worse one."""
    assert reasons(read(b"version dstport srcport\n2 65536 x\n")) == [
        (2, "out-of-range", "dstport")
    ]


@pytest.mark.parametrize(("size", "rows"), [(65536, 1), (65537, 0)])
def test_64_kib(size: int, rows: int) -> None:
    """A line of 65 536 bytes with its carriage return is a record, one byte more is none."""
    line = b"2 r ".ljust(size - 1, b"x") + b"\r"
    assert read(b"version region type\n" + line + b"\n").num_rows == rows


def test_long_blank() -> None:
    """A line of blanks is blank, however long."""
    assert read(b" " * 70000 + b"\n" + DEFAULT_HEADER).counts["blank"] == 1


def test_separators() -> None:
    """Only blanks, tabs and, outside, carriage returns separate: no other white space does."""
    text = "version region type\n\t 2 \t a\u00a0\u2028\x0b\x0c\x1c\x85\rb   \x00 \r\r\n".encode()
    assert read(text).columns["region"] == ["a\u00a0\u2028\x0b\x0c\x1c\x85\rb"]
    assert read(text).columns["type"] == ["\x00"]


def test_byte_order_mark() -> None:
    """A byte order mark is skipped once, and the first line then begins at byte 3."""
    result = read(b"\xef\xbb\xbfbad\n\xef\xbb\xbf443\n", log_format="dstport")
    assert [(r["byte_offset"], r["text"]) for r in result.rejects] == [(3, "bad"), (7, "\ufeff443")]


def test_reject_text() -> None:
    """A reject keeps the first 4096 raw bytes of its line, with what is no UTF-8 escaped."""
    result = read(b"version srcport dstport\n \xff\r\n " + b"y" * 4094 + "é z".encode())
    assert [r["text"] for r in result.rejects] == [" \\xff\r", " " + "y" * 4094 + "\\xc3"]


def test_no_final_newline() -> None:
    """The last line needs no newline, and a newline at the end begins no line."""
    assert read(b"").counts == read(b"\xef\xbb\xbf").counts
    assert sum(read(b"\n").counts.values()) == 1
    assert sum(read(DEFAULT_HEADER + b"\n-").counts.values()) == 3


def test_counts() -> None:
    """Counts tell each line once; NODATA and SKIPDATA are within the records."""
    statuses = [b"OK", b"NODATA", b"SKIPDATA", b"NODATA", b"INCOMPLETEDATA", b"-"]
    lines = b"".join(DEFAULT_LINE + b"- " + status + b"\n" for status in statuses)
    assert read(DEFAULT_HEADER + b"\n" + lines + b"bad", filters=[("dstport", "=", 1)]).counts == {
        "records": 6,
        "no_data": 2,
        "skip_data": 1,
        "rejects": 1,
        "headers": 1,
        "blank": 1,
    }


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize(
    ("token", "outcome"),
    [
        (b"00080", 80),
        (b"0" * 40, 0),
        (b"-", None),
        (b"65535", 65535),
        (b"65536", "out-of-range"),
        (b"1" * 25, "out-of-range"),
        (b"1" * 5000, "out-of-range"),
        (b"-1", "not-a-number"),
        (b"+1", "not-a-number"),
        (b"4\r3", "not-a-number"),
        (b"4\x003", "not-a-number"),
        (b"1" * 25 + b"x", "not-a-number"),
        ("４".encode(), "not-a-number"),
    ],
)
def test_numbers(token: bytes, outcome: int | str | None) -> None:
    """A number is `-` or ASCII digits; too large is another fault than not a number."""
    result = read(b"region dstport type\nr " + token + b" t\n")
    found = result.columns["dstport"] or [result.rejects[0]["reason"]]
    assert found == [outcome]


def test_field_twice() -> None:
    """A field named twice has the value of its first place and is checked at both."""
    result = read(b"dstport region dstport\n1 r 2\n1 r x\nx r 70000\n")
    assert result.columns == {"dstport": [1], "region": ["r"]}
    assert reasons(result) == [(3, "not-a-number", "dstport"), (4, "not-a-number", "dstport")]


def test_milliseconds() -> None:
    """10^11 and more is milliseconds and rounded down, but schema="aws" leaves it alone."""
    text = b"version start end\n2 99999999999 100000000000\n2 1700000000999 -\n"
    assert read(text).columns["start"] == [99999999999, 1700000000]
    assert read(text).columns["end"] == [100000000, None]
    assert read(text, schema="aws").columns["start"] == [99999999999, 1700000000999]


@pytest.mark.parametrize(
    ("token", "outcome"),
    [
        (b"2023-11-14T22:13:20Z", 1700000000000),
        (b"2023-11-14T22:13:20.1239Z", 1700000000123),
        (b"2023-11-15T03:43:20.5+05:30", 1700000000500),
        (b"1969-12-31T23:59:59.9999Z", -1),
        (b"2000-02-29T00:00:00-00:01", 951782460000),
        (b"0001-01-01T00:00:00+00:01", -62135596860000),
        (b"-", None),
        (b"1900-02-29T00:00:00Z", "out-of-range"),
        (b"2023-01-01T24:00:00Z", "out-of-range"),
        (b"2023-01-01T00:00:60Z", "out-of-range"),
        (b"0000-01-01T00:00:00Z", "out-of-range"),
        (b"2023-01-01T00:00:00+24:00", "out-of-range"),
        (b"2023-01-01T00:00:00-00:60", "out-of-range"),
        (b"2023-01-01T00:00:00", "not-a-number"),
        (b"2023-01-01T00:00:00.Z", "not-a-number"),
        (b"2023-01-01T00:00:00.1234567890Z", "not-a-number"),
        (b"2023-01-01t00:00:00Z", "not-a-number"),
        (b"1700000000", "not-a-number"),
    ],
)
def test_iso_times(token: bytes, outcome: int | str | None) -> None:
    """An ISO time is cut to milliseconds; its shape and its calendar are different faults."""
    options: dict[str, Any] = {
        "log_format": "region export-timestamp",
        "columns": ["export_timestamp"],
    }
    result = read(b"r " + token, **options)
    found = result.columns["export_timestamp"] or [result.rejects[0]["reason"]]
    assert found == [outcome]


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    "line",
    [b"version srcaddr dstport", b"x1 version srcaddr y dstport", b"bytes bytes bytes", b"region"],
)
def test_header(line: bytes) -> None:
    """Three known names, a name thrice too, or one or two known names alone are a header."""
    assert read(line).counts["headers"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b"srcaddr dstport future-a",
        b"Version srcaddr dstport bytes",
        b"export-timestamp srcaddr dstport",
        b"version srcaddr dstport 1",
        b"future-a",
    ],
)
def test_no_header(line: bytes) -> None:
    """Two known names of three, a capital, a digit or one new name alone are no header."""
    with pytest.raises(LogFormatError):
        read(line)


def test_header_in_force() -> None:
    """One or two known names are a header only where no format is in force, or repeat it."""
    result = read(b"az_id\nregion\naz-id\nx\nregion type\n")
    assert result.columns == {"az_id": ["region", "x"]}
    assert result.counts["headers"] == 2
    assert reasons(result) == [(5, "field-count", None)]


def test_given_is_in_force() -> None:
    """A given format is in force before the first line: its own names are a header."""
    result = read(b"x\nx y_\n1 2\n", log_format="x,y-")
    assert result.columns == {"x": ["1"], "y_": ["2"]}
    assert (result.counts["headers"], reasons(result)) == (1, [(1, "field-count", None)])


def test_header_wins() -> None:
    """A file's own header wins over a given format, whose columns then do not join."""
    assert read(b"version region type\n", log_format="srcaddr").column_names == [
        "version",
        "region",
        "type",
    ]


def test_union() -> None:
    """Columns come where they first stand over all sources; a stream knows the openings only."""
    sources = [("a", b"version type end\nversion region az-id\n1 r z\n"), ("b", b"end vpc-id\n3 v")]
    assert reference.read(sources).columns == {
        "version": [1, None],
        "type": [None, None],
        "end": [None, 3],
        "region": ["r", None],
        "az_id": ["z", None],
        "vpc_id": [None, "v"],
    }
    stream = reference.read(sources, stream=True)
    assert stream.column_names == ["version", "type", "end", "vpc_id"]
    assert stream.later_names == ["region", "az_id"]


def test_default_shape() -> None:
    """A bad number in a line of the default format's shape is a reject, not a LogFormatError."""
    line = DEFAULT_LINE.replace(b" 443 ", b" 70000 ")
    assert reasons(read(line + b"- NODATA")) == [(1, "out-of-range", "dstport")]
    with pytest.raises(LogFormatError):
        read(DEFAULT_LINE + b"ACCEPT FINE")
    with pytest.raises(LogFormatError):
        read(b"0" + DEFAULT_LINE + b"ACCEPT OK")


def test_export_of_default() -> None:
    """An ISO time before a line of the default format's shape is the export's, and no column."""
    line = b"2023-11-14T22:13:20.000Z " + DEFAULT_LINE + b"ACCEPT OK\n"
    assert read(line + line).column_names == list(read(DEFAULT_HEADER).columns)
    assert read(line + line, columns=["export_timestamp"]).num_rows == 2
    with pytest.raises(LogFormatError):
        read(b"2023-11-14T22:13:20.000Z x\n" + line)


@pytest.mark.parametrize(
    ("log_format", "columns"),
    [
        ("version region", {"version": [7], "region": ["r"]}),
        ("region type", {"region": ["7"], "type": ["r"]}),
        ("region type az-id", {"region": ["2023-11-14T22:13:20Z"], "type": ["7"], "az_id": ["r"]}),
        ("version type az-id", {"version": [], "type": [], "az_id": []}),
    ],
)
def test_export_of_given(log_format: str, columns: dict[str, list[Any]]) -> None:
    """With a given format the prefix is assumed by a first number column or another width."""
    result = read(b"\n2023-11-14T22:13:20Z 7 r\n", log_format=log_format)
    assert result.columns == columns
    # prefixed, the line is one field short; without a prefix its version would be no number
    assert [r["reason"] for r in result.rejects] == ["field-count"] * (result.num_rows == 0)


def test_export_only_first() -> None:
    """The prefix is looked for on the first line only."""
    text = b"bad\n2023-11-14T22:13:20Z 7 r\n"
    assert [r["reason"] for r in read(text, log_format="version region").rejects] == [
        "field-count"
    ] * 2


def test_nothing() -> None:
    """Nothing has the columns of the given format, else those of the default format."""
    assert len(read(b"\n").columns) == 14
    assert read(b"", log_format="'$${region} ${type}'").columns == {"region": [], "type": []}


@pytest.mark.parametrize("text", ["", " ", "''", "${region", "${}", "$region", "Region", "a;b"])
def test_bad_log_format(text: str) -> None:
    """An empty format, an unclosed brace or what is no name is a LogFormatError."""
    with pytest.raises(LogFormatError):
        read(b"", log_format=text)


@pytest.mark.parametrize(
    "options",
    [
        {"columns": ["dstprot"]},
        {"columns": ["tcp-flags", "tcp_flags"]},
        {"filters": [("dstprot", "=", 1)]},
        {"filters": [("dstport", "=", "443")]},
        {"filters": [("region", "<", 1)]},
        {"filters": [("dstport", "in network", "::/0")]},
        {"filters": [("srcaddr", "in network", "::/129")]},
        {"filters": [("account-id", "in network", "::/0")]},
        {"filters": [("dstport", "~", 1)]},
        {"schema": "ours"},
    ],
)
def test_wrong_use(options: dict[str, Any]) -> None:
    """A name, an op or a value that cannot be is a ValueError, and no LogFormatError."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the oracle's wording is free
        read(DEFAULT_HEADER, **options)
    assert not isinstance(caught.value, LogFormatError)


# ---------------------------------------------------------------- filters


def kept(text: bytes, *terms: Any, **options: Any) -> list[Any]:
    return read(text, columns=["line"], filters=list(terms) or None, **options).columns["line"]


NUMBERS = b"bytes region type\n9007199254740993 a b\n0 - b\n- \xc3\xa9 b\n"


@pytest.mark.parametrize(
    ("term", "lines"),
    [
        (("bytes", "=", 9007199254740992.0), []),
        (("bytes", ">", 9007199254740992.0), [2]),
        (("bytes", "<", 0.5), [3]),
        (("bytes", "!=", 7), [2, 3]),
        (("bytes", "not in", [0]), [2]),
        (("bytes", "not in", []), [2, 3]),
        (("bytes", "in", []), []),
        (("bytes", "is null"), [4]),
        (("region", "is not null", None), [2, 4]),
        (("region", ">", "z"), [4]),
        (("tcp-flags", "!=", 1), []),
        (("tcp-flags", "is null"), [2, 3, 4]),
        (("line", ">=", 3), [3, 4]),
        (("source", "==", "a.log"), [2, 3, 4]),
    ],
)
def test_terms(term: Any, lines: list[int]) -> None:
    """Numbers compare exactly, text by its bytes, and a null holds nothing but `is null`."""
    assert kept(NUMBERS, term) == lines


def test_groups() -> None:
    """All terms of a list must hold; of several lists one must."""
    assert kept(NUMBERS, ("bytes", "=", 0), ("region", "is null")) == [3]
    assert kept(NUMBERS, [("bytes", "=", 0)], [("region", "=", "a"), ("type", "=", "b")]) == [2, 3]


ADDRESSES = (
    b"srcaddr dstport bytes\n192.0.2.1 1 1\n::ffff:192.0.2.1 1 1\n192.0.2.01 1 1\n"
    b"::ffff:c000:201 1 1\nfe80::1%eth0 1 1\n- 1 1\nlocalhost 1 1\n::2:3:4:5:6:7:8 1 1\n"
)


@pytest.mark.parametrize(
    ("networks", "lines"),
    [
        ("192.0.2.77/24", [2]),
        ("0.0.0.0/0", [2]),
        ("::/0", [3, 5, 9]),
        (["::ffff:0:0/96", "192.0.2.1"], [2, 3, 5]),
        ([], []),
    ],
)
def test_networks(networks: Any, lines: list[int]) -> None:
    """A mapped address is IPv6; leading zeros, scopes and names are in no network."""
    assert kept(ADDRESSES, ("srcaddr", "in network", networks)) == lines


TIMES = b"version start end\n2 100 200\n2 200000000000 300\n2 - 300\n2 100 -\n2 300 400\n"


@pytest.mark.parametrize(
    ("since", "until", "lines"),
    [
        (200, None, [2, 3, 6]),
        (200.5, None, [3, 6]),
        (None, 300, [2]),
        (None, datetime(1970, 1, 1, 0, 5, 0, 1, tzinfo=UTC), [2, 6]),
        ("1970-01-01T00:03:20", "1970-01-01T01:03:21+01:00", [2]),
    ],
)
def test_window(since: Any, until: Any, lines: list[int]) -> None:
    """What ends at since is in, what starts at until is out, and milliseconds are scaled first."""
    for schema in ("typed", "aws"):
        assert kept(TIMES, since=since, until=until, schema=schema) == lines


def test_window_of_one_time() -> None:
    """A format with only one of start and end is placed by that one, one with none is an error."""
    text = b"version end region\n2 100 r\n2 200 r\n2 - r\n"
    assert kept(text, since=100, until=200) == [2]
    with pytest.raises(ValueError, match="start or end"):
        kept(b"version region type\n", since=100)


def test_raw_times() -> None:
    """A filter on start compares what the schema shows: scaled or raw."""
    term = ("start", "=", 200000000)
    assert kept(TIMES, term) == [3]
    assert kept(TIMES, term, schema="aws") == []
    assert kept(TIMES, ("start", "=", 200000000000), schema="aws") == [3]


# ---------------------------------------------------------------- the strategies


def random_texts(n: int) -> list[bytes]:
    rng = random.Random(20231114)
    made = []
    for _ in range(n):
        lines = [rng.randbytes(LINE_BYTES) for _ in range(rng.randrange(12))]
        names = decode_format(Tape(rng.randbytes(16)))
        made.append(decode_text(Tape(rng.randbytes(12)), lines, names, False, False)[0])
    return made


def test_strategies_reach_everything() -> None:
    """The files that the laws are tried on have every kind of line and every kind of reject."""
    seen: Counter[str] = Counter()
    for text in random_texts(1500):
        try:
            result = read(text)
        except LogFormatError:
            seen["unknown-format"] += 1
            continue
        seen.update(result.counts)
        seen.update(reject["reason"] for reject in result.rejects)
        seen["later-header"] += bool(result.later_names)
        seen["export"] += bool(read(text, filters=[("export_timestamp", "is not null")]).num_rows)
    wanted = {*reference.read([]).counts, "unknown-format", "later-header", "export"}
    wanted |= {"line-too-long", "not-utf8", "field-count", "not-a-number", "out-of-range"}
    assert {name for name in wanted if seen[name] < 15} == set()


def test_plainest_decisions() -> None:
    """Bytes of 0 make the plainest file: the default header and good records."""
    text, _ = decode_text(
        Tape(bytes(12)), [bytes(LINE_BYTES)] * 2, strategies.DEFAULT, False, False
    )
    result = read(text)
    assert (result.num_rows, result.rejects, result.counts["headers"]) == (2, [], 1)
    assert text.startswith(DEFAULT_HEADER)
