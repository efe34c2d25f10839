"""Floor 2: log events become lines of text, and each line remembers its event.

Stage "inflate", for what CloudWatch Logs hands on: `envelope` reads events from JSON,
`cloudwatch` from the service. Here they become pieces of text for the core, and beside each
piece stands what no line says: the number of its event, its time, its group and stream.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from flowparse.errors import FlowparseError
from flowparse.logformat import LogFormat
from flowparse.request import Request

if TYPE_CHECKING:
    from flowparse.sources.local import Reader

__all__ = ["EventLines", "EventPiece", "EventReader", "EventSource", "Events", "encode", "lay_out"]

#: A piece of text ends with the document that makes it as long as this, or at so many events.
_PIECE_CHARACTERS: Final = 256 * 1024
_PIECE_EVENTS: Final = 4096

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# The years 1 to 9999, as in a text's times.
_EARLIEST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class Events:
    """Events that follow each other in one log stream.

    Attributes
    ----------
    log_group, log_stream : str or None
        None where the envelope does not say.
    messages : sequence
        One an event: text of any number of lines. What is not text is judged as its JSON.
    timestamps : sequence
        One an event: milliseconds since 1970; what is no such number counts as null.
    """

    log_group: str | None
    log_stream: str | None
    messages: Sequence[Any]
    timestamps: Sequence[Any]


@dataclass(frozen=True, slots=True)
class EventLines:
    """What the lines of one piece of text are.

    Attributes
    ----------
    first_line : int
        In the text of the source, from 1.
    numbers : sequence of int
        One a line: the number of its event in the source, from 1.
    timestamps : list of int or None
        One a line: milliseconds since 1970.
    streams : list of (str or None, str or None, int)
        Log group, log stream, and how many lines on from the last entry they hold for.
    """

    first_line: int
    numbers: Sequence[int]
    timestamps: list[int | None]
    streams: list[tuple[str | None, str | None, int]]


class EventSource(ABC):
    """A source that has events and no bytes. It grows: what one reading gets, is that reading's."""

    name: str
    size: None = None
    version: None = None
    rereadable = False

    def open(self, offset: int = 0) -> Reader:
        """Refuse: there are no bytes."""
        raise TypeError(f"{self.name} has events: open_text reads them")

    @abstractmethod
    def begin(self, request: Request) -> EventSource:
        """The source for one reading of what a call asks for."""

    @abstractmethod
    def read_events(self) -> Iterator[Events]:
        """The events, in the order in which they are numbered."""

    @abstractmethod
    def find_format(self) -> LogFormat | None:
        """The format of the messages, where somebody knows it."""


class EventReader:
    """One pass over the events of such a source, as pieces of text.

    Attributes
    ----------
    taken : int
        Bytes of text so far.
    """

    def __init__(self, source: EventSource) -> None:
        self.taken = 0
        self._pieces = lay_out(source.read_events())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EventPiece:
        piece = next(self._pieces)
        self.taken += len(piece)
        return piece

    def close(self) -> None:
        """End the pass."""
        self._pieces = iter(())


class EventPiece(bytes):
    """A piece of text that ends with a newline, and what its lines are."""

    lines: EventLines


def lay_out(events: Iterable[Events]) -> Iterator[EventPiece]:
    r"""The text of events, in pieces that are never cut within a line.

    Parameters
    ----------
    events : iterable of Events
        In the order in which they are numbered.

    Yields
    ------
    EventPiece
        A message is a line, without a newline at its end; one with newlines within is several
        lines of one event, and an empty one is a blank line.

    Raises
    ------
    FlowparseError
        As `events` does, after all events before it.

    Examples
    --------
    >>> [piece] = lay_out([Events("/vpc", "eni-1", ["2 a", "2 b\n2 c"], [0, 1000])])
    >>> bytes(piece), piece.lines.numbers, piece.lines.timestamps
    (b'2 a\n2 b\n2 c\n', [1, 2, 2], [0, 1000, 1000])
    """
    making = _Making(1, 1)
    try:
        for part in (part for one in events for part in _cut(one)):
            making.add(part)
            if making.is_full:
                yield making.piece()
                making = making.next()
    except FlowparseError:
        if making.texts:
            yield making.piece()
        raise
    if making.texts:
        yield making.piece()


def _cut(events: Events) -> Iterator[Events]:
    """The same events; a long document is not one list of lines."""
    n = len(events.messages)
    if n <= _PIECE_EVENTS:
        if n:
            yield events
        return
    for at in range(0, n, _PIECE_EVENTS):
        part = slice(at, at + _PIECE_EVENTS)
        yield Events(
            events.log_group, events.log_stream, events.messages[part], events.timestamps[part]
        )


class _Making:
    """A piece in the making."""

    def __init__(self, first_line: int, first_number: int) -> None:
        self.first_line = first_line
        self.first_number = first_number
        self.texts: list[str] = []
        self.n_lines = self.n_events = self.n_characters = 0
        self.numbers: list[int] | None = None  # None: each event so far is one line
        self.timestamps: list[Any] = []
        self.streams: list[tuple[str | None, str | None, int]] = []

    @property
    def is_full(self) -> bool:
        return self.n_characters >= _PIECE_CHARACTERS or self.n_events >= _PIECE_EVENTS

    def next(self) -> _Making:
        return _Making(self.first_line + self.n_lines, self.first_number + self.n_events)

    def add(self, events: Events) -> None:
        n = len(events.messages)
        try:
            text = "\n".join(events.messages)
        except TypeError:  # a message that is no text
            text = "\n" * n
        if self.numbers is None and text.count("\n") == n - 1:
            self._append(text, n, events, events.timestamps)
        else:
            self._add_lines(events)
        self.n_events += n

    def _add_lines(self, events: Events) -> None:
        """A message at a time: what is no text, has several lines, or a newline at the end."""
        if self.numbers is None:
            self.numbers = list(range(self.first_number, self.first_number + self.n_lines))
        lines: list[str] = []
        timestamps: list[Any] = []
        number = self.first_number + self.n_events
        for message, timestamp in zip(events.messages, events.timestamps, strict=True):
            text = message if isinstance(message, str) else json.dumps(message)
            of_one = text.removesuffix("\n").split("\n")
            lines += of_one
            self.numbers += [number] * len(of_one)
            timestamps += [timestamp] * len(of_one)
            number += 1
        self._append("\n".join(lines), len(lines), events, timestamps)

    def _append(self, text: str, n_lines: int, events: Events, timestamps: Sequence[Any]) -> None:
        self.texts.append(text)
        self.n_characters += len(text) + 1
        self.n_lines += n_lines
        self.timestamps += timestamps
        self.streams.append((events.log_group, events.log_stream, n_lines))

    def piece(self) -> EventPiece:
        piece = EventPiece(encode("\n".join([*self.texts, ""])))
        piece.lines = EventLines(
            self.first_line,
            self.numbers or range(self.first_number, self.first_number + self.n_lines),
            _read_times(self.timestamps),
            self.streams,
        )
        return piece


def _read_times(timestamps: list[Any]) -> list[int | None]:
    """Numbers as they are, unless one of them is none."""
    types = set(map(type, timestamps))
    if types == {type(None)}:
        return timestamps
    if types == {int} and min(timestamps) >= _EARLIEST and max(timestamps) <= _LATEST:
        return timestamps
    return [t if type(t) is int and _EARLIEST <= t <= _LATEST else None for t in timestamps]


def encode(text: str) -> bytes:
    """Text of JSON as bytes. What was no UTF-8 there is none here: the core rejects its line."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # an escape of half a character
        return text.encode("utf-8", "surrogatepass")
