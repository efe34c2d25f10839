"""Floor 2: sources on threads, their results in the order of the sources.

Each worker takes the next source and puts what it makes into that source's lane; the consumer
empties the lanes one after another. Workers ahead of it wait when the lanes hold more than the
budget, so memory stays bounded while the order stays the sources'.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

__all__ = ["Spare", "run_in_order"]

Task = TypeVar("Task")
Item = TypeVar("Item")

#: Makes the items of one task, one after another.
Work = Callable[[Task], Iterator[Item]]


class Spare:
    """How many of the threads that the caller allows have nothing to do.

    Parameters
    ----------
    threads : int
        To begin with.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()

    def take(self) -> bool:
        """One of them, if there is one."""
        if self._threads <= 0:  # seldom wrong, and then only late
            return False
        with self._lock:
            self._threads -= 1
            if self._threads >= 0:
                return True
            self._threads += 1
            return False

    def give_back(self) -> None:
        """One more has nothing to do."""
        with self._lock:
            self._threads += 1


class _Cancelled(BaseException):
    """The consumer has gone. Not an Exception, so that no work swallows it."""


class _Lane(Generic[Item]):
    """What one task has made and nobody has taken yet."""

    def __init__(self) -> None:
        self.items: deque[tuple[Item, int]] = deque()
        self.ended = False
        self.error: BaseException | None = None


class _Lanes(Generic[Task, Item]):
    def __init__(
        self,
        tasks: Sequence[Task],
        make_work: Callable[[], Work[Task, Item]],
        size_of: Callable[[Item], int],
        budget_bytes: int,
        spare: Spare,
    ) -> None:
        self.spare = spare
        self.tasks = tasks
        self.make_work = make_work
        self.size_of = size_of
        self.budget_bytes = budget_bytes
        self.lanes: dict[int, _Lane[Item]] = {}  # of the tasks begun and not yet emptied
        self.next_task = 0
        self.consumed = 0  # the lane that the consumer empties
        self.held_bytes = 0
        self.cancelled = False
        self.lock = threading.Lock()
        self.made = threading.Condition(self.lock)  # in the lane that the consumer empties
        self.room = threading.Condition(self.lock)
        self.waiting = 0  # workers that wait for room: mostly none, and waking takes time

    def run_worker(self) -> None:
        work: Work[Task, Item] | None = None
        while (number := self._take_task()) is not None:
            lane = self._lane(number)
            try:
                work = work or self.make_work()
                for item in work(self.tasks[number]):
                    self._put(number, item, self.size_of(item))
            except _Cancelled:
                return
            except BaseException as error:  # the consumer raises it, in order
                lane.error = error
            with self.lock:
                lane.ended = True
                self.made.notify()
        self.spare.give_back()

    def _lane(self, number: int) -> _Lane[Item]:
        with self.lock:
            return self.lanes.setdefault(number, _Lane())

    def _take_task(self) -> int | None:
        with self.lock:
            if self.cancelled or self.next_task == len(self.tasks):
                return None
            self.next_task += 1
            return self.next_task - 1

    def _put(self, number: int, item: Item, size: int) -> None:
        with self.lock:
            lane = self.lanes[number]
            while not self.cancelled and self._is_full(number, lane):
                self.waiting += 1
                self.room.wait()
                self.waiting -= 1
            if self.cancelled:
                raise _Cancelled
            lane.items.append((item, size))
            self.held_bytes += size
            if number == self.consumed:
                self.made.notify()

    def _is_full(self, number: int, lane: _Lane[Item]) -> bool:
        """The lane that the consumer waits for always takes one item: nobody waits for ever."""
        if number == self.consumed and not lane.items:
            return False
        return self.held_bytes >= self.budget_bytes

    def take_items(self) -> Iterator[Item]:
        for number in range(len(self.tasks)):
            lane = self._lane(number)
            with self.lock:
                self.consumed = number
                self._tell_of_room()
            while (taken := self._take_item(lane)) is not None:
                yield taken[0]
            if lane.error is not None:
                raise lane.error
            del self.lanes[number]

    def _take_item(self, lane: _Lane[Item]) -> tuple[Item, int] | None:
        with self.lock:
            while not lane.items and not lane.ended:
                self.made.wait()
            if not lane.items:
                return None
            taken = lane.items.popleft()
            self.held_bytes -= taken[1]
            self._tell_of_room()
            return taken

    def _tell_of_room(self) -> None:
        if self.waiting:
            self.room.notify_all()

    def cancel(self) -> None:
        with self.lock:
            self.cancelled = True
            self.room.notify_all()


def run_in_order(
    tasks: Sequence[Task],
    make_work: Callable[[], Work[Task, Item]],
    *,
    threads: int,
    size_of: Callable[[Item], int],
    budget_bytes: int,
    spare: Spare | None = None,
) -> Iterator[Item]:
    """Everything that work makes of the tasks, task after task.

    Parameters
    ----------
    tasks : sequence
    make_work : callable
        Called once on each thread; gives the function that works on one task.
    threads : int
        At most so many tasks at a time. With one, all happens on the caller's thread.
    size_of : callable
        Bytes that an item takes.
    budget_bytes : int
        Made and not yet taken at most, but for one item of each worker.
    spare : Spare, optional
        Is given each thread that has no more tasks.

    Yields
    ------
    item
        An error of a task is raised after that task's items. Closing the generator stops the
        workers at their next item, and waits for them.
    """
    n_threads = min(threads, len(tasks))
    if n_threads <= 1:
        work = make_work()
        for task in tasks:
            yield from work(task)
        return
    lanes = _Lanes(tasks, make_work, size_of, budget_bytes, spare or Spare(0))
    workers = [
        threading.Thread(target=lanes.run_worker, name=f"flowparse-{n}", daemon=True)
        for n in range(n_threads)
    ]
    for worker in workers:
        worker.start()
    try:
        yield from lanes.take_items()
    finally:
        lanes.cancel()
        for worker in workers:
            worker.join()
