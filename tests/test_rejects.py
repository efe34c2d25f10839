"""Rejects: every line that is no record, with its place, its reason, and itself."""

from __future__ import annotations

import pyarrow as pa
import pytest

import flowparse
from flowparse import RecordError, RejectWarning
from flowparse.rejects import REJECTS_SCHEMA

HEADER = b"version srcaddr dstport protocol\n"  # 33 bytes
GOOD = b"2 192.0.2.1 443 6\n"  # 18 bytes
PREFIX = b"2023-11-14T22:13:20.000Z "


def rejects(text: object, **options: object) -> pa.Table:
    with flowparse.open_reader(text, on_reject="collect", **options) as reader:
        reader.read_all()
    return reader.rejects


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"2 192.0.2.1 70000 6", "dstport: expected 0..65535, got '70000'"),
        (b"2 192.0.2.1 443 256", "protocol: expected 0..255, got '256'"),
        (b"2147483648 a 443 6", "version: expected 0..2147483647, got '2147483648'"),
        (b"2 192.0.2.1 http 6", "dstport: expected 0..65535, got 'http'"),
        (b"2 192.0.2.1 -1 6", "dstport: expected 0..65535, got '-1'"),
        (b"2 192.0.2.1 4\r3 6", "dstport: expected 0..65535, got '4\\r3'"),
        ("2 a é 6".encode(), "dstport: expected 0..65535, got 'é'"),
        (b"2 a 'x' 6", "dstport: expected 0..65535, got \"'x'\""),
        (b"2 192.0.2.1 443", "expected 4 fields, got 3"),
        (b"2 192.0.2.1 443 6 7", "expected 4 fields, got 5"),
        (b"bogus", "expected 4 fields, got 1"),
        (b"2 \xff 443 6", "the line is not UTF-8"),
        (b"2 " + b"a" * 70000 + b" 443 6", "the line is longer than 64 KiB"),
    ],
)
def test_a_message_says_what_and_where(line: bytes, message: str) -> None:
    """A RecordError names the field, the value, the source, the line and the byte."""
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(HEADER + GOOD + line + b"\n", on_reject="raise")
    assert str(caught.value) == f"{message} (<bytes>, line 3, byte 51)"


def test_a_message_of_an_export_time_shows_one() -> None:
    """A bad time of a CloudWatch export is shown beside a good one."""
    text = PREFIX + b"2 443\n2023-11-31T00:00:00Z 2 443\n"
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(text, log_format="version dstport", on_reject="raise")
    assert str(caught.value) == (
        "export-timestamp: expected an ISO time such as 2023-11-14T22:13:20.000Z, "
        "got '2023-11-31T00:00:00Z' (<bytes>, line 2, byte 31)"
    )
    assert (caught.value.field, caught.value.reason) == ("export-timestamp", "out-of-range")


def test_a_message_has_64_bit_ranges() -> None:
    """The range of a 64-bit number is given in full."""
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(b"version srcaddr bytes\n2 a x\n", on_reject="raise")
    assert str(caught.value) == (
        "bytes: expected 0..9223372036854775807, got 'x' (<bytes>, line 2, byte 22)"
    )


def test_a_long_value_is_shown_by_its_beginning() -> None:
    """Of a bad value the message shows no more than its first 256 bytes."""
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(HEADER + b"2 a " + b"9" * 9999 + b" 6\n", on_reject="raise")
    assert str(caught.value) == (
        f"dstport: expected 0..65535, got '{'9' * 256}' (<bytes>, line 2, byte 33)"
    )


def test_a_record_error_has_the_attributes_of_its_reject() -> None:
    """The error of a line and its row among the rejects say the same."""
    text = HEADER + GOOD + b"2 a 70000 6\n"
    [row] = rejects(text).to_pylist()
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(text, on_reject="raise")
    error = caught.value
    assert row == {
        "source": error.source,
        "line": error.line,
        "byte_offset": error.byte_offset,
        "field": error.field,
        "reason": error.reason,
        "text": "2 a 70000 6",
    }
    assert (error.source, error.line, error.byte_offset) == ("<bytes>", 3, 51)


def test_rejects_have_one_schema() -> None:
    """Rejects are source, line, byte_offset, field, reason, text, with or without a row."""
    wanted = pa.schema(
        [
            ("source", pa.string()),
            ("line", pa.int64()),
            ("byte_offset", pa.int64()),
            ("field", pa.string()),
            ("reason", pa.string()),
            ("text", pa.string()),
        ]
    )
    assert wanted == REJECTS_SCHEMA
    for text in (b"", HEADER + GOOD, HEADER + b"bogus\n"):
        found = rejects(text)
        found.validate(full=True)
        assert found.schema == wanted


def test_the_field_of_a_reject_is_the_aws_name() -> None:
    """`field` has hyphens, as AWS writes the name, and is null where the whole line is at fault."""
    text = b"version tcp_flags action new_one\n2 x A a\n2 2\n"
    assert rejects(text).column("field").to_pylist() == ["tcp-flags", None]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b" \t2 a\t70000  6 \r", " \t2 a\t70000  6 \r"),
        (b"x" * 4096, "x" * 4096),
        (b"x" * 4097, "x" * 4096),
        (b"x" * 70000, "x" * 4096),
        (b"\xff" * 3, "\\xff\\xff\\xff"),
        (b"x" * 4095 + "é".encode(), "x" * 4095 + "\\xc3"),
        ("é".encode(), "é"),
        (b"\x00", "\x00"),
        (b"\\xff", "\\xff"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_the_text_of_a_reject_is_its_line(line: bytes, text: str) -> None:
    """A reject's text is the raw line, at most its first 4096 bytes, other bytes as escapes."""
    found = rejects(HEADER + line + b"\n" + GOOD + b"bogus\n")
    assert found.column("text").to_pylist() == [text, "bogus"]


def test_rejects_keep_the_order_of_their_lines() -> None:
    """Rejects of all reasons stand in the order of their lines, and of their sources."""
    lines = [b"2 a x 6", GOOD[:-1], b"bogus", b"\xff", b"2 a 1 999", b"x" * 65537, b"y 1 1 1"]
    text = HEADER + b"\n".join(lines)
    found = rejects([text, HEADER, text], threads=2)
    assert found.column("line").to_pylist() == [2, 4, 5, 6, 7, 8] * 2
    reasons = "not-a-number field-count not-utf8 out-of-range line-too-long not-a-number"
    assert found.column("reason").to_pylist() == reasons.split() * 2
    # 33, 33+8, +18, +6, +2, +10, +65538
    assert found.column("byte_offset").to_pylist() == [33, 59, 65, 67, 77, 65615] * 2


def test_rejects_do_not_depend_on_what_is_kept() -> None:
    """The rejects are the same whatever columns and filters keep."""
    text = HEADER + GOOD + b"2 a x 6\n2 a 1 300\nbogus\n" + GOOD
    wanted = rejects(text)
    assert wanted.num_rows == 3
    for options in (
        {"columns": ["srcaddr"]},
        {"columns": []},
        {"columns": ["start", "line"]},
        {"filters": [("line", ">", 99)]},
        {"filters": [("protocol", "=", 6)], "columns": ["protocol"]},
        {"schema": "aws"},
    ):
        assert rejects(text, **options) == wanted, options


def test_rejects_of_two_formats_name_their_own_fields() -> None:
    """A reject is judged by the format in force at its line."""
    text = HEADER + b"2 a x 6\nbogus\nstart end action bytes\n1 2 A x\n1 2\n"
    found = rejects(text, columns=["line"])
    assert found.column("field").to_pylist() == ["dstport", None, "bytes", None]
    with pytest.raises(RecordError, match=r"expected 4 fields, got 2 \("):
        flowparse.read_table(b"start end action bytes\n1 2\n", on_reject="raise")


def test_one_warning_gives_the_count_and_the_first_place() -> None:
    """Under warn there is one RejectWarning, with the count and the first reject."""
    text = HEADER + b"2 a x 6\nbogus\n" + GOOD
    with pytest.warns(RejectWarning) as caught:
        table = flowparse.read_table([HEADER + GOOD, text, HEADER + b"later\n2 a 1 x\n"])
    assert table.num_rows == 2
    assert [str(warning.message) for warning in caught] == [
        "4 lines were rejected, the first: dstport: expected 0..65535, got 'x' (<bytes>, line 2, "
        'byte 33). All are in open_reader(...).rejects; on_reject="raise" stops at the first, '
        '"collect" says nothing.'
    ]
    assert caught[0].filename == __file__


def test_one_reject_is_spoken_of_in_the_singular() -> None:
    """A single reject is one line."""
    with pytest.warns(RejectWarning, match=r"^1 line was rejected, the first: expected 4 fields"):
        flowparse.read_table(HEADER + b"bogus\n")


def test_a_stream_warns_at_its_end() -> None:
    """A stream warns once, with its last batch, at the caller's line; closing it adds nothing."""
    reader = flowparse.open_reader(HEADER + b"bogus\n" + GOOD)
    with pytest.warns(RejectWarning, match=r"^1 line was rejected") as caught:
        batches = list(reader)
    assert (len(caught), caught[0].filename) == (1, __file__)
    assert sum(batch.num_rows for batch in batches) == 1
    reader.close()
    assert list(reader) == []


def test_collect_says_nothing() -> None:
    """Under collect there is no warning, and the rejects are there."""
    assert rejects(HEADER + b"bogus\n").num_rows == 1
    flowparse.read_table(HEADER + b"bogus\n", on_reject="collect")


@pytest.mark.parametrize("threads", [1, 4])
def test_raise_stops_at_the_first_in_the_order_of_sources(threads: int) -> None:
    """Under raise the first reject in source order is the error, for every number of threads."""
    large = HEADER + GOOD * 20000 + b"first\n"
    sources = [large, HEADER + b"second\n", HEADER + b"third 1\n"]
    with pytest.raises(RecordError) as caught:
        flowparse.read_table(sources, on_reject="raise", threads=threads)
    assert (caught.value.line, caught.value.byte_offset) == (20002, 33 + 20000 * 18)


def test_an_error_within_a_stream_is_not_doubled_by_a_warning() -> None:
    """Where a block ends with an error of its own, no warning comes on top."""
    text = HEADER + b"bogus\n" + GOOD

    def fail() -> None:
        other = text.replace(b"srcaddr", b"dstaddr")
        with flowparse.open_reader([text, other], columns=["version"]) as reader:
            next(reader)
            next(reader)
            assert reader.rejects.num_rows > 0
            raise LookupError("the caller's own")

    with pytest.raises(LookupError, match="own"):
        fail()
