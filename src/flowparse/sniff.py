"""Floor 2: the log format of a source, from its first line and nothing more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowparse import _core
from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.judge import judge_first_line
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.sources import Small, Source, TextStream, open_text, read_small

__all__ = ["Found", "Opened", "find_format", "sniff_format"]

ToldBy: TypeAlias = Literal["header", "first record", "log_format"]


@dataclass(slots=True)
class Opened:
    """A source that was read a little: what was read, if that is kept, and damage met there."""

    text: TextStream
    keep: bool
    pieces: list[bytes] = field(default_factory=list)
    error: FlowparseError | None = None

    def reach_first_line(self, parser: _core.Parser) -> bool:
        """Bring the parser to the first line that is not blank; False: there is none."""
        parser.begin(b"")
        while (event := parser.step()) == _core.EVENT_INPUT:
            self._feed(parser)
        return event != _core.EVENT_END

    def _feed(self, parser: _core.Parser) -> None:
        try:
            piece = next(self.text, None)
        except (InflateError, SourceError) as error:
            self.error = error
            parser.finish(isinstance(error, InflateError) and error.whole)
            return
        if piece is None:
            parser.finish(True)
        else:
            if self.keep:
                self.pieces.append(piece)
            parser.write(piece)


@dataclass(frozen=True, slots=True)
class Found:
    """What the first line of a source says.

    Attributes
    ----------
    log_format : LogFormat
        As AWS has it: without the time that a CloudWatch export writes before each record.
    told_by : {"header", "first record", "log_format"}
        Where it comes from.
    exported : bool
        The lines begin with such a time.
    """

    log_format: LogFormat
    told_by: ToldBy
    exported: bool


def find_format(source: Source, given: LogFormat | None = None) -> Found | None:
    r"""The format of a source; None where there is no line in it.

    Parameters
    ----------
    source : Source
        One of `flowparse.sources.list_sources`.
    given : LogFormat, optional
        What is in force where the source has no header.

    Raises
    ------
    LogFormatError
        The first line is neither a header nor a record of the default format, and no format
        was given.
    InflateError, SourceError
        The source cannot be read so far.

    Examples
    --------
    >>> from flowparse.sources import list_sources
    >>> [source] = list_sources(b"version srcaddr dstport\n")
    >>> find_format(source).told_by
    'header'
    """
    with open_text(source) as text:
        opened = Opened(text, keep=False)
        parser = _core.Parser()
        if not opened.reach_first_line(parser):
            if opened.error is not None:
                raise opened.error
            return None
        log_format, is_header = _judge(parser, given, source.name)
    exported = log_format.fields[0] == EXPORT_TIMESTAMP and len(log_format) > 1
    if exported:
        log_format = LogFormat(log_format.fields[1:])
    told_by: ToldBy = "header" if is_header else "log_format" if given else "first record"
    return Found(log_format, told_by, exported)


def sniff_format(
    source: Source, given: LogFormat | None, parser: _core.Parser
) -> tuple[LogFormat | None, Opened | Small | None]:
    """Format of a source's first line, and what was read of it: all, if it is small, or the
    beginning, if it can be read only once.

    The parser is lent, since making one costs more than a first line does. What is wrong with
    the source is left for its reading to say: here it has no format.
    """
    small = read_small(source)
    if small is not None:
        return _judge_small(small, given, parser), small
    try:
        opened = Opened(open_text(source), keep=not source.rereadable)
    except SourceError:
        return None, None
    log_format = _judge_quietly(opened, given, parser)
    if not source.rereadable:
        return log_format, opened
    opened.text.close()
    return log_format, None


def _judge_small(small: Small, given: LogFormat | None, parser: _core.Parser) -> LogFormat | None:
    event, _ = parser.take(b"", small.text, None, None)
    try:
        return _judge(parser, given, "")[0] if event == _core.EVENT_FIRST_LINE else None
    except FlowparseError:
        return None


def _judge_quietly(
    opened: Opened, given: LogFormat | None, parser: _core.Parser
) -> LogFormat | None:
    if not opened.reach_first_line(parser):
        return None
    try:
        return _judge(parser, given, "")[0]
    except FlowparseError:
        return None


def _judge(parser: _core.Parser, given: LogFormat | None, name: str) -> tuple[LogFormat, bool]:
    line, number, byte_offset, too_long = parser.line()
    place = f"{name}, line {number}, byte {byte_offset}"
    return judge_first_line(line, too_long=too_long, given=given, place=place)
