"""Floor 2: the bytes of a small file, and what to say where it is not what it should be."""

from __future__ import annotations

import gzip
import os
import zlib
from codecs import BOM_UTF8
from typing import Any, Final

from flowparse.errors import NetworkListError, SourceError

__all__ = ["bad_line", "decode_text", "open_bytes"]

_GZIP: Final = b"\x1f\x8b"
_SHOWN: Final = 80


def open_bytes(source: Any) -> tuple[str, bytes]:
    """A source's name and its bytes, unpacked if they are gzip.

    Raises
    ------
    SourceError
        It cannot be read, or is damaged gzip.
    TypeError
        It is no path, bytes or binary file object.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, data = "<bytes>", bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
        data = _read_path(name)
    elif callable(getattr(source, "read", None)):
        given = getattr(source, "name", None)
        name, data = given if isinstance(given, str) else "<file>", source.read()
        if not isinstance(data, bytes):
            raise TypeError(f"{name}: expected a file object that is open for bytes")
    else:
        raise TypeError(
            f"expected a path, bytes or a binary file object, got {type(source).__name__}"
        )
    return name, _inflate(name, data) if data[:2] == _GZIP else data


def _read_path(name: str) -> bytes:
    try:
        with open(name, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError as error:
        raise SourceError(f"{name}: {error.strerror or error}", source=name) from error


def _inflate(name: str, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{name}: damaged gzip: {error}", source=name) from error


def decode_text(name: str, data: bytes) -> str:
    """UTF-8 text, without a byte order mark.

    Raises
    ------
    NetworkListError
        A line is not UTF-8.
    """
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.split(b"\n", line)[line - 1].decode("utf-8", "backslashreplace")
        raise bad_line(name, line, text, "UTF-8") from None


def bad_line(name: str, line: int, text: str | None, expected: str) -> NetworkListError:
    """The error for a line, which names all there is to know of it."""
    shown = repr(text if text is None or len(text) <= _SHOWN else text[:_SHOWN] + "...")
    return NetworkListError(
        f"{name}, line {line}: expected {expected}, got {shown}",
        source=name,
        line=line,
        text=text,
    )
