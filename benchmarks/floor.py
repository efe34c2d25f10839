"""Bare inflation: the floor under every reader of gzip, by the same ISA-L that flowparse uses."""

from __future__ import annotations

from pathlib import Path

from isal import igzip_lib

__all__ = ["OUTPUT_BYTES", "inflate"]

#: Most text that comes out at a time: it stays in the cache.
OUTPUT_BYTES = 262_144
_INPUT_BYTES = 131_072


def inflate(path: Path) -> int:
    """Read and unpack one member, keeping nothing; the number of text bytes."""
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    text_bytes = 0
    with path.open("rb", buffering=0) as packed:
        while not inflater.eof:
            piece = packed.read(_INPUT_BYTES) if inflater.needs_input else b""
            text_bytes += len(inflater.decompress(piece, OUTPUT_BYTES))
    return text_bytes
