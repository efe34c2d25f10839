"""Floor 2: one object of S3, read in ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flowparse.sources.local import Reader
from flowparse.sources.s3.address import url_of
from flowparse.sources.s3.requests import Bucket

__all__ = ["ObjectSource"]

#: A first line needs no more than the first of these; who reads on wants ever more.
_FIRST_RANGE_BYTES: Final = 64 << 10
_RANGE_GROWTH: Final = 8
_LONGEST_RANGE_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class ObjectSource:
    """An object as it was listed.

    Attributes
    ----------
    bucket : Bucket
    key : str
    size : int
    etag : str or None
        Changes when the object does; a changed object is not read.
    """

    bucket: Bucket
    key: str
    size: int
    etag: str | None = None

    @property
    def name(self) -> str:
        """Its address."""
        return url_of(self.bucket.name, self.key)

    @property
    def rereadable(self) -> bool:
        """An object can be read as often as one likes."""
        return True

    @property
    def version(self) -> str | None:
        """The ETag."""
        return self.etag

    @property
    def connections(self) -> int:
        """Ranges that may be read at a time."""
        return self.bucket.access.connections

    def read_pieces(self, begin: int, end: int) -> list[memoryview]:
        """The bytes from `begin` to `end`, which is at most the size, in pieces.

        Raises
        ------
        SourceError
            It is gone, changed, denied, or cannot be reached.
        """
        return self.bucket.read_pieces(self.key, begin, end, self.size, self.etag)

    def read_range(self, begin: int, end: int) -> bytes:
        """The same in one piece."""
        return b"".join(self.read_pieces(begin, end))

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass at a byte offset. Nothing is asked before it is read."""
        return Reader(self.name, _RangedFile(self, offset), lambda: None)


class _RangedFile:
    """Reads an object range after range, each longer than the one before."""

    def __init__(self, source: ObjectSource, offset: int) -> None:
        self._source = source
        self._at = offset
        self._next_bytes = _FIRST_RANGE_BYTES
        self._held = b""

    def read(self, size: int, /) -> bytes:
        if not self._held and self._at < self._source.size:
            end = min(self._at + self._next_bytes, self._source.size)
            self._held = self._source.read_range(self._at, end)
            self._at = end
            self._next_bytes = min(self._next_bytes * _RANGE_GROWTH, _LONGEST_RANGE_BYTES)
        piece, self._held = self._held[:size], self._held[size:]
        return piece
