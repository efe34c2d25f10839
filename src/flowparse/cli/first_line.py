"""Floor 5: the log format of a source, from its first line and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowparse import _core
from flowparse.judge import judge_first_line
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.sources import Source, TextStream, open_text

__all__ = ["Found", "find_format"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the first line of a source says.

    Attributes
    ----------
    log_format : LogFormat
        As AWS has it: without the time that a CloudWatch export writes before each record.
    told_by : {"header", "first record", "--log-format"}
        Where it comes from.
    exported : bool
        The lines begin with such a time.
    """

    log_format: LogFormat
    told_by: Literal["header", "first record", "--log-format"]
    exported: bool


def find_format(source: Source, given: LogFormat | None) -> Found | None:
    """The format of a source; None where there is nothing in it.

    Raises
    ------
    LogFormatError
        The first line is neither a header nor a record of the default format, and no format
        was given.
    InflateError, SourceError
        The source cannot be read so far.
    """
    parser = _core.Parser()
    parser.begin(b"")
    with open_text(source) as text:
        if not _reach_first_line(parser, text):
            return None
    line, number, byte_offset, too_long = parser.line()
    place = f"{source.name}, line {number}, byte {byte_offset}"
    log_format, is_header = judge_first_line(line, too_long=too_long, given=given, place=place)
    told_by: Literal["first record", "--log-format"] = "--log-format" if given else "first record"
    exported = log_format.fields[0] == EXPORT_TIMESTAMP
    if exported and len(log_format) > 1:
        log_format = LogFormat(log_format.fields[1:])
    return Found(log_format, "header" if is_header else told_by, exported)


def _reach_first_line(parser: _core.Parser, text: TextStream) -> bool:
    """Feed the core until it has the first line that is not blank."""
    while (event := parser.step()) == _core.EVENT_INPUT:
        piece = next(text, None)
        if piece is None:
            parser.finish(True)
        else:
            parser.write(piece)
    return bool(event != _core.EVENT_END)
