"""Pieces made on a thread of their own: in order, bounded, and gone when closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from flowparse.sources import Ahead


def inflaters() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "flowparse-inflate"]


def numbered(n: int) -> Iterator[bytes]:
    for i in range(n):
        yield b"%d" % i


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 1000])
def test_pieces_come_in_order(n: int) -> None:
    """All pieces come, in the order in which they are made, and then the end, again and again."""
    ahead = Ahead(numbered(n))
    assert list(ahead) == [b"%d" % i for i in range(n)]
    assert next(ahead, None) is None
    ahead.close()
    assert inflaters() == []


def test_an_error_comes_after_the_pieces_before_it() -> None:
    """What the iterator raises is raised where it stands."""

    def damaged() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise ValueError("cut off")

    ahead = Ahead(damaged())
    assert next(ahead) + next(ahead) == b"ab"
    with pytest.raises(ValueError, match="cut off"):
        next(ahead)
    assert next(ahead, None) is None
    ahead.close()


def test_few_are_made_ahead() -> None:
    """However many there are, no more than five are made before one is taken."""
    made = []

    def endless() -> Iterator[bytes]:
        while True:
            made.append(1)
            yield b"x"

    ahead = Ahead(endless())
    time.sleep(0.05)
    assert len(made) <= 5
    for _ in range(100):
        next(ahead)
    ahead.close()
    assert len(made) <= 110
    assert inflaters() == []


def test_closing_waits_for_the_thread() -> None:
    """After `close` the iterator is used no more, however often it is called."""
    going = threading.Event()

    def slow() -> Iterator[bytes]:
        while True:
            going.set()
            time.sleep(0.01)
            yield b"x"

    ahead = Ahead(slow())
    going.wait()
    ahead.close()
    ahead.close()
    assert inflaters() == []
