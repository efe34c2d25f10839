"""Floor 3: one run at a time on one state."""

from __future__ import annotations

import os
import random
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flowparse.errors import DestinationError
from flowparse.writing.staging import naming

__all__ = ["hold"]

_LOCK_NAME: Final = "lock.db"
_HOLDER_NAME: Final = "holder"
_RETRY_SECONDS: Final = 0.2
#: Two that begin in the same moment may each find the other in the way. So nobody gives up at
#: once, and none comes back when the other does.
_LEAST_WAIT_SECONDS: Final = 0.5


@contextmanager
def hold(folder: Path, wait: float, is_stopped: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock of a state while the block runs.

    Parameters
    ----------
    folder : Path
        Of the state. Made if it is missing.
    wait : float
        Seconds to wait for another run to end.
    is_stopped : callable
        Whether to give up waiting.

    Raises
    ------
    DestinationError
        Another run holds it, and the message says which; or the folder cannot be used.

    Notes
    -----
    The lock is an exclusive transaction on an empty SQLite database. The system ends it with
    its process, however that dies: there is no lock of the dead to be taken over.
    """
    with naming(folder, "the folder of the state cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)
    with closing(_take(folder, time.monotonic() + max(wait, _LEAST_WAIT_SECONDS), is_stopped)):
        _say_holder(folder)
        yield


def _take(folder: Path, until: float, is_stopped: Callable[[], bool]) -> sqlite3.Connection:
    while True:
        try:
            return _lock(folder / _LOCK_NAME)
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if is_busy and time.monotonic() < until and not is_stopped():
                time.sleep(_RETRY_SECONDS * random.random())
                continue
            raise _refuse(folder, error, is_busy) from error


def _lock(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        database.execute("begin exclusive")
    except BaseException:
        database.close()
        raise
    return database


def _refuse(folder: Path, error: sqlite3.Error, is_busy: bool) -> DestinationError:
    if not is_busy:
        message = f"{folder / _LOCK_NAME}: the lock cannot be taken: {error}"
    else:
        message = (
            f"{folder}: another run is at work with this state{_read_holder(folder)}: "
            "let it end, or pass wait=SECONDS to wait for it"
        )
    return DestinationError(message, destination=str(folder))


def _say_holder(folder: Path) -> None:
    """Leave a word for who comes next. It is only for people: a full disk is no reason to stop."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with suppress(OSError):
        (folder / _HOLDER_NAME).write_text(
            f"process {os.getpid()} on {socket.gethostname()}, since {since}\n"
        )


def _read_holder(folder: Path) -> str:
    with suppress(OSError, ValueError):
        said = (folder / _HOLDER_NAME).read_text().strip()
        return f" ({said})" if said else ""
    return ""
