"""Floor 2: sources of the network, fetched ahead of whoever parses them.

A request takes as long as parsing thousands of records, so many are under way at a time: the
parts of the sources, in the order of the sources, as long as what is fetched and not yet taken
fits a budget. A part that is asked for before its turn is fetched at once, so nobody waits for
ever, in whatever order sources are opened.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeGuard, runtime_checkable

from flowparse.sources.local import Reader, Source

__all__ = ["Fetched", "Fetching", "Ranged", "fetch_ahead", "is_ranged"]

#: Longest part of a source that is fetched with one request. Longer ones were no faster, and what
#: the threads free of them stays with the process.
PART_BYTES: Final = 1 << 20
#: Fetched and not yet taken at most: in all, and for each thread that parses.
_AHEAD_BYTES: Final = 16 << 20
_AHEAD_BYTES_PER_THREAD: Final = 8 << 20
#: What a part takes beside its bytes.
_PART_OVERHEAD_BYTES: Final = 1024


@runtime_checkable
class Ranged(Protocol):
    """A source whose parts can be fetched at the same time."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    @property
    def version(self) -> str | None:
        """What differs when the bytes do."""

    @property
    def connections(self) -> int:
        """Ranges that may be read at a time."""

    def read_pieces(self, begin: int, end: int) -> list[memoryview]:
        """Some of the bytes, in as many pieces as they came in."""

    def read_range(self, begin: int, end: int) -> bytes:
        """The same in one piece."""

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass of its own."""


def is_ranged(source: object) -> TypeGuard[Ranged]:
    """Whether a source can be fetched ahead."""
    return hasattr(source, "read_pieces") and hasattr(source, "connections")


@dataclass(slots=True)
class _Feed:
    """The parts of one source: under way, and still to be asked for."""

    source: Ranged
    asked_bytes: int = 0
    parts: deque[tuple[Future[list[memoryview]], int]] = field(default_factory=deque)
    closed: bool = False

    @property
    def all_asked(self) -> bool:
        return self.closed or self.asked_bytes >= self.source.size


class Fetching:
    """The parts of sources, fetched in order, within a budget.

    Parameters
    ----------
    sources : sequence of Ranged
    ahead_bytes : int
        Fetched and not yet taken at most, but for parts asked for before their turn.
    """

    def __init__(self, sources: Sequence[Ranged], ahead_bytes: int) -> None:
        self._feeds = [_Feed(source) for source in sources]
        self._ahead_bytes = ahead_bytes
        self._held_bytes = 0
        self._next = 0  # of the feeds: those before it are all asked for
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ThreadPoolExecutor | None = None  # started by the first who takes

    def feed(self, number: int) -> _Feed:
        """Of a source, by its number among the sources."""
        return self._feeds[number]

    def take(self, feed: _Feed) -> list[memoryview]:
        """The pieces of the next part of a source; none at its end.

        Raises
        ------
        SourceError
            It could not be fetched.
        """
        with self._lock:
            if not feed.parts and not feed.all_asked:
                self._ask(feed)
            self._ask_ahead()
            if not feed.parts:
                return []
            part, held_bytes = feed.parts.popleft()
        try:
            return part.result()
        finally:
            with self._lock:
                self._held_bytes -= held_bytes
                self._ask_ahead()

    def close_feed(self, feed: _Feed) -> None:
        """Nobody wants the rest of a source."""
        with self._lock:
            feed.closed = True
            for part, held_bytes in feed.parts:
                part.cancel()
                self._held_bytes -= held_bytes
            feed.parts.clear()
            self._ask_ahead()

    def close(self) -> None:
        """Ask for nothing more. Requests under way end by themselves."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask_ahead(self) -> None:
        while self._next < len(self._feeds) and self._held_bytes < self._ahead_bytes:
            if self._closed:
                return
            feed = self._feeds[self._next]
            if feed.all_asked:
                self._next += 1
            else:
                self._ask(feed)

    def _ask(self, feed: _Feed) -> None:
        if self._closed:
            raise ValueError("the reader is closed")
        if self._pool is None:
            most = max(feed.source.connections for feed in self._feeds)
            self._pool = ThreadPoolExecutor(most, thread_name_prefix="flowparse-fetch")
        begin = feed.asked_bytes
        end = min(begin + PART_BYTES, feed.source.size)
        held_bytes = end - begin + _PART_OVERHEAD_BYTES
        feed.parts.append((self._pool.submit(feed.source.read_pieces, begin, end), held_bytes))
        feed.asked_bytes = end
        self._held_bytes += held_bytes


class Fetched:
    """A source whose first pass takes what was fetched ahead; any other pass is its own.

    Parameters
    ----------
    source : Ranged
    fetching : Fetching
    number : int
        Of the source in it.
    """

    rereadable = True

    def __init__(self, source: Ranged, fetching: Fetching, number: int) -> None:
        self.name = source.name
        self.size = source.size
        self.version = source.version
        self._source = source
        self._fetching = fetching
        self._number = number
        self._opened = False

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass at a byte offset."""
        if self._opened or offset:
            return self._source.open(offset)
        self._opened = True
        file = _FeedFile(self._fetching, self._fetching.feed(self._number))
        return Reader(self.name, file, file.close)


class _FeedFile:
    """Reads a source part after part, piece after piece."""

    def __init__(self, fetching: Fetching, feed: _Feed) -> None:
        self._fetching = fetching
        self._feed = feed
        self._pieces: deque[memoryview] = deque()

    def read(self, size: int, /) -> bytes:
        if not self._pieces:
            self._pieces.extend(filter(len, self._fetching.take(self._feed)))
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        if len(piece) > size:
            self._pieces.appendleft(piece[size:])
        return bytes(piece[:size])

    def close(self) -> None:
        self._pieces.clear()
        self._fetching.close_feed(self._feed)


def fetch_ahead(
    sources: Sequence[Source], threads: int, without: Container[int] = ()
) -> tuple[list[Source], Fetching | None]:
    """The sources, those of the network to be fetched ahead of their parsing.

    Parameters
    ----------
    sources : sequence of Source
        In the order in which they are parsed.
    threads : int
        That parse.
    without : container of int
        Numbers of sources that were read before.

    Returns
    -------
    sources : list of Source
        As many, in the same order; each of them to be opened once.
    fetching : Fetching or None
        To be closed in the end; None where no source is of the network.
    """
    ahead = list(_numbers_of_ranged(sources, without))
    if not ahead:
        return list(sources), None
    ahead_bytes = _AHEAD_BYTES + threads * _AHEAD_BYTES_PER_THREAD
    fetching = Fetching([source for _, source in ahead], ahead_bytes)
    result = list(sources)
    for place, (number, source) in enumerate(ahead):
        result[number] = Fetched(source, fetching, place)
    return result, fetching


def _numbers_of_ranged(
    sources: Sequence[Source], without: Container[int]
) -> Iterator[tuple[int, Ranged]]:
    for number, source in enumerate(sources):
        if number not in without and is_ranged(source) and not _is_in_columns(source.name):
            yield number, source


def _is_in_columns(name: str) -> bool:
    """Parquet is read from its end, and most of it not at all. What it is, its bytes tell: of
    text under this name each part is only fetched when it is asked for.
    """
    return name.endswith(".parquet")
