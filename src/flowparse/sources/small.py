"""Floor 2: a small object, read and unpacked in one step.

Stages "open" and "inflate" for the many tiny objects that flow logs come in. Whatever is not
plain sailing (damage, several members, another container, a size that changed) is left to
`open_text`, which reads the object again from its beginning.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor

from flowparse.errors import SourceError
from flowparse.sources.container import container_of
from flowparse.sources.inflate import PIECE_BYTES, IsalError, isal_reads
from flowparse.sources.local import PathSource, Source

__all__ = ["SMALL_BYTES", "Small", "read_small"]

#: Largest object, as stored, that is read in one step.
SMALL_BYTES: Final = 32 * 1024

_OPEN_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Small(NamedTuple):
    """All the text of an object, and how many bytes it is stored in."""

    text: bytes
    bytes_read: int


def read_small(source: Source) -> Small | None:
    """The whole of a small object; None where `open_text` has to read it.

    Parameters
    ----------
    source : Source
        One of `list_sources`.

    Examples
    --------
    >>> from flowparse.sources import list_sources
    >>> [source] = list_sources(b"2 - - -")
    >>> read_small(source)
    Small(text=b'2 - - -', bytes_read=7)
    """
    size = source.size
    if size is None or size > SMALL_BYTES or not source.rereadable:
        return None
    data = _read_file(source.name, size) if isinstance(source, PathSource) else _read(source, size)
    if data is None or len(data) != size:  # it grew or shrank, or came in parts
        return None
    text = data if container_of(data) == "text" else _inflate_one(data)
    return None if text is None else Small(text, size)


def _read_file(path: str, size: int) -> bytes | None:
    """A byte more than it should have, if it has. A file object would take as long as all else."""
    try:
        file = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError):
        return None
    try:
        return os.read(file, size + 1)
    except OSError:
        return None
    finally:
        os.close(file)


def _read(source: Source, size: int) -> bytes | None:
    try:
        reader = source.open()
    except SourceError:
        return None
    try:
        return reader.read(size + 1)
    except (SourceError, TypeError):
        return None
    finally:
        reader.close()


def _inflate_one(data: bytes) -> bytes | None:
    """The text of one sound gzip member that is all of an object."""
    if container_of(data) != "gzip" or not isal_reads(data):
        return None
    inflater = IgzipDecompressor(flag=DECOMP_GZIP)
    try:
        text: bytes = inflater.decompress(data, PIECE_BYTES)
    except IsalError:
        return None
    if not inflater.eof or inflater.unused_data or container_of(text) != "text":
        return None
    return text
