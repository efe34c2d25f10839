"""Floor 4: where the lines of a text lie, and which of them nobody spells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.archive.spelling import lines_of

__all__ = ["Lines", "Run", "runs_between"]

#: So many lines are stepped over one by one; for more, all are looked up at once.
_STEPS: Final = 256


class Run(NamedTuple):
    """Lines that follow each other and are kept as they stand.

    `lines` is 0 for what goes on with the run before.
    """

    line: int
    lines: int
    raw: bytes


class Lines:
    """The lines of one text, from 1.

    Attributes
    ----------
    count : int
        A last line without a newline is one.
    """

    def __init__(self, text: bytes) -> None:
        self.text = text
        ends = text.count(b"\n")
        self.is_open = bool(text) and not text.endswith(b"\n")
        self.count = ends + self.is_open
        self._line, self._at = 1, 0
        self._lines: pa.Array | None = None
        self._ends: memoryview | None = None

    def begin(self, line: int) -> int:
        """The byte that a line begins with; lines are asked for in rising order."""
        if line > self.count:
            return len(self.text)
        if self._ends is None and not 0 <= line - self._line <= _STEPS:
            self._look_up()
        if self._ends is not None:
            return int(self._ends[line - 1]) + line - 1
        while self._line < line:
            self._at = self.text.index(b"\n", self._at) + 1
            self._line += 1
        return self._at

    def equal(self, numbers: pa.Array, spelled: bytes) -> pa.Array:
        """Which lines of these numbers are what was spelled for them."""
        self._look_up()
        assert self._lines is not None
        mine = lines_of(spelled).slice(0, len(numbers))
        same = pc.equal(self._lines.take(pc.subtract(numbers, 1)), mine)
        return pc.and_(same, pc.less_equal(numbers, self.count - self.is_open))

    def _look_up(self) -> None:
        if self._lines is None:
            self._lines = lines_of(self.text)
            _, ends, _ = self._lines.buffers()
            self._ends = memoryview(ends).cast("q")


def runs_between(lines: Lines, kept: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """The lines outside of the spans that are kept otherwise: (first, last), rising."""
    line = 1
    for first, last in kept:
        yield from _run(lines, line, first)
        line = last + 1
    yield from _run(lines, line, lines.count + 1)


_PIECE: Final = 8 << 20


def _run(lines: Lines, begin: int, end: int) -> Iterator[Run]:
    """Lines from `begin` to before `end`, in pieces that a page can hold."""
    if begin >= end:
        return
    first, last = lines.begin(begin), lines.begin(end)
    for at in range(first, last, _PIECE):
        raw = lines.text[at : min(at + _PIECE, last)]
        yield Run(begin, end - begin if at == first else 0, raw)
