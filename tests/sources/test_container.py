"""What a source holds, and its text as a stream."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass

import pytest

from flowparse.errors import InflateError, SourceError
from flowparse.sources import container_of, list_sources, open_text

TEXT = b"version srcaddr\n2 192.0.2.1\n"


@dataclass
class Drip:
    """A file object that gives few bytes at a time, and bytes of another type if asked."""

    data: bytes
    most: int = 1
    kind: type = bytes
    at: int = 0

    def read(self, size: int) -> object:
        piece = self.data[self.at : self.at + min(size, self.most)]
        self.at += len(piece)
        return self.kind(piece)


def text_of(source: object) -> bytes:
    [one] = list_sources(source)
    with open_text(one) as stream:
        return b"".join(stream)


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\x1f\x8b", "gzip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PAR1", "parquet"),
        (b'{"messageType"', "json"),
        (b"version account-id", "text"),
        (b"2 123456789012 eni-0a", "text"),
        (b"", "text"),
        (b"\x1f", "text"),
        (b"PAR", "text"),
        (b"PAR2", "text"),
        (b" {", "text"),
        (b"\xef\xbb\xbfversion", "text"),
    ],
)
def test_container_of(head, container):
    """The container is told by the first bytes: 1f 8b, PAR1, a brace, or else it is text."""
    assert container_of(head) == container


@pytest.mark.parametrize("name", ["a.log", "a.log.gz", "a.log.parquet", "a.json", "a"])
@pytest.mark.parametrize("packed", [False, True])
def test_names_do_not_matter(tmp_path, name, packed):
    """Text and gzip are read as what they are, whatever the file is called."""
    (tmp_path / name).write_bytes(gzip.compress(TEXT) if packed else TEXT)
    assert text_of(tmp_path / name) == TEXT


@pytest.mark.parametrize("most", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("packed", [False, True])
def test_short_reads(most, kind, packed):
    """A look at the first bytes loses none, however few a read gives, and of whatever type."""
    assert text_of(Drip(gzip.compress(TEXT) if packed else TEXT, most, kind)) == TEXT


@pytest.mark.parametrize("data", [b"", gzip.compress(b""), gzip.compress(b"") * 3 + bytes(9)])
def test_empty(data):
    """An empty source, and gzip with nothing in it, give no piece at all."""
    [one] = list_sources(data)
    with open_text(one) as stream:
        assert list(stream) == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_short_text(size):
    """A text shorter than any magic number comes whole."""
    assert text_of(b"2 - - - -"[:size]) == b"2 - - - -"[:size]
    assert text_of(Drip(b"2 - - - -"[:size])) == b"2 - - - -"[:size]


@pytest.mark.parametrize("packed", [False, True])
def test_pieces_are_small(tmp_path, packed):
    """A piece has at most 512 KiB, also if a read gives more than was asked for."""
    text = TEXT * 40_000
    data = gzip.compress(text, 1) if packed else text

    class Gusher(io.RawIOBase):
        def read(self, size=-1):
            return gush.pop() if gush else b""

    gush = [data]
    path = tmp_path / "a"
    path.write_bytes(data)
    for source in (data, path, Gusher()):
        [one] = list_sources(source)
        with open_text(one) as stream:
            pieces = list(stream)
        assert b"".join(pieces) == text
        assert max(map(len, pieces)) <= 512 * 1024
        assert min(map(len, pieces)) > 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PAR1\x15\x04", "is a Parquet file: it holds no text"),
        (gzip.compress(b"PAR1\x15\x04"), "a Parquet file inside gzip is not read: unpack it first"),
        (
            gzip.compress(gzip.compress(TEXT)),
            "a gzip file inside gzip is not read: unpack it first",
        ),
    ],
)
def test_what_is_not_read_yet(tmp_path, data, words):
    """What has no text, or is not read, is a SourceError that says so."""
    path = tmp_path / "a.log"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=words) as caught:
        text_of(path)
    assert str(path) in str(caught.value)
    assert caught.value.source == str(path)


def test_first_member_may_be_empty():
    """The first inflated byte tells what is inside, also if an empty member comes before it."""
    with pytest.raises(SourceError, match="Parquet file inside gzip"):
        text_of(gzip.compress(b"") + gzip.compress(b"PAR1"))
    assert text_of(gzip.compress(b"") + gzip.compress(b'{"message": "2 -"}')) == b"2 -\n"


@pytest.mark.parametrize("packed", [False, True])
def test_bytes_read(packed):
    """`bytes_read` counts stored bytes, only ever grows, and ends at the source's size."""
    text = bytes(range(32, 127)) * 20_000
    data = gzip.compress(text, 0) if packed else text
    [one] = list_sources(data)
    with open_text(one) as stream:
        seen = [stream.bytes_read for _ in stream]
        assert stream.bytes_read == len(data) == one.size
    assert 0 < seen[0] < len(data)
    assert seen == sorted(seen)


def test_closed_stream():
    """A closed stream gives no more text, but an error; closing it again does nothing."""
    [one] = list_sources(TEXT)
    stream = open_text(one)
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        next(stream)


@pytest.mark.parametrize("packed", [False, True])
def test_stream_closes_its_file(tmp_path, packed):
    """A stream closes the file that it opened, after a refusal too."""
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(TEXT) if packed else gzip.compress(gzip.compress(TEXT)))
    [one] = list_sources(path)
    if packed:
        with open_text(one) as stream:
            next(stream)
    else:
        with pytest.raises(SourceError), open_text(one) as stream:
            next(stream)
    # An open file would warn here, and pytest turns warnings into errors.
    del one


@pytest.mark.parametrize("packed", [False, True])
def test_file_object_stays_open(packed):
    """A file object of the caller is read to its end and left open."""
    with io.BytesIO(gzip.compress(TEXT) if packed else TEXT) as file:
        assert text_of(file) == TEXT
        assert not file.closed
        assert file.read() == b""


def test_file_object_from_where_it_stands():
    """A file object is read from where it stands."""
    file = io.BytesIO(b"junk" + gzip.compress(TEXT))
    file.seek(4)
    assert text_of(file) == TEXT


@dataclass
class Failing:
    """A file object whose second read fails."""

    data: bytes
    error: Exception

    def read(self, size: int) -> bytes:
        if not self.data:
            raise self.error
        data, self.data = self.data, b""
        return data


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), EOFError("too short")])
@pytest.mark.parametrize("packed", [False, True])
def test_failing_read(error, packed):
    """A read that fails is a SourceError with the reason, after all text read before."""
    data = zlib.compressobj(wbits=31)
    stored = data.compress(TEXT) + data.flush(zlib.Z_SYNC_FLUSH) if packed else TEXT
    [one] = list_sources(Failing(stored, error))
    with open_text(one) as stream:
        assert next(stream) == TEXT
        with pytest.raises(SourceError, match=r"<file>: cannot be read: (Input|too short)"):
            next(stream)


def test_damaged_gzip_file_object(tmp_path):
    """Damage that a file object of another library reports is a SourceError."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT * 100)[:-9])
    with gzip.open(path) as file, pytest.raises(SourceError, match=r"a\.gz: cannot be read"):
        text_of(file)


def test_text_from_read():
    """A file object whose read gives str is a TypeError that says to open it in binary mode."""
    with pytest.raises(TypeError, match="binary mode"):
        text_of(Drip(TEXT, 9, lambda piece: piece.decode()))


def test_nothing_from_read():
    """A file object in non-blocking mode that has no data is a SourceError, not an end."""
    with pytest.raises(SourceError, match="blocking mode"):
        text_of(Drip(TEXT, 9, lambda piece: None))


def test_damage_is_not_refusal():
    """Damage before the first byte of text is an InflateError."""
    with pytest.raises(InflateError, match="cut off"):
        text_of(gzip.compress(TEXT)[:11])
