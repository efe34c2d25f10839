"""Floor 2: the log formats of sources, from their first lines and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowparse import _core
from flowparse.delivered import format_of
from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.judge import judge_first_line
from flowparse.keys import parse_key
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.sources import (
    EventPiece,
    EventSource,
    Small,
    Source,
    TextStream,
    is_ranged,
    open_text,
    read_small,
)

__all__ = ["Found", "Opened", "find_format", "format_given", "sniff_formats"]

ToldBy: TypeAlias = Literal["header", "footer", "first record", "log_format"]


@dataclass(slots=True)
class Opened:
    """A source that was read a little: what was read, if that is kept, and damage met there."""

    text: TextStream
    keep: bool
    pieces: list[bytes] = field(default_factory=list)
    error: FlowparseError | None = None
    enveloped: bool = False

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
            self.enveloped = isinstance(piece, EventPiece)
            parser.write(bytes(piece) if self.enveloped else piece)


@dataclass(frozen=True, slots=True)
class Found:
    """What the first line of a source says.

    Attributes
    ----------
    log_format : LogFormat
        As AWS has it: without the time that a CloudWatch export writes before each record.
    told_by : {"header", "footer", "first record", "log_format"}
        Where it comes from; the footer is that of Parquet.
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
        if text.parquet is not None:
            return Found(format_of(text.parquet), "footer", False)
        opened = Opened(text, keep=False)
        parser = _core.Parser()
        if not opened.reach_first_line(parser):
            if opened.error is not None:
                raise opened.error
            return None
        given = format_given(source, given)
        log_format, is_header = _judge(parser, given, source.name, opened.enveloped)
    exported = log_format.fields[0] == EXPORT_TIMESTAMP and len(log_format) > 1
    if exported:
        log_format = LogFormat(log_format.fields[1:])
    told_by: ToldBy = "header" if is_header else "log_format" if given else "first record"
    return Found(log_format, told_by, exported)


def format_given(source: Source, given: LogFormat | None) -> LogFormat | None:
    """The caller's `log_format`; without one, what a log group's flow logs are known to have.

    Raises
    ------
    LogFormatError
        They have several.
    SourceError
        The question is refused, for another reason than that the caller may not ask.
    """
    return source.find_format() if given is None and isinstance(source, EventSource) else given


def sniff_formats(
    sources: Sequence[Source], given: LogFormat | None, parser: _core.Parser
) -> Iterator[tuple[int, LogFormat | None, Opened | Small | None]]:
    """Formats of the sources' first lines, and what was read of them.

    Parameters
    ----------
    sources : sequence of Source
    given : LogFormat or None
        What is in force where a source has no header.
    parser : Parser
        It is lent, since making one costs more than a first line does.

    Yields
    ------
    number : int
        Of the source. One object of the network speaks for all of its flow log, whose format
        cannot change.
    log_format : LogFormat or None
        None where something is wrong with the source: its reading will say what.
    opened : Opened, Small or None
        All of it, if it is small, or its beginning, if it can be read only once.
    """
    remote = [number for number, source in enumerate(sources) if is_ranged(source)]
    found = _sniff_remote(sources, _one_a_flow_log(sources, remote), given) if remote else {}
    for number, source in enumerate(sources):
        if not is_ranged(source):
            yield number, *_sniff(source, given, parser)
        elif number in found:
            yield number, *found[number]


def _one_a_flow_log(sources: Sequence[Source], numbers: Iterable[int]) -> list[int]:
    """The first source of each flow log, and every one whose name does not tell it."""
    first: dict[str, int] = {}
    for number in numbers:
        key = parse_key(sources[number].name)
        first.setdefault(sources[number].name if key is None else key.flow_log_id, number)
    return list(first.values())


def _sniff_remote(
    sources: Sequence[Source], numbers: Sequence[int], given: LogFormat | None
) -> dict[int, tuple[LogFormat | None, Opened | Small | None]]:
    """Many at a time: what takes long is waiting for the answer."""
    most = max(source.connections for source in sources if is_ranged(source))
    with ThreadPoolExecutor(min(most, len(numbers)), "flowparse-sniff") as pool:

        def sniff(number: int) -> tuple[LogFormat | None, Opened | Small | None]:
            return _sniff(sources[number], given, _core.Parser())

        return dict(zip(numbers, pool.map(sniff, numbers), strict=True))


def _sniff(
    source: Source, given: LogFormat | None, parser: _core.Parser
) -> tuple[LogFormat | None, Opened | Small | None]:
    small = read_small(source)
    if small is not None:
        return _judge_small(small, given, parser), small
    try:
        opened = Opened(open_text(source), keep=not source.rereadable)
    except SourceError:
        return None, None
    log_format = _judge_quietly(opened, source, given, parser)
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
    opened: Opened, source: Source, given: LogFormat | None, parser: _core.Parser
) -> LogFormat | None:
    try:
        if opened.text.parquet is not None:
            return format_of(opened.text.parquet)
        if not opened.reach_first_line(parser):
            return None
        return _judge(parser, format_given(source, given), "")[0]
    except FlowparseError:
        return None


def _judge(
    parser: _core.Parser, given: LogFormat | None, name: str, enveloped: bool = False
) -> tuple[LogFormat, bool]:
    line, number, byte_offset, too_long = parser.line()
    place = f"{name}, event {number}" if enveloped else f"{name}, line {number}, byte {byte_offset}"
    return judge_first_line(line, too_long=too_long, given=given, place=place)
