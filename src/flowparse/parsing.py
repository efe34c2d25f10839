"""Floor 2: sources through the core, one after another. Stages "format" to "export".

The core stops where it needs a decision: more bytes, the format of a first line or of a later
header, a full batch. This module takes the decisions; it sees lines only there. Rows of
sources with the same format gather in one batch, since a batch costs more than a small object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa

from flowparse import _core
from flowparse.delivered import Delivered
from flowparse.enveloped import Enveloped
from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.items import (
    ColumnsUnread,
    Ended,
    FormatSeen,
    Gathered,
    Item,
    Progressed,
    counts_of,
)
from flowparse.judge import judge_first_line, read_header
from flowparse.layouts import Layouts
from flowparse.logformat import LogFormat
from flowparse.rejects import Reject, first_reject, rejects_batch
from flowparse.request import Request
from flowparse.schema import Column
from flowparse.sniff import Opened, format_given
from flowparse.sources import (
    Ahead,
    EventPiece,
    SeekableFile,
    Small,
    Source,
    TextStream,
    open_text,
    read_small,
)
from flowparse.workers import Spare

__all__ = ["SourceParser"]

_PROGRESS_BYTES: Final = 4 << 20
#: The first batch of a stream comes early; the next ones grow to the full size.
_FIRST_ROWS: Final = 2048
_GROWTH: Final = 8


class SourceParser:
    """Parses sources one after another, on one thread.

    Parameters
    ----------
    request : Request
    fixed : tuple of Column or None
        The columns of a stream, whatever the formats; None: each format's own.
    spare : Spare, optional
        Threads that may unpack what this one parses.
    """

    def __init__(
        self,
        request: Request,
        fixed: tuple[Column, ...] | None,
        *,
        spare: Spare | None = None,
    ) -> None:
        self.request = request
        self.fixed = fixed
        self.spare = spare
        self.parser = _core.Parser()
        self.batch_rows = _core.BATCH_ROWS
        self.layouts = Layouts(request, fixed)
        self.known = _Known()
        self.gathered = Gathered()

    def parse(
        self,
        sources: Iterable[Source],
        opened: Sequence[Opened | Small | None] = (),
        *,
        early: bool = False,
    ) -> Iterator[Item]:
        """The items of sources, in order; a batch may hold rows of several.

        Parameters
        ----------
        sources : iterable of Source
        opened : sequence of Opened, Small or None
            What was read of each before; where it is shorter than the sources, nothing was.
        early : bool
            Give the first rows soon, in small batches.

        Raises
        ------
        LogFormatError, RecordError, InflateError, SourceError, ValueError
            As `flowparse.read_table` says.
        """
        self.parser.begin(b"")
        self.gathered = Gathered()
        self._set_batch(_FIRST_ROWS if early else _core.BATCH_ROWS)
        for number, source in enumerate(sources):
            before = opened[number] if number < len(opened) else None
            yield from _OneSource(self, source, before).run()
        yield from self.export_rows()

    def export_rows(self, most: int | None = None) -> Iterator[Item]:
        """The rows that wait, or the first of them, and then what is to be known of their
        sources.
        """
        gathered = self.gathered
        if self.parser.rows and gathered.seen is not None:
            batch = self._export_batch(gathered.seen, gathered.events)
            if most is None or most > 0:
                yield batch.slice(0, most)
            gathered.rows_before = 0
            if self.batch_rows < _core.BATCH_ROWS:
                self._set_batch(min(self.batch_rows * _GROWTH, _core.BATCH_ROWS))
        yield from gathered.take_ended()

    def _export_batch(self, seen: FormatSeen, events: Enveloped | None) -> pa.RecordBatch:
        if events is None or not seen.filled:
            return self.parser.export(seen.schema)
        batch = events.fill(self.parser.export, seen.schema, seen.filled)
        events.forget(but_last=True)
        return batch

    def _set_batch(self, rows: int) -> None:
        self.batch_rows = rows
        self.parser.set_batch(rows)


def _is_alike(one: FormatSeen | None, other: FormatSeen) -> bool:
    """Filters on the source have a layout for each source, of the same columns."""
    return (
        one is not None
        and one.log_format == other.log_format
        and one.schema == other.schema
        and not (one.filled or other.filled)
    )


class _Known:
    """The header that a source had last: the next one's is likely to be the same."""

    header: bytes | None = None
    layout: _core.Layout | None = None
    seen: FormatSeen | None = None


class _OneSource:
    """The decisions for one source."""

    def __init__(self, owner: SourceParser, source: Source, opened: Opened | Small | None) -> None:
        self.owner = owner
        self.parser = owner.parser
        self.gathered = owner.gathered
        self.source = source
        self.opened = None if isinstance(opened, Small) else opened
        self.small = opened if isinstance(opened, Small) else None
        self.seen: FormatSeen | None = None
        self.rejects: list[pa.RecordBatch] = []
        self.first: Reject | None = None
        self.error: FlowparseError | None = None
        self.reported_bytes = 0
        self.ahead: Ahead | None = None
        self.events: Enveloped | None = None
        self.layout: _core.Layout | None = None  # whose filter is another for each piece
        self.delivered: Delivered | None = None

    def run(self) -> Iterator[Item]:
        name = self.source.name.encode("utf-8", "backslashreplace")
        small = self.small or (None if self.opened else read_small(self.source))
        self.gathered.rows_before = self.parser.rows
        bytes_read = 0
        try:
            if small is not None:
                bytes_read = small.bytes_read
                yield from self._run_small(name, small.text)
            else:
                self.parser.next(name)
                with self._open() as text:
                    try:
                        if text.parquet is not None:
                            yield from self._run_delivered(text.parquet, text)
                        else:
                            yield from self._steps(self.parser.step(), text)
                    finally:
                        self._stop_ahead()
                        bytes_read = text.bytes_read
        except SourceError as error:  # it cannot be opened
            yield from self._fail(error)
        yield Progressed(bytes_read - self.reported_bytes)
        if self.first is None and self.error is None:
            self.gathered.add_sound(self.source.name, self._counts(), bytes_read)
        else:
            self.gathered.add(self._ended(bytes_read))

    def _run_small(self, name: bytes, text: bytes) -> Iterator[Item]:
        known = self.owner.known
        header, layout = (
            (None, None) if self.owner.layouts.by_source else (known.header, known.layout)
        )
        if header is not None and known.seen is not None:
            yield from self._begin_columns(known.seen)
        event, matched = self.parser.take(name, text, header, layout)
        if matched:
            self.seen = known.seen
        yield from self._steps(event, None)

    def _run_delivered(self, file: SeekableFile, text: TextStream) -> Iterator[Item]:
        """Parquet has its rows in columns: they do not come through the core."""
        yield from self.owner.export_rows()
        spare = self._take_spare()
        try:
            request, fixed = self.owner.request, self.owner.fixed
            delivered = Delivered(file, request, fixed, use_threads=spare is not None)
            self.delivered = delivered
            yield from self._begin_columns(delivered.seen)
            if delivered.unread:
                yield ColumnsUnread(self.source.name, delivered.unread)
            for batch in delivered.batches():
                if batch is not None:
                    yield batch
                yield from self._progress(text)
            yield Progressed(file.size - self.reported_bytes)  # what need not be read is done
            self.reported_bytes = text.bytes_read
        finally:
            if spare is not None:
                spare.give_back()
            if self.delivered is not None:
                self.first, self.rejects = self.delivered.first, self.delivered.rejects

    def _take_spare(self) -> Spare | None:
        """A thread that is left over, where Arrow may have all: it knows one number of threads."""
        spare, threads = self.owner.spare, self.owner.request.threads
        if spare is None or threads < pa.cpu_count() or not spare.take():
            return None
        return spare

    def _counts(self) -> tuple[int, ...]:
        return self.parser.counts() if self.delivered is None else self.delivered.counts

    def _open(self) -> TextStream:
        return self.opened.text if self.opened else open_text(self.source)

    def _pieces(self, text: TextStream | None) -> Iterator[bytes]:
        if self.opened:
            yield from self.opened.pieces
            if self.opened.error:
                raise self.opened.error
        if text is None:
            return
        # A pipe may give nothing for long: a thread that waits for it could not be ended.
        spare = self.owner.spare if self.source.rereadable else None
        while True:
            if self.ahead is None and spare is not None and spare.take():
                self.ahead = Ahead(text)
            piece = next(self.ahead or text, None)
            if piece is None:
                return
            yield piece

    def _stop_ahead(self) -> None:
        if self.ahead is not None and self.owner.spare is not None:
            self.ahead.close()
            self.ahead = None
            self.owner.spare.give_back()

    def _steps(self, event: int, text: TextStream | None) -> Iterator[Item]:
        parser, pieces = self.parser, self._pieces(text)
        while event != _core.EVENT_END:
            if event == _core.EVENT_INPUT:
                if self.events is not None:
                    yield from self._pass_events(self.events)
                self._feed(pieces)
                if text is not None:
                    yield from self._progress(text)
            elif event == _core.EVENT_BATCH:
                yield from self._export_rejects()
                yield from self.owner.export_rows()
            else:
                yield from self._export_rejects()
                yield from self._change_format(event)
            event = parser.step()
        yield from self._export_rejects()
        if self.error is not None:
            yield from self._fail(self.error)

    def _progress(self, text: TextStream) -> Iterator[Item]:
        if text.bytes_read - self.reported_bytes >= _PROGRESS_BYTES:
            yield Progressed(text.bytes_read - self.reported_bytes)
            self.reported_bytes = text.bytes_read

    def _feed(self, pieces: Iterator[bytes]) -> None:
        try:
            piece = next(pieces, None)
        except (InflateError, SourceError) as error:
            self.error = error
            self.parser.finish(isinstance(error, InflateError) and error.whole)
            return
        if piece is None:
            self.parser.finish(True)
        elif isinstance(piece, EventPiece):
            self._feed_events(piece)
        else:
            self.parser.write(piece)

    def _feed_events(self, piece: EventPiece) -> None:
        if self.events is None:
            self.events = Enveloped()
        self.events.take(piece.lines)
        if self.layout is not None and self.seen is not None:
            terms = self.owner.layouts.terms(self.seen.log_format, self.source.name, self.events)
            self.layout.refilter(terms or [])
        self.parser.write(bytes(piece))

    def _pass_events(self, events: Enveloped) -> Iterator[Item]:
        """The core has used all lines: they are kept only for the rows that need them."""
        yield from self._export_rejects()
        needed = self.parser.rows > 0 and self.seen is not None and bool(self.seen.filled)
        if needed and events.is_full:
            yield from self.owner.export_rows()
            needed = False
        if not needed:
            events.forget()

    def _change_format(self, event: int) -> Iterator[Item]:
        line, number, byte_offset, too_long = self.parser.line()
        if event == _core.EVENT_FIRST_LINE:
            try:
                log_format, taken = judge_first_line(
                    line,
                    too_long=too_long,
                    given=format_given(self.source, self.owner.request.log_format),
                    place=f"{self.source.name}, {self._place(number, byte_offset)}",
                )
            except FlowparseError:
                yield from self.owner.export_rows()
                raise
        else:
            header = read_header(line.strip(b" \t\r").split(), in_force=None)
            assert header is not None  # the core judged it by the same rule
            log_format, taken = header, True
        try:
            layout, self.seen = self._layout(log_format)
        except ValueError:  # a format that the options do not fit
            yield from self.owner.export_rows()
            raise
        yield from self._begin_columns(self.seen)
        self.parser.use(layout, taken)
        if event == _core.EVENT_FIRST_LINE and taken and self.events is None:
            known = self.owner.known
            known.header, known.layout, known.seen = line, layout, self.seen

    def _place(self, line: int, byte_offset: int) -> str:
        if self.events is not None:
            return f"event {self.events.number_of(line)}"
        return f"line {line}, byte {byte_offset}"

    def _layout(self, log_format: LogFormat) -> tuple[_core.Layout, FormatSeen]:
        layouts, name = self.owner.layouts, self.source.name
        if self.events is None or not (layouts.by_event or layouts.fills(log_format)):
            return layouts.layout(log_format, name)
        layout, seen = layouts.event_layout(log_format, name, self.events)
        self.layout = layout if layouts.by_event else None
        return layout, seen

    def _begin_columns(self, seen: FormatSeen) -> Iterator[Item]:
        """Rows of another format go first: a batch has one."""
        if self.gathered.seen is not seen:
            if not _is_alike(self.gathered.seen, seen):
                yield from self.owner.export_rows()
                yield seen
            self.gathered.seen, self.gathered.events = seen, self.events

    def _export_rejects(self) -> Iterator[Item]:
        if self.seen is None or not self.parser.rejects:
            return
        raw = self.parser.export_rejects()
        if self.events is not None:
            raw = self.events.renumber(raw)
        if self.first is None:
            self.first = first_reject(raw, self.source.name, self.seen.log_format)
        if self.owner.request.on_reject == "raise":
            yield from self.owner.export_rows(self.gathered.rows_before)
            raise self.first.error()
        self.rejects.append(rejects_batch(raw, self.source.name, self.seen.log_format))

    def _fail(self, error: FlowparseError) -> Iterator[Item]:
        """Keep what was read before the damage, or say how much that was."""
        kept = self._counts()[0]
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
            yield from self.owner.export_rows()
            raise error
        self.error = error

    def _ended(self, bytes_read: int) -> Ended:
        counts = counts_of(self._counts(), objects=1, bytes_read=bytes_read)
        return Ended(self.source.name, counts, self.rejects, self.first, self.error)
