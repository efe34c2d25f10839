"""Small objects in one step, and what is left to the long way."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path

import pytest

from flowparse.sources import SMALL_BYTES, list_sources, open_text, read_small

TEXT = b"version srcaddr\n2 192.0.2.1\n"


def named() -> bytes:
    """A member with a file name in its header, as `gzip` writes it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("a.log", "wb", fileobj=buffer) as file:
        file.write(TEXT)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [TEXT, b"", b"x", gzip.compress(TEXT), gzip.compress(b""), named(), b"x" * SMALL_BYTES],
    ids=["text", "nothing", "a byte", "gzip", "gzip of nothing", "gzip with a name", "the largest"],
)
def test_a_sound_small_object_is_read_in_one_step(data: bytes, tmp_path: Path) -> None:
    """Its text is that of `open_text`, and so is the number of its bytes."""
    path = tmp_path / "a"
    path.write_bytes(data)
    [source] = list_sources(path)
    with open_text(source) as stream:
        wanted = b"".join(stream)
        assert read_small(source) == (wanted, stream.bytes_read)


MEMBER = gzip.compress(TEXT)
LEFT = {
    "two members": MEMBER + MEMBER,
    "zeros behind it": MEMBER + b"\0\0",
    "other bytes behind it": MEMBER + b"x",
    "cut off": MEMBER[:-1],
    "cut off in its header": MEMBER[:5],
    "a wrong checksum": MEMBER[:-8] + b"\0\0\0\0" + MEMBER[-4:],
    "a wrong length": MEMBER[:-4] + b"\0\0\0\0",
    "malformed": MEMBER[:12] + b"\xff\xff\xff" + MEMBER[15:],
    "reserved flags": MEMBER[:3] + b"\xe0" + MEMBER[4:],
    "much text": gzip.compress(b"x" * 1_000_000),
    "JSON inside": gzip.compress(json.dumps({"a": 1}).encode()),
    "gzip inside": gzip.compress(MEMBER),
    "JSON": b'{"a": 1}',
    "Parquet": b"PAR1....",
    "too large": b"x" * (SMALL_BYTES + 1),
}


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT.keys())
def test_what_is_not_plain_sailing_is_left_to_the_long_way(data: bytes) -> None:
    """Damage, several members, other containers and much text are not read in one step."""
    [source] = list_sources(data)
    assert read_small(source) is None


def test_a_size_that_is_not_true_is_left_to_the_long_way(tmp_path: Path) -> None:
    """A file that grew, shrank or went since it was listed is not taken for whole."""
    path = tmp_path / "a.log"
    for before, after in ((TEXT, TEXT + b"x"), (TEXT, TEXT[:-1])):
        path.write_bytes(before)
        [source] = list_sources(path)
        path.write_bytes(after)
        assert read_small(source) is None
    path.unlink()
    assert read_small(source) is None


def test_a_source_that_is_read_once_is_left_to_the_long_way() -> None:
    """A file object cannot be read again, should anything be wrong with it."""
    [source] = list_sources(io.BytesIO(zlib.compress(TEXT)))
    assert read_small(source) is None
