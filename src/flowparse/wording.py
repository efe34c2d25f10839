"""Floor 0: what a log holds, and numbers, as people read them."""

from __future__ import annotations

__all__ = ["clean", "size"]


def clean(text: str) -> str:
    """Text without control characters: what a log holds must not steer a terminal or a page."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def size(n_bytes: int) -> str:
    """Bytes for people: 1.8 GB, in powers of 1000."""
    number, unit = float(n_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if number < 999.95:
            break
        number, unit = number / 1000, larger
    return f"{number:,.1f} {unit}" if unit != "bytes" else f"{n_bytes} bytes"
