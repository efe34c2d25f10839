"""What the first line of a source says about its log format, and which lines are headers."""

from __future__ import annotations

import pytest

import flowparse
from flowparse import LogFormat, LogFormatError
from flowparse.judge import judge_first_line, read_header

RECORD = (
    b"2 123456789012 eni-0aa1 203.0.113.5 192.0.2.10 43638 443 6 3 180 "
    b"1700000000 1700000060 ACCEPT OK"
)
NO_DATA = b"2 123456789012 eni-0aa1 - - - - - - - 1700000000 1700000060 - NODATA"
TIME = b"2023-11-14T22:13:20.000Z"
NUMBERS_FIRST = LogFormat.parse("version srcaddr")
TEXT_FIRST = LogFormat.parse("srcaddr version")
PLACE = "flow.log, line 1, byte 0"


def judge(line: bytes, given: LogFormat | None = None) -> tuple[LogFormat, bool]:
    return judge_first_line(line, too_long=False, given=given, place=PLACE)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"version srcaddr dstport", "version srcaddr dstport"),
        (b"  version\tsrcaddr \t dstport \r", "version srcaddr dstport"),
        (b"version account_id tcp_flags", "version account-id tcp-flags"),
        (b"version account_id new-one srcaddr", "version account-id new-one srcaddr"),
        (b"x y z bytes start end", "x y z bytes start end"),
        (b"version version version", "version version version"),
        (b"srcaddr", "srcaddr"),
        (b"start end", "start end"),
        (b"tgw-id tgw-src-eni packets-lost-blackhole", "tgw-id tgw-src-eni packets-lost-blackhole"),
    ],
)
def test_a_first_line_of_names_is_a_header(line: bytes, names: str) -> None:
    """Three known names among names make a header; alone, one or two known ones do, too."""
    assert judge(line) == (LogFormat.parse(names), True)


@pytest.mark.parametrize(
    "line",
    [
        b"version new-one",
        b"new-one other-one",
        b"Version srcaddr dstport action",
        b"version srcaddr dstport ACCEPT",
        b"version srcaddr dstport 443",
        b"version srcaddr dstport -",
        b"version srcaddr dstport 1st",
        b"version srcaddr dstport a.b",
        b"version,srcaddr,dstport",
        b"version\x0bsrcaddr\x0cdstport",
        b"version\rsrcaddr\rdstport",
        b"${version} ${srcaddr} ${dstport}",
        b"#version srcaddr dstport",
        "versión srcaddr dstport bytes".encode(),
        b"version srcaddr dstport \xff",
        b"\x00",
        b"hello",
        RECORD[1:],
        b"3" + RECORD[1:],
        b"02" + RECORD[1:],
        RECORD + b" 5",
        RECORD.replace(b"ACCEPT", b"accept"),
        RECORD.replace(b"ACCEPT", b"DENY"),
        RECORD.replace(b" OK", b" INCOMPLETEDATA"),
        RECORD.replace(b" OK", b" -"),
        b"not-a-time " + RECORD,
        TIME,
        TIME + b" version srcaddr dstport",
        TIME + b" " + TIME + b" " + RECORD,
        TIME[:-1] + b" " + RECORD,
    ],
)
def test_a_first_line_that_says_too_little_is_an_error(line: bytes) -> None:
    """Without a header, the default format's shape or log_format, no format is guessed."""
    with pytest.raises(LogFormatError) as caught:
        judge(line)
    shown = line[:80].decode("utf-8", "backslashreplace")
    more = "…" if len(line) > 80 else ""
    assert str(caught.value) == (
        f"{PLACE}: not a header, and not a record of the default format: {shown!r}{more}; "
        "pass log_format, the flow log's LogFormat (DescribeFlowLogs shows it)"
    )


@pytest.mark.parametrize(
    "line",
    [
        RECORD,
        NO_DATA,
        NO_DATA.replace(b"NODATA", b"SKIPDATA"),
        RECORD.replace(b"ACCEPT", b"REJECT"),
        b" " + RECORD.replace(b" ", b"  ") + b"\t\r",
        RECORD.replace(b"443", b"99999"),
        RECORD.replace(b"443", b"x"),
        RECORD.replace(b"203.0.113.5", b"\xff"),
        b"2" + b" -" * 12 + b" NODATA",
    ],
)
def test_a_first_line_of_the_default_shape_is_one(line: bytes) -> None:
    """Fourteen fields, version 2, a known action and status are the default format."""
    assert judge(line) == (LogFormat.default(), False)


@pytest.mark.parametrize(
    "time",
    [
        TIME,
        b"2018-09-22T20:28:14Z",
        b"2018-09-22T20:28:14.1Z",
        b"2018-09-22T20:28:14.123456789Z",
        b"2018-09-22T20:28:14+02:00",
        b"2018-09-22T20:28:14.000-11:30",
    ],
)
def test_the_time_of_a_cloudwatch_export_is_no_field_of_the_format(time: bytes) -> None:
    """An ISO time before the default format is the export's, and a format of its own field."""
    wanted = LogFormat(("export-timestamp", *LogFormat.default().fields))
    assert judge(time + b" " + RECORD) == (wanted, False)


@pytest.mark.parametrize(
    ("line", "given", "prefixed"),
    [
        (b"2 192.0.2.1", NUMBERS_FIRST, False),
        (TIME + b" 2 192.0.2.1", NUMBERS_FIRST, True),
        (TIME + b" 192.0.2.1", NUMBERS_FIRST, True),
        (b"192.0.2.1 2", TEXT_FIRST, False),
        (TIME + b" 192.0.2.1 2", TEXT_FIRST, True),
        (TIME + b" 2", TEXT_FIRST, False),
        (b"bogus", TEXT_FIRST, False),
        (RECORD, TEXT_FIRST, False),
    ],
)
def test_a_given_format_is_in_force_with_or_without_the_exports_time(
    line: bytes, given: LogFormat, prefixed: bool
) -> None:
    """Where log_format is given, an ISO time that it has no place for is the export's."""
    fields = ("export-timestamp", *given.fields) if prefixed else given.fields
    assert judge(line, given) == (LogFormat(fields), False)


@pytest.mark.parametrize("given", ["export-timestamp version srcaddr", "version export-timestamp"])
def test_a_given_format_with_the_exports_time_is_taken_as_it_stands(given: str) -> None:
    """A log_format that names export-timestamp has its place, and gets no second one."""
    log_format = LogFormat.parse(given)
    assert judge(TIME + b" 2 192.0.2.1", log_format) == (log_format, False)


@pytest.mark.parametrize(
    ("line", "given", "is_header"),
    [
        (b"version srcaddr dstport", TEXT_FIRST, True),
        (b"srcaddr version", TEXT_FIRST, True),
        (b"version srcaddr", TEXT_FIRST, False),
        (b"srcaddr", TEXT_FIRST, False),
        (b"new-one other", LogFormat.parse("new_one other"), True),
        (b"new_one other", LogFormat.parse("new-one other"), True),
    ],
)
def test_a_files_own_header_wins_over_a_given_format(
    line: bytes, given: LogFormat, is_header: bool
) -> None:
    """With a format given, a header has three known names or repeats that format."""
    log_format, taken = judge(line, given)
    assert taken is is_header
    assert log_format == (LogFormat.parse(line.decode()) if is_header else given)


def test_a_first_line_over_64_kib_is_no_header() -> None:
    """A line over 64 KiB can be no header: it is judged by log_format, or the format unknown."""
    line = b"version srcaddr dstport"
    given = LogFormat.parse("start end")
    assert judge_first_line(line, too_long=True, given=given, place=PLACE) == (given, False)
    with pytest.raises(LogFormatError, match="pass log_format"):
        judge_first_line(line, too_long=True, given=None, place=PLACE)


@pytest.mark.parametrize(
    ("line", "is_header"),
    [
        (b"srcaddr new-one", True),
        (b"srcaddr new_one", True),
        (b"\tsrcaddr   new-one \r", True),
        (b"start end", False),
        (b"srcaddr", False),
        (b"srcaddr new-one x", False),
        (b"srcaddr dstaddr x", False),
        (b"srcaddr dstaddr x bytes", True),
        (b"srcaddr dstaddr - bytes", False),
        (b"bytes bytes bytes", True),
        (b"Srcaddr new-one", False),
    ],
)
def test_the_core_judges_later_lines_by_the_same_rule(line: bytes, is_header: bool) -> None:
    """With a format in force, a header has three known names or repeats that format."""
    in_force = LogFormat.parse("srcaddr new-one")
    given = read_header(line.strip(b" \t\r").split(), in_force=in_force)
    assert (given is not None) is is_header
    text = b"\n".join([b"192.0.2.1 a", line, b""])
    options = {"log_format": in_force, "on_reject": "collect", "columns": ["line"]}
    with flowparse.open_reader(text, **options) as reader:
        reader.read_all()
    assert reader.counts.headers == is_header


def test_an_error_shows_the_place_of_the_first_line_that_is_not_blank() -> None:
    """Blank lines before the first line count in its line number and byte offset."""
    with pytest.raises(LogFormatError) as caught:
        flowparse.read_table(b"\xef\xbb\xbf\n \t\r\nhello\n", on_reject="collect")
    assert str(caught.value).startswith("<bytes>, line 3, byte 8: not a header")


@pytest.mark.parametrize("on_reject", ["warn", "collect", "raise"])
def test_an_unknown_format_is_an_error_whatever_on_reject_says(on_reject: str) -> None:
    """No format and no record of the default one is a LogFormatError, under every on_reject."""
    with pytest.raises(LogFormatError):
        flowparse.read_table(b"hello world\n", on_reject=on_reject)
    with pytest.raises(LogFormatError):
        flowparse.open_reader(b"hello world\n", on_reject=on_reject).read_all()
