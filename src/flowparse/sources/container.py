"""Floor 2: what a source holds, told by its first bytes and never by its name.

Stage "open": a source becomes a stream of plain text, in pieces cut anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from types import TracebackType
from typing import Final, Literal, Self

from flowparse.errors import SourceError
from flowparse.sources.envelope import read_events
from flowparse.sources.events import EventReader, EventSource, lay_out
from flowparse.sources.inflate import PIECE_BYTES, inflate
from flowparse.sources.local import Reader, Source
from flowparse.sources.seekable import SeekableFile

__all__ = ["Container", "TextStream", "container_of", "open_text"]

Container = Literal["gzip", "parquet", "json", "text"]

_MAGIC: Final[tuple[tuple[bytes, Container], ...]] = (
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"{", "json"),
)
_HEAD_BYTES: Final = max(len(magic) for magic, _ in _MAGIC)

_WORDS: Final[dict[str, str]] = {
    "gzip": "a gzip file",
    "parquet": "a Parquet file",
}


def container_of(head: bytes) -> Container:
    """What a source holds.

    Parameters
    ----------
    head : bytes
        Its first bytes; four are enough. Nothing is text.

    Returns
    -------
    {"gzip", "parquet", "json", "text"}

    Examples
    --------
    >>> container_of(bytes([0x1F, 0x8B, 8, 0]))
    'gzip'
    >>> container_of(b"version account-id")
    'text'
    """
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    return "text"


class TextStream:
    """The plain text of one source: iterates `bytes`, cut anywhere, at most 512 KiB each.

    Of a JSON envelope it is the text of the events, in `EventPiece`s, which know more of them.

    Attributes
    ----------
    parquet : SeekableFile or None
        Of a source that holds Parquet: there is no text in it, it is read here.

    Notes
    -----
    Use it as a context manager, or call `close`. A file object of the caller stays open.
    """

    def __init__(
        self,
        reader: Reader | EventReader,
        pieces: Iterator[bytes],
        parquet: SeekableFile | None = None,
    ) -> None:
        self.parquet = parquet
        self._reader = reader
        self._pieces = pieces

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the source so far, as they are stored."""
        return self._reader.taken + (0 if self.parquet is None else self.parquet.taken)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading. It may be called more than once."""
        self._pieces = _closed()
        self._reader.close()


def _closed() -> Iterator[bytes]:
    raise ValueError("the text stream is closed")
    yield b""


def open_text(source: Source) -> TextStream:
    """Open a source and unpack its text.

    Parameters
    ----------
    source : Source
        One of `list_sources`.

    Returns
    -------
    TextStream
        Of an empty source it gives nothing. One that holds Parquet has no text: see its
        `parquet`.

    Raises
    ------
    SourceError
        The source cannot be opened or read, or it holds Parquet inside gzip, which shows at the
        first piece. While iterating: a JSON envelope is damaged. All events before the damage
        came out first.
    InflateError
        While iterating: gzip data is damaged. All text before the damage came out first.

    Notes
    -----
    At most 512 KiB are read at a time. Gzip is unpacked with the GIL released.

    Examples
    --------
    >>> import gzip
    >>> from flowparse.sources import list_sources
    >>> [source] = list_sources(gzip.compress(b"2 - - -"))
    >>> with open_text(source) as stream:
    ...     list(stream)
    [b'2 - - -']
    """
    if isinstance(source, EventSource):
        events = EventReader(source)
        return TextStream(events, events)
    reader = source.open()
    try:
        head = _read_head(reader)
        container = container_of(head)
        if container == "parquet":
            return TextStream(reader, _no_text(source), SeekableFile(source, reader, head))
        unpack = _UNPACKERS[container]
    except BaseException:
        reader.close()
        raise
    return TextStream(reader, unpack(source, reader, head))


def _no_text(source: Source) -> Iterator[bytes]:
    raise SourceError(f"{source.name} is a Parquet file: it holds no text", source=source.name)
    yield b""


def _read_head(reader: Reader) -> bytes:
    """The first read, and more reads where it was too short to tell the container."""
    head = piece = reader.read(PIECE_BYTES)
    while piece and len(head) < _HEAD_BYTES:
        piece = reader.read(PIECE_BYTES)
        head += piece
    return head


def _read_plain(source: Source, reader: Reader, head: bytes) -> Iterator[bytes]:
    """Text as it is stored."""
    piece = head
    while piece:
        for at in range(0, len(piece), PIECE_BYTES):
            yield piece[at : at + PIECE_BYTES]
        piece = reader.read(PIECE_BYTES)


def _read_gzip(source: Source, reader: Reader, head: bytes) -> Iterator[bytes]:
    """Text inside gzip. What else may be inside is told by the first bytes too."""
    pieces = inflate(source, reader, head)
    for first in pieces:
        inside = container_of(first)
        if inside == "json":
            yield from lay_out(read_events(source.name, chain([first], pieces)))
            return
        if inside != "text":
            raise SourceError(
                f"{source.name}: {_WORDS[inside]} inside gzip is not read: unpack it first",
                source=source.name,
            )
        yield first
        yield from pieces


def _read_json(source: Source, reader: Reader, head: bytes) -> Iterator[bytes]:
    """The events of JSON that stands as it is stored."""
    return lay_out(read_events(source.name, _read_plain(source, reader, head)))


_Unpacker = Callable[[Source, Reader, bytes], Iterator[bytes]]

#: A reader of another container is one more line here.
_UNPACKERS: Final[dict[Container, _Unpacker]] = {
    "text": _read_plain,
    "gzip": _read_gzip,
    "json": _read_json,
}
