"""Floor 2: a source as a file that can be read anywhere.

Stage "open" for what is not read from its beginning to its end: Parquet has its table of contents
last. Only the ranges that are asked for are read. What can be read only once and cannot seek is
held in memory, up to a limit: nothing is cached on disk.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from flowparse.errors import SourceError
from flowparse.sources.local import Reader, Source

__all__ = ["HELD_BYTES", "SeekableFile"]

#: Most bytes of a source that are held where it can be read only once. AWS's are 75 MB at most.
HELD_BYTES: Final = 1 << 30
_PIECE_BYTES: Final = 4 << 20
#: The end of a source is kept, if no more is read of it at a time: whoever reads it comes again.
_TAIL_BYTES: Final = 1 << 20

#: Gives the bytes from `begin` to `end`.
_ReadRange = Callable[[int, int], bytes]


class SeekableFile:
    """The bytes of a source as a binary file.

    Parameters
    ----------
    source : Source
    reader : Reader
        A pass over the source, of which the head was read.
    head : bytes
        Its first bytes: they are not read again.

    Attributes
    ----------
    taken : int
        Bytes read here, the head not counted.
    """

    closed = False

    def __init__(self, source: Source, reader: Reader, head: bytes) -> None:
        self.taken = 0
        self._source = source
        self._reader = reader
        self._head = head
        self._at = 0
        self._tail = b""

    @property
    def name(self) -> str:
        """Of the source."""
        return self._source.name

    @property
    def is_remote(self) -> bool:
        """Whether each read is a request."""
        return hasattr(self._source, "read_range")

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._ranges[0]

    @cached_property
    def _ranges(self) -> tuple[int, _ReadRange]:
        """Size, and what reads a range: found out once, and late, for a pipe is read for it."""
        source = self._source
        if source.rereadable and source.size is not None:
            self._reader.close()  # what may be fetched ahead is not wanted
            return source.size, getattr(source, "read_range", self._open_range)
        file = self._reader.seekable_file()
        begun = None if file is None else _measure(file, len(self._head))
        if begun is not None:
            return begun[1], lambda begin, end: self._seek_range(
                file, begun[0] + begin, end - begin
            )
        self._hold()
        return len(self._head), self._open_range

    def _open_range(self, begin: int, end: int) -> bytes:
        reader = self._source.open(begin)
        try:
            return _read_exactly(reader, end - begin)
        finally:
            reader.close()

    def _seek_range(self, file: Any, at: int, size: int) -> bytes:
        try:
            file.seek(at)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.name}: cannot be read: {error}", source=self.name) from error
        return _read_exactly(Reader(self.name, file, lambda: None), size)

    def _hold(self) -> None:
        """Read on to the end."""
        pieces, held_bytes = [self._head], len(self._head)
        while piece := self._reader.read(_PIECE_BYTES):
            pieces.append(piece)
            held_bytes += len(piece)
            if held_bytes > HELD_BYTES:
                raise SourceError(
                    f"{self.name}: Parquet is read from its end, and this can be read only once: "
                    f"it is over {HELD_BYTES >> 20} MiB, too long to be held; pass the path of a "
                    "file",
                    source=self.name,
                )
        self._head = b"".join(pieces)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end.

        Raises
        ------
        SourceError
            The source cannot be read there.
        """
        begin = self._at
        end = self.size if size < 0 else min(begin + size, self.size)
        if begin >= end:
            return b""
        self._at = end
        if end <= len(self._head):
            return self._head[begin:end]
        if begin >= self.size - len(self._tail):
            return self._tail[begin - self.size :][: end - begin]
        data = self._ranges[1](begin, end)
        self.taken += len(data)
        if len(data) < end - begin:
            raise SourceError(
                f"{self.name}: cannot be read: it ends at byte {begin + len(data)}, and was "
                f"{self.size} bytes long when it was opened",
                source=self.name,
            )
        if end == self.size and len(data) <= _TAIL_BYTES:
            self._tail = data
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Where the next read begins."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Do nothing: the stream that it comes from is what is closed."""


def _measure(file: Any, read_bytes: int) -> tuple[int, int] | None:
    """Where the source begins in a file, and how long it is; None where the file cannot tell."""
    try:
        begin = file.tell() - read_bytes
        return begin, file.seek(0, io.SEEK_END) - begin
    except (OSError, ValueError, EOFError):
        return None


def _read_exactly(reader: Reader, size: int) -> bytes:
    """So many bytes; fewer only at the end."""
    data = reader.read(size)
    if len(data) == size:
        return data
    pieces, missing = [data], size - len(data)
    while missing and (piece := reader.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
