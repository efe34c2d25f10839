"""Floor 5: a signal asks a command to end; a second one ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Final, Self

__all__ = ["Stopping"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """While the block runs, the first signal sets `event`; a context manager.

    Attributes
    ----------
    event : threading.Event
    code : int
        The exit code of a command that a signal ended: 128 and its number, as in a shell.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.code = 0
        self._before: dict[int, Any] = {}

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.code = 128 + number
        self.event.set()
        self._put_back()

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        self._put_back()
