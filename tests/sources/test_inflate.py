"""Gzip members, whole and damaged, against zlib fed byte by byte."""

from __future__ import annotations

import functools
import gzip
import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal.igzip_lib import IgzipDecompressor

from flowparse.errors import InflateError, SourceError
from flowparse.sources import inflate as inflate_module
from flowparse.sources import list_sources, open_text

LINE = b"2 123456789012 eni-0a1b2c3d 192.0.2.%d 198.51.100.7 %d 443 6 10 840 1 2 ACCEPT OK\n"
FHCRC, FEXTRA, FNAME, FCOMMENT = 2, 4, 8, 16


def lines(count: int, first: int = 0) -> bytes:
    return b"".join(LINE % (n % 250, 1024 + n * 7919 % 60000) for n in range(first, first + count))


def member(text: bytes, flags: int = 0, level: int = 6, strategy: int = 0) -> bytes:
    """One gzip member with the optional header parts that `flags` names."""
    header = bytes([0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3])
    if flags & FEXTRA:
        header += struct.pack("<H", 8) + b"ab\x04\0wxyz"
    if flags & FNAME:
        header += b"flow.log\0"
    if flags & FCOMMENT:
        header += b"a comment\0"
    if flags & FHCRC:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    body = deflater.compress(text) + deflater.flush()
    return header + body + struct.pack("<II", zlib.crc32(text), len(text))


@dataclass
class Drip:
    """A file object that gives few bytes at a time."""

    data: bytes
    most: int
    at: int = 0

    def read(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + min(size, self.most)]
        self.at += len(piece)
        return piece


def unpack(source: object) -> tuple[bytes, int | None]:
    """All text that comes out, and the offset of the error after it, if one comes."""
    [one] = list_sources(source)
    text = b""
    with open_text(one) as stream:
        try:
            for piece in stream:
                assert 0 < len(piece) <= 512 * 1024
                text += piece
        except InflateError as error:
            return text, error.offset
    return text, None


def twin(data: bytes) -> tuple[bytes, int | None]:
    """What zlib makes of the same bytes, one byte at a time."""
    text = b""
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        if not b"\x1f\x8b".startswith(data[at : at + 2]):
            return text, at
        inflater = zlib.decompressobj(wbits=31)
        while not inflater.eof:
            if at == len(data):
                return text, at
            try:
                text += inflater.decompress(data[at : at + 1])
            except zlib.error:
                return text, at
            at += 1
    return text, None


EVERY_HEADER = FHCRC | FEXTRA | FNAME | FCOMMENT
MIXED = (
    member(lines(12), EVERY_HEADER)
    + member(b"", FNAME)
    + member(lines(3, 12), level=0)
    + bytes(3)
    + member(lines(4, 15), FEXTRA | FNAME, strategy=zlib.Z_FIXED)
    + member(lines(20, 19))
    + bytes(5)
)
MIXED_ENDS = {n for n in range(len(MIXED) + 1) if twin(MIXED[:n])[1] is None}

AS_SOURCE: dict[str, Callable[[bytes], object]] = {
    "bytes": bytes,
    "file": io.BytesIO,
    "drip-1": lambda data: Drip(data, 1),
    "drip-7": lambda data: Drip(data, 7),
}


@pytest.fixture(params=sorted(AS_SOURCE))
def as_source(request: pytest.FixtureRequest) -> Callable[[bytes], object]:
    return AS_SOURCE[request.param]


def test_members_are_joined(as_source):
    """Every member is read, empty and padded ones too, and members are joined as bytes."""
    assert unpack(as_source(MIXED)) == (lines(39), None)
    assert gzip.decompress(MIXED) == lines(39)


def test_cut_anywhere(as_source):
    """A cut at any byte gives zlib's text of the prefix, and an error unless between members."""
    for cut in range(2, len(MIXED) + 1):
        text, offset = unpack(as_source(MIXED[:cut]))
        assert text == twin(MIXED[:cut])[0]
        assert offset == (None if cut in MIXED_ENDS else cut)


def test_cut_places_are_few():
    """The cuts that are no damage are the ends of the members and the padding after them."""
    assert len(MIXED_ENDS) == 1 + 5 + 3 + 5


def test_cut_large(tmp_path):
    """A cut in a member of several reads gives all text before it, from a path as from a file."""
    whole = gzip.compress(lines(120_000), 1)
    assert len(whole) > 512 * 1024
    cut = len(whole) - 1000
    path = tmp_path / "a.gz"
    path.write_bytes(whole[:cut])
    want = zlib.decompressobj(wbits=31).decompress(whole[:cut])
    assert unpack(path) == (want, cut)
    with path.open("rb") as file:
        assert unpack(file) == (want, cut)


@pytest.mark.parametrize("size", range(1, 40))
def test_short_reads(size):
    """However few bytes a read gives, the text is the same."""
    assert unpack(Drip(MIXED, size)) == (lines(39), None)


def no_second_reading(data: object) -> Iterator[bytes]:
    raise AssertionError("zlib was asked")


@pytest.mark.parametrize("most", [50, 1000, 300_000])
def test_whole_members_are_read_once(monkeypatch, most):
    """A whole member is ISA-L's alone, however long its text and wherever a read ends."""
    monkeypatch.setattr(inflate_module, "_inflate_exactly", no_second_reading)
    for size in range(32_700, 32_840, 20):
        assert unpack(member(lines(600)[:size])) == (lines(600)[:size], None)
    data = member(lines(5000), FNAME) + member(b"") + member(lines(900, 5000), level=1)
    assert unpack(Drip(data, most)) == (lines(5900), None)


@pytest.mark.parametrize("edge", [32 * 1024, 64 * 1024, 128 * 1024, 512 * 1024])
@pytest.mark.parametrize("past", [-1, 0, 1])
def test_text_as_long_as_an_output(monkeypatch, edge, past):
    """A member whose text just fills an output comes out whole, with or without another one."""
    monkeypatch.setattr(inflate_module, "_inflate_exactly", no_second_reading)
    text = (lines(edge // 50))[: edge + past]
    assert unpack(member(text) + member(b"end\n")) == (text + b"end\n", None)
    assert unpack(member(text, level=0)) == (text, None)
    assert unpack(member(bytes(edge + past))) == (bytes(edge + past), None)


def test_much_text_from_few_bytes():
    """A byte that stands for a thousand does not make a piece over 512 KiB."""
    text = bytes(9_000_000)
    for flags in (0, FEXTRA | FNAME):
        data = member(text, flags)
        assert unpack(data) == (text, None)
        assert unpack(data[:-8]) == (text, len(data) - 8)


def test_small_members_come_together():
    """Thousands of small members come in few pieces, none of them over 512 KiB."""
    [source] = list_sources(member(b"2 - - -\n") * 20_000)
    with open_text(source) as stream:
        pieces = list(stream)
    assert b"".join(pieces) == b"2 - - -\n" * 20_000
    assert len(pieces) < 10


def test_zeros_only_between_members(as_source):
    """A single other byte behind the padding is an error at that byte, after all text."""
    data = member(b"a\n") + bytes(10)
    assert unpack(as_source(data + b"x")) == (b"a\n", len(data))
    assert unpack(as_source(data + b"x" + member(b"b\n"))) == (b"a\n", len(data))


def test_much_padding():
    """Padding longer than a read is passed over."""
    data = member(b"a\n") + bytes(700_000) + member(b"b\n") + bytes(300_000)
    assert unpack(io.BytesIO(data)) == (b"a\nb\n", None)


def test_first_garbage_byte(as_source):
    """Trailing bytes are reported at their first one, also if that begins like a member."""
    good = member(b"a\n")
    assert unpack(as_source(good + b"\x1f\x8c")) == (b"a\n", len(good))
    assert unpack(as_source(good + b"2 - - -\n")) == (b"a\n", len(good))


def test_half_a_magic_number(as_source):
    """A lone 1f at the end is a member that is cut off."""
    good = member(b"a\n")
    [source] = list_sources(as_source(good + b"\x1f"))
    with open_text(source) as stream, pytest.raises(InflateError, match="cut off") as caught:
        list(stream)
    assert caught.value.offset == len(good) + 1
    assert not caught.value.whole


@pytest.mark.parametrize(
    ("from_end", "damage"),
    [(8, "wrong checksum"), (5, "wrong checksum"), (4, "wrong length"), (1, "wrong length")],
)
def test_bad_trailer(as_source, from_end, damage):
    """A wrong checksum or length is met at its last byte, after all text of the member."""
    first = member(lines(5))
    data = bytearray(first + member(lines(50, 5)))
    data[-from_end] ^= 1
    [source] = list_sources(as_source(bytes(data + member(b"never\n"))))
    pieces: list[bytes] = []
    with open_text(source) as stream, pytest.raises(InflateError, match=damage) as caught:
        pieces.extend(iter(stream.__next__, None))
    assert b"".join(pieces) == lines(55)
    assert caught.value.offset == len(data) - (5 if damage == "wrong checksum" else 1)
    assert caught.value.whole


def test_malformed_data(as_source):
    """Malformed deflate data is an error that has the text before it and zlib's words."""
    data = member(lines(5)) + bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0b111])
    [source] = list_sources(as_source(data))
    with open_text(source) as stream:
        assert next(stream) == lines(5)
        with pytest.raises(InflateError, match="invalid block type") as caught:
            next(stream)
    assert not caught.value.whole


def test_error_names_source_and_place(tmp_path):
    """The error names the source, what was met, and where."""
    path = tmp_path / "flow.log.gz"
    path.write_bytes(member(b"a\n") + b"junk")
    [source] = list_sources(path)
    with open_text(source) as stream, pytest.raises(InflateError) as caught:
        list(stream)
    offset = len(member(b"a\n"))
    assert caught.value.source == str(path)
    assert caught.value.records_kept is None
    assert caught.value.whole
    assert str(caught.value) == (
        f"{path}: other bytes follow the last gzip member at compressed byte {offset}"
    )


@pytest.mark.parametrize("flag", [0x20, 0x40, 0x80])
def test_reserved_header_flags(as_source, flag):
    """A member with a reserved header flag is refused, as RFC 1952 asks."""
    assert unpack(as_source(member(b"a\n") + member(b"b\n", flag))) == (
        b"a\n",
        len(member(b"a\n")) + 3,
    )


@pytest.mark.parametrize("flags", range(0, 32, 2))
def test_optional_header_parts(as_source, flags):
    """Any optional parts of a header are passed over, wherever a read ends in them."""
    assert unpack(as_source(member(b"a\n", flags) + member(b"b\n", flags))) == (b"a\nb\n", None)


def test_pieces_before_damage_do_not_wait():
    """Where damage follows in the same read, the text before it comes first and the error last."""
    data = bytearray(member(lines(3000)))
    data[-8] ^= 1
    [source] = list_sources(bytes(data))
    with open_text(source) as stream:
        pieces = []
        with pytest.raises(InflateError):
            pieces.extend(iter(lambda: next(stream), None))
    assert b"".join(pieces) == lines(3000)


def flip(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@settings(deadline=None, max_examples=200)
@given(
    bit=st.integers(16, len(MIXED) * 8 - 1),
    most=st.integers(1, 400),
    cut=st.integers(2, len(MIXED) * 3),
)
def test_any_flipped_bit(bit, most, cut):
    """A flipped bit ends as with zlib, at the same place, after at least the same text."""
    data = flip(MIXED, bit)[:cut]
    if data[:2] != b"\x1f\x8b":
        return
    want_text, want_offset = twin(data)
    for source in (data, Drip(data, most)):
        text, offset = unpack(source)
        assert offset == want_offset
        # ISA-L lets incomplete Huffman codes pass and may then give more before it fails.
        assert text.startswith(want_text)


def test_nearly_every_flipped_bit_gives_the_same_text():
    """Of all single flipped bits of a member, 98 in 100 give the very text that zlib gives."""
    data = member(lines(12), FNAME)
    damaged = [flip(data, bit) for bit in range(16, len(data) * 8)]
    same = sum(unpack(one) == twin(one) for one in damaged)
    assert same >= 0.98 * len(damaged)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=6),
    pads=st.lists(st.integers(0, 5), min_size=6, max_size=6),
    most=st.integers(1, 5000),
)
def test_any_split_into_members(sizes, pads, most):
    """However a text is split into members, it comes out as gzip's own reader gives it."""
    parts = [member(lines(n)[: n * 17]) + bytes(pad) for n, pad in zip(sizes, pads, strict=False)]
    data = b"".join(parts)
    assert unpack(Drip(data, most)) == (gzip.decompress(data), None)


def test_a_long_member_of_a_pipe(monkeypatch):
    """A member longer than what is kept for a second reading comes out whole, or to its cut."""
    monkeypatch.setattr(inflate_module, "_KEPT_BYTES", 1000)
    text = lines(3000)
    data = member(text[:100]) + member(text[100:]) + member(b"end\n")
    assert len(data) > 5000
    assert unpack(Drip(data, 300)) == (text + b"end\n", None)
    cut = len(data) - len(member(b"end\n")) - 4
    assert unpack(Drip(data[:cut], 300)) == (text, cut)


def test_memory_of_a_pipe(monkeypatch):
    """What a long member of a pipe, or padding after it, keeps in memory has a bound."""
    monkeypatch.setattr(inflate_module, "_KEPT_BYTES", 500_000)
    [source] = list_sources(Drip(member(bytes(12_000_000), level=0) + bytes(9_000_000), 200_000))
    tracemalloc.start()
    try:
        with open_text(source) as stream:
            assert sum(map(len, stream)) == 12_000_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


class Stubborn:
    """ISA-L that refuses a member of a certain length, after a change of what it gave before."""

    refused_bytes = len(lines(500))

    def __init__(self, flag: int, change: Callable[[bytes], bytes] = bytes) -> None:
        self.isal = IgzipDecompressor(flag=flag)
        self.change = change
        self.count = 0
        self.crc = 0

    def decompress(self, data: bytes, limit: int) -> bytes:
        text = self.isal.decompress(data, limit)
        self.count += len(text)
        if self.isal.eof and self.count == self.refused_bytes:
            raise inflate_module.IsalError("no")
        text = self.change(text)
        self.crc = zlib.crc32(text, self.crc)
        return text

    def __getattr__(self, name: str) -> object:
        return getattr(self.isal, name)


def test_zlib_accepts_what_isal_refuses(monkeypatch, as_source):
    """A member that ISA-L refuses and zlib accepts is good, and reading goes on after it."""
    monkeypatch.setattr(inflate_module, "IgzipDecompressor", Stubborn)
    data = member(b"a\n") + member(lines(500)) + member(b"b\n")
    assert unpack(as_source(data)) == (b"a\n" + lines(500) + b"b\n", None)


def test_zlib_and_isal_give_other_text(monkeypatch, as_source):
    """If zlib reads something else than ISA-L has given, that is an error, not silence."""
    wrong = functools.partial(Stubborn, change=bytes.swapcase)
    monkeypatch.setattr(inflate_module, "IgzipDecompressor", wrong)
    monkeypatch.setattr(inflate_module, "_FIRST_STEP_BYTES", 1000)
    data = member(lines(500)) + member(b"b\n")
    [source] = list_sources(as_source(data))
    with open_text(source) as stream, pytest.raises(InflateError, match="differently"):
        list(stream)


def test_file_that_shrinks(tmp_path):
    """A file that became shorter before damage could be read again is a SourceError."""
    path = tmp_path / "a.gz"
    data = gzip.compress(lines(120_000), 1)
    path.write_bytes(data[:-1])
    [source] = list_sources(path)
    with open_text(source) as stream:
        next(stream)
        for _ in stream:
            if stream.bytes_read == len(data) - 1:
                path.write_bytes(data[:1000])
                break
        with pytest.raises(SourceError, match="became shorter"):
            list(stream)


def test_bytes_read(tmp_path):
    """`bytes_read` ends at the size of the source, a second reading not counted."""
    path = tmp_path / "a.gz"
    path.write_bytes(member(lines(50)) + b"junk")
    for source in (path, Path(path).open("rb")):  # noqa: SIM115
        [one] = list_sources(source)
        with open_text(one) as stream:
            with pytest.raises(InflateError):
                list(stream)
            assert stream.bytes_read == path.stat().st_size
        if source is not path:
            source.close()
