"""Floor 3: folds on several threads, beside the reading.

Each thread has a copy of every fold, and they are put together in the end. One thread is enough
where reading is slower than folding; another starts when batches wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence

import pyarrow as pa

from flowparse.grouping.fold import Fold

__all__ = ["fold_batches"]

#: Batches that wait at most, beside the one that each thread is at.
_WAITING = 4


def fold_batches(batches: Iterable[pa.RecordBatch], folds: Sequence[Fold], threads: int) -> None:
    """Give each batch to every fold.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Taken on the caller's thread, at most a few ahead.
    folds : sequence of Fold
        They hold the answers afterwards.
    threads : int
        At most so many are at work; with one, all happens on the caller's.

    Raises
    ------
    Exception
        The first that a fold or the batches raise. No thread is left.
    """
    if threads <= 1:
        for batch in batches:
            for fold in folds:
                fold.add(batch)
        return
    crew = _Crew(folds, threads)
    try:
        for batch in batches:
            crew.put(batch)
    except BaseException:
        crew.cancel()
        raise
    crew.finish()


class _Crew:
    def __init__(self, folds: Sequence[Fold], most: int) -> None:
        self._copies = [list(folds)]
        self._most = most
        self._workers: list[threading.Thread] = []
        self._waiting: deque[pa.RecordBatch] = deque()
        self._closed = False
        self._error: BaseException | None = None
        lock = threading.Lock()
        self._changed = threading.Condition(lock)  # a batch came, or none will
        self._room = threading.Condition(lock)

    def put(self, batch: pa.RecordBatch) -> None:
        """Hand on a batch; wait while too many do."""
        if not self._workers or (len(self._waiting) >= _WAITING and self._may_grow()):
            self._start()
        with self._changed:
            while len(self._waiting) >= _WAITING and self._error is None:
                self._room.wait()
            if self._error is not None:
                raise self._error
            self._waiting.append(batch)
            self._changed.notify()

    def finish(self) -> None:
        """Wait for the last batch, and put the copies together."""
        self._close()
        if self._error is not None:
            raise self._error
        first, *others = self._copies
        for copy in others:
            for fold, other in zip(first, copy, strict=True):
                fold.absorb(other)

    def cancel(self) -> None:
        """What waits is of no use any more."""
        with self._changed:
            self._waiting.clear()
        self._close()

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()

    def _may_grow(self) -> bool:
        return len(self._workers) < self._most

    def _start(self) -> None:
        number = len(self._workers)
        if number:
            self._copies.append([fold.fresh() for fold in self._copies[0]])
        worker = threading.Thread(
            target=self._work,
            args=(self._copies[number],),
            name=f"flowparse-fold-{number}",
            daemon=True,
        )
        self._workers.append(worker)
        worker.start()

    def _work(self, folds: Sequence[Fold]) -> None:
        try:
            while (batch := self._take()) is not None:
                for fold in folds:
                    fold.add(batch)
        except BaseException as error:  # the caller raises it
            with self._changed:
                self._error = self._error or error
                self._waiting.clear()
                self._room.notify_all()

    def _take(self) -> pa.RecordBatch | None:
        with self._changed:
            while not self._waiting and not self._closed and self._error is None:
                self._changed.wait()
            if not self._waiting or self._error is not None:
                return None
            self._room.notify()
            return self._waiting.popleft()
