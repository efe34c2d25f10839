"""Floor 2: the pieces of a text stream, read and unpacked on a thread of their own.

Inflating takes longer than parsing what comes of it, so one large object keeps two cores busy:
one inflates, the other parses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final, Self

__all__ = ["Ahead"]

#: Pieces made and not yet taken: enough that neither side waits for the other's turn.
_PIECES_AHEAD: Final = 4


class Ahead:
    """Iterates what an iterator gives, made ahead on a thread.

    Parameters
    ----------
    pieces : iterator of bytes
        It is used by that thread alone from now on.

    Notes
    -----
    An error of the iterator is raised after the pieces before it. `close` ends the thread, at
    the piece that it makes, and waits for it; call it always.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._made: list[bytes] = []
        self._taken: Iterator[bytes] = iter(())
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="flowparse-inflate", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
        except BaseException as error:  # whoever iterates raises it, in its place
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _put(self, piece: bytes) -> bool:
        """Whether more are wanted."""
        with self._changed:
            while len(self._made) >= _PIECES_AHEAD and not self._closed:
                self._changed.wait()
            self._made.append(piece)
            if len(self._made) == 1:
                self._changed.notify()
            return not self._closed

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece = next(self._taken, None)
        if piece is not None:
            return piece
        self._taken = iter(self._take())
        piece = next(self._taken, None)
        if piece is not None:
            return piece
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopIteration

    def _take(self) -> list[bytes]:
        """All that is made; nothing at the end. A lock for each piece would be one too many."""
        with self._changed:
            while not self._made and not self._ended:
                self._changed.wait()
            made, self._made = self._made, []
            if len(made) >= _PIECES_AHEAD:
                self._changed.notify()
            return made

    def close(self) -> None:
        """End the thread. It may be called more than once."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
