"""Floor 2: gzip members become plain bytes, cut anywhere.

Stage "inflate": ISA-L inflates, as fast as it can; zlib has the last word on damage.

A call of ISA-L that meets damage gives no text at all, and at a cut it may keep back a few
bytes that could be decoded. So when ISA-L refuses a member, or the source ends in one, zlib
reads that member once more from its start, in small steps and at last in single bytes, and
gives what ISA-L did not. From there come the place and the name of every damage, which
therefore do not depend on how the source was cut into reads. Where the two could disagree:

- ISA-L forgets the flags of a header that is cut between two reads, and lets pass reserved
  flags, which RFC 1952 has refused. Members with several optional header parts or with
  reserved flags are read by zlib alone.
- ISA-L accepts, checksum and length verified: the member is good, and zlib is not asked.
- ISA-L refuses, zlib accepts: the member is good, its checksum and length were verified, and
  reading goes on after it.
- both refuse, zlib earlier (ISA-L lets Huffman codes pass that are not complete): what ISA-L
  gave by then stays given, nothing is added, and the error has zlib's place.
- what ISA-L gave has another checksum than the same bytes from zlib: an error, never silence.

Every second reading ends in an error or at the end of its member, so none is done twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Final, NamedTuple, cast

from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor
from isal.igzip_lib import IsalError as _IsalError

from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.sources.local import Reader, Source

__all__ = ["PIECE_BYTES", "IsalError", "inflate", "isal_reads"]

#: Largest piece of text, and largest read. A core's cache holds a few of them.
PIECE_BYTES: Final = 512 * 1024

# glibc gives freed memory above a threshold back to the system, so that every other piece
# would have to be faulted in anew. The threshold rises with the largest block freed so far;
# this one is never touched.
bytes(16 * PIECE_BYTES)

_MAGIC: Final = b"\x1f\x8b"
#: What ISA-L raises. Some versions of its stubs give it as a value, not as a class.
IsalError: Final = cast("type[Exception]", _IsalError)
_FLAGS_AT: Final = 3
_OPTIONAL_PARTS: Final = 0x1E
_RESERVED_FLAGS: Final = 0xE0
_ZLIB_GZIP: Final = 31

# A member begins with a small step and a small output, which then grow: ISA-L copies what it
# did not use of a step, and a large output costs a tiny member more than all the rest.
_FIRST_STEP_BYTES: Final = 4096
_STEP_GROWTH: Final = 4
_TEXT_PER_STEP: Final = 8

_ZLIB_STEP_BYTES: Final = 4096
_GATHERED_BYTES: Final = 64 * 1024
# AWS closes an object at 75 MB.
_KEPT_BYTES: Final = 80 * 1024 * 1024

_TRAILER_FIELDS: Final = {
    "incorrect data check": "checksum",
    "incorrect length check": "length",
}


def inflate(source: Source, reader: Reader, head: bytes) -> Iterator[bytes]:
    """Unpack every gzip member of a source and join them.

    Parameters
    ----------
    source : Source
        What is read; opened once more where damage has to be read again.
    reader : Reader
        The pass in progress.
    head : bytes
        What `reader` has given so far. It begins with a gzip member.

    Yields
    ------
    bytes
        1 byte to 512 KiB of text, cut anywhere. Small members come together.

    Raises
    ------
    InflateError
        After all text before it: a member is cut off (also in its header or trailer), is
        malformed, has a wrong checksum or length, or is followed by other bytes than zeros.
        `offset` is the end of the source for a cut, the first byte after the last member for
        other bytes, and else the byte that gave it away: of a checksum or length the last.
    SourceError
        The source could not be read on.

    Notes
    -----
    Memory: a read, a piece, and for a source that cannot be read again the compressed bytes
    of the current member, to read damage again; at 80 MiB zlib takes that member over, at
    its own lower speed, and they are let go. The GIL is released.

    Source: RFC 1952.
    """
    return _gather(_inflate_members(_Compressed(source, reader, head)))


class _Given(NamedTuple):
    """Text of a member that has come out of ISA-L."""

    size: int = 0
    crc: int = 0


def _inflate_members(data: _Compressed) -> Iterator[bytes]:
    while _at_member(data):
        given = _Given()
        if isal_reads(data.peek(_FLAGS_AT + 1)):
            data.mark()
            unfinished = yield from _inflate_fast(data)
            if unfinished is None:
                continue
            data.rewind()
            given = unfinished
        yield from _leave_out(given, _inflate_exactly(data), data)


def _at_member(data: _Compressed) -> bool:
    """Whether a member begins here, zeros skipped; False at the end of the source."""
    data.skip_zeros()
    start = data.peek(len(_MAGIC))
    if start and not _MAGIC.startswith(start):
        damage = "other bytes follow the last gzip member"
        raise InflateError(data.name, data.offset, damage, whole=True)
    return start != b""


def isal_reads(header: bytes) -> bool:
    """Whether ISA-L reads a header with these flags right, however it is cut."""
    flags = header[_FLAGS_AT] if len(header) > _FLAGS_AT else 0
    return not flags & _RESERVED_FLAGS and (flags & _OPTIONAL_PARTS).bit_count() <= 1


def _inflate_fast(data: _Compressed) -> Generator[bytes, None, _Given | None]:
    """Inflate a member with ISA-L; return None at its end, else what came of it."""
    inflater = IgzipDecompressor(flag=DECOMP_GZIP)
    step_bytes = _FIRST_STEP_BYTES
    size = crc = 0
    while data.kept_bytes <= _KEPT_BYTES and data.peek(1):
        limit = min(step_bytes * _TEXT_PER_STEP, PIECE_BYTES)
        try:
            for text in _drain(inflater, data.take(step_bytes), limit):
                size += len(text)
                crc = inflater.crc
                yield text
        except IsalError:
            break
        if inflater.eof:
            data.give_back(len(inflater.unused_data))
            return None
        step_bytes = min(step_bytes * _STEP_GROWTH, PIECE_BYTES)
    return _Given(size, crc)


def _drain(inflater: IgzipDecompressor, step: memoryview, limit: int) -> Iterator[bytes]:
    """All text of a step. A full output may hide more, even where it asks for input."""
    text = inflater.decompress(step, limit)
    while len(text) == limit and not inflater.eof:
        yield text
        text = inflater.decompress(b"", limit)
    yield text


def _inflate_exactly(data: _Compressed) -> Iterator[bytes]:
    """Inflate a member with zlib, to the byte before damage."""
    inflater = zlib.decompressobj(wbits=_ZLIB_GZIP)
    step_bytes = _ZLIB_STEP_BYTES
    while data.peek(1):
        before = inflater.copy()
        step = data.take(step_bytes)
        try:
            text = inflater.decompress(step)
        except zlib.error as error:
            if step_bytes == 1:
                raise _damaged(data.name, data.offset - 1, error) from None
            data.give_back(len(step))
            inflater, step_bytes = before, 1
            continue
        for at in range(0, len(text), PIECE_BYTES):
            yield text[at : at + PIECE_BYTES]
        if inflater.eof:
            data.give_back(len(inflater.unused_data))
            return
    raise InflateError(data.name, data.offset, "a gzip member is cut off")


def _leave_out(given: _Given, pieces: Iterator[bytes], data: _Compressed) -> Iterator[bytes]:
    """The pieces after what was given; that is checked against them."""
    left = given.size
    crc = 0
    for piece in pieces:
        known = piece[:left]
        left -= len(known)
        crc = zlib.crc32(known, crc)
        if known and not left and crc != given.crc:
            raise InflateError(data.name, data.offset, "ISA-L and zlib read a member differently")
        yield piece[len(known) :]


def _damaged(name: str, offset: int, error: zlib.error) -> InflateError:
    """The error in our words. A wrong trailer leaves the text before it whole."""
    reason = str(error).rpartition(": ")[2]
    if reason in _TRAILER_FIELDS:
        damage = f"a gzip member has a wrong {_TRAILER_FIELDS[reason]}"
        return InflateError(name, offset, damage, whole=True)
    return InflateError(name, offset, f"malformed gzip data ({reason})")


def _gather(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that small members do not make small work further up."""
    held: list[bytes] = []
    held_bytes = 0
    try:
        for piece in filter(None, pieces):
            if held_bytes + len(piece) > PIECE_BYTES:
                yield b"".join(held)
                held, held_bytes = [], 0
            held.append(piece)
            held_bytes += len(piece)
            if held_bytes >= _GATHERED_BYTES:
                yield b"".join(held)
                held, held_bytes = [], 0
    except FlowparseError:
        if held_bytes:
            yield b"".join(held)
        raise
    if held_bytes:
        yield b"".join(held)


class _Compressed:
    """The compressed bytes of a source from one place on, and the way back to a mark."""

    def __init__(self, source: Source, reader: Reader, head: bytes) -> None:
        self.name = source.name
        self.kept_bytes = 0
        self._source = source
        self._reader = reader
        self._buffer = memoryview(head)
        self._buffer_offset = 0
        self._at = 0
        self._mark_offset = 0
        self._kept: list[memoryview] = []
        self._keeps = False
        self._again: Iterator[bytes | memoryview] = iter(())

    @property
    def offset(self) -> int:
        """Place in the source, from 0 where reading began."""
        return self._buffer_offset + self._at

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer only at the end."""
        while len(self._buffer) - self._at < size and self._read_on():
            pass
        return bytes(self._buffer[self._at : self._at + size])

    def take(self, size: int) -> memoryview:
        """Up to `size` bytes of what has been read."""
        taken = self._buffer[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def give_back(self, size: int) -> None:
        """Return the last bytes of what was just taken."""
        self._at -= size

    def skip_zeros(self) -> None:
        """Pass over padding, however much; there is no mark any more."""
        self._forget()
        while self.peek(1) == b"\0":
            zeros = bytes(self._buffer[self._at : self._at + _ZLIB_STEP_BYTES])
            self._at += len(zeros) - len(zeros.lstrip(b"\0"))

    def mark(self) -> None:
        """Remember this place; `peek` has shown that a byte is here."""
        self._mark_offset = self.offset
        self._keeps = not self._source.rereadable
        self._keep(self._buffer[self._at :])

    def rewind(self) -> None:
        """Go back to the mark, for the last time."""
        if self._mark_offset < self._buffer_offset:
            if self._source.rereadable:
                self._again = self._read_again(self._mark_offset, self._reader.taken)
            else:
                self._again = chain(self._kept, self._again)
            self._buffer, self._buffer_offset = memoryview(b""), self._mark_offset
        self._at = self._mark_offset - self._buffer_offset
        self._forget()

    def _forget(self) -> None:
        self._keeps = False
        self._kept, self.kept_bytes = [], 0

    def _keep(self, part: memoryview) -> None:
        if self._keeps:
            self._kept.append(part)
            self.kept_bytes += len(part)

    def _read_on(self) -> bool:
        """Read; what is left of the buffer stays in front. False at the end."""
        left = bytes(self._buffer[self._at :])
        self._buffer_offset += self._at
        self._buffer, self._at = memoryview(left), 0
        following = next(self._again, None) or self._reader.read(PIECE_BYTES)
        if not following:
            return False
        self._keep(memoryview(following))
        self._buffer = memoryview(left + following if left else following)
        return True

    def _read_again(self, begin: int, end: int) -> Iterator[bytes]:
        """The bytes of a place that was read before."""
        reader = self._source.open(begin)
        try:
            while begin < end:
                part = reader.read(min(PIECE_BYTES, end - begin))
                if not part:
                    raise SourceError(
                        f"{self.name}: became shorter while it was read", source=self.name
                    )
                begin += len(part)
                yield part
        finally:
            reader.close()
