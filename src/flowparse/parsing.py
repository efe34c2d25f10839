"""Floor 2: one source through the core. Stages "format" to "export".

The core stops where it needs a decision: more bytes, the format of a first line or of a later
header, a full batch. This module takes the decisions; it sees lines only there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pyarrow as pa

from flowparse import _core
from flowparse.counts import Counts
from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.filters import layout_terms
from flowparse.judge import judge_first_line, read_header
from flowparse.logformat import LogFormat
from flowparse.rejects import Reject, first_reject, rejects_batch
from flowparse.request import Request
from flowparse.schema import Column, check_of, schema_of
from flowparse.sniff import Opened
from flowparse.sources import Source, TextStream, open_text

__all__ = ["Ended", "FormatSeen", "Item", "Progressed", "SourceParser"]

_PROGRESS_BYTES = 4 << 20
_LAYOUTS_KEPT = 256


@dataclass(frozen=True, slots=True)
class FormatSeen:
    """A format came into force: its columns, and those of it that the stream leaves out."""

    log_format: LogFormat
    schema: pa.Schema
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progressed:
    """So many more bytes were taken from a source."""

    bytes_read: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A source is read, as far as it could be."""

    source: str
    counts: Counts
    rejects: list[pa.RecordBatch] = field(default_factory=list)
    first: Reject | None = None
    error: FlowparseError | None = None


#: What a source gives: its batches, and what is to be known beside them.
Item: TypeAlias = pa.RecordBatch | FormatSeen | Progressed | Ended


class SourceParser:
    """Parses sources one after another, on one thread.

    Parameters
    ----------
    request : Request
    fixed : tuple of Column or None
        The columns of a stream, whatever the formats; None: each format's own.
    """

    def __init__(self, request: Request, fixed: tuple[Column, ...] | None) -> None:
        self.request = request
        self.fixed = fixed
        self.parser = _core.Parser()
        self.layouts: dict[tuple[LogFormat, str], tuple[_core.Layout, FormatSeen]] = {}

    def parse(self, source: Source, opened: Opened | None = None) -> Iterator[Item]:
        """The items of one source; last an `Ended`.

        Raises
        ------
        LogFormatError, RecordError, InflateError, SourceError, ValueError
            As `flowparse.read_table` says.
        """
        yield from _OneSource(self, source, opened).run()

    def layout(self, log_format: LogFormat, source: str) -> tuple[_core.Layout, FormatSeen]:
        """The core's layout for a format. Made once, unless the filter looks at the source."""
        by_source = any(c.column == "source" for group in self.request.filters for c in group)
        key = (log_format, source if by_source else "")
        if key not in self.layouts:
            if len(self.layouts) >= _LAYOUTS_KEPT:  # headers without end are no reason to grow
                self.layouts.clear()
            self.layouts[key] = self._make_layout(log_format, source)
        return self.layouts[key]

    def _make_layout(self, log_format: LogFormat, source: str) -> tuple[_core.Layout, FormatSeen]:
        request = self.request
        own = request.columns_of(log_format)
        columns = own if self.fixed is None else self.fixed
        terms = layout_terms(request.filters, request.window, log_format, request.schema, source)
        place = {name: at for at, name in reversed(list(enumerate(log_format.fields)))}
        layout = _core.Layout(
            [(name, *check_of(name)) for name in log_format.fields],
            [(c.kind, place.get(c.field, -1) if c.field else -1) for c in columns],
            terms,
        )
        names = {column.name for column in columns}
        left_out = tuple(column.name for column in own if column.name not in names)
        return layout, FormatSeen(log_format, schema_of(columns), left_out)


class _OneSource:
    """The decisions for one source."""

    def __init__(self, owner: SourceParser, source: Source, opened: Opened | None) -> None:
        self.owner = owner
        self.parser = owner.parser
        self.source = source
        self.opened = opened
        self.seen: FormatSeen | None = None
        self.rejects: list[pa.RecordBatch] = []
        self.first: Reject | None = None
        self.error: FlowparseError | None = None
        self.reported_bytes = 0

    def run(self) -> Iterator[Item]:
        self.parser.begin(self.source.name.encode("utf-8", "backslashreplace"))
        bytes_read = 0
        try:
            with self._open() as text:
                yield from self._steps(text)
                bytes_read = text.bytes_read
        except SourceError as error:  # it cannot be opened
            self._fail(error)
        yield Progressed(bytes_read - self.reported_bytes)
        yield Ended(
            self.source.name, self._counts(bytes_read), self.rejects, self.first, self.error
        )

    def _open(self) -> TextStream:
        return self.opened.text if self.opened else open_text(self.source)

    def _pieces(self, text: TextStream) -> Iterator[bytes]:
        if self.opened:
            yield from self.opened.pieces
            if self.opened.error:
                raise self.opened.error
        yield from text

    def _steps(self, text: TextStream) -> Iterator[Item]:
        parser, pieces = self.parser, self._pieces(text)
        while (event := parser.step()) != _core.EVENT_END:
            if event == _core.EVENT_INPUT:
                self._feed(pieces)
                if text.bytes_read - self.reported_bytes >= _PROGRESS_BYTES:
                    yield Progressed(text.bytes_read - self.reported_bytes)
                    self.reported_bytes = text.bytes_read
            elif event == _core.EVENT_BATCH:
                yield from self._export()
            else:
                yield from self._export()
                yield self._change_format(event)
        yield from self._export()
        if self.error is not None:
            self._fail(self.error)

    def _feed(self, pieces: Iterator[bytes]) -> None:
        try:
            piece = next(pieces, None)
        except (InflateError, SourceError) as error:
            self.error = error
            self.parser.finish(isinstance(error, InflateError) and error.whole)
            return
        if piece is None:
            self.parser.finish(True)
        else:
            self.parser.write(piece)

    def _change_format(self, event: int) -> FormatSeen:
        line, number, byte_offset, too_long = self.parser.line()
        if event == _core.EVENT_FIRST_LINE:
            log_format, taken = judge_first_line(
                line,
                too_long=too_long,
                given=self.owner.request.log_format,
                place=f"{self.source.name}, line {number}, byte {byte_offset}",
            )
        else:
            header = read_header(line.strip(b" \t\r").split(), in_force=None)
            assert header is not None  # the core judged it by the same rule
            log_format, taken = header, True
        layout, self.seen = self.owner.layout(log_format, self.source.name)
        self.parser.use(layout, taken)
        return self.seen

    def _export(self) -> Iterator[Item]:
        if self.seen is None:
            return
        if self.parser.rejects:
            raw = self.parser.export_rejects()
            if self.first is None:
                self.first = first_reject(raw, self.source.name, self.seen.log_format)
            if self.owner.request.on_reject == "raise":
                raise self.first.error()
            self.rejects.append(rejects_batch(raw, self.source.name, self.seen.log_format))
        if self.parser.rows:
            yield self.parser.export(self.seen.schema)

    def _fail(self, error: FlowparseError) -> None:
        """Keep what was read before the damage, or say how much that was."""
        kept = self.parser.counts()[0]
        collect = self.owner.request.on_reject == "collect"
        if isinstance(error, InflateError):
            error = InflateError(
                error.source,
                error.offset,
                error.damage,
                whole=error.whole,
                records_kept=kept,
                collected=collect,
            )
        if not collect:
            raise error
        self.error = error

    def _counts(self, bytes_read: int) -> Counts:
        *lines, bytes_text = self.parser.counts()
        return replace(Counts(*lines), objects=1, bytes_read=bytes_read, bytes_text=bytes_text)
