"""Sources on threads: their items in the order of the sources, in bounded memory."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowparse.workers import run_in_order

THREADS = [1, 2, 3, 8, 100]
Work = Callable[[int], Iterator[Any]]


def run(
    tasks: int, work: Work, threads: int, *, budget: int = 1000, size: int = 1
) -> Iterator[Any]:
    return run_in_order(
        range(tasks),
        lambda: work,
        threads=threads,
        size_of=lambda item: size,
        budget_bytes=budget,
    )


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "flowparse" in thread.name]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("budget", [0, 1, 7, 1000])
def test_items_come_in_the_order_of_the_tasks(threads: int, budget: int) -> None:
    """Whatever the threads and the budget, items come task by task, and no worker stays."""

    def work(task: int) -> Iterator[tuple[int, int]]:
        yield from ((task, n) for n in range(task % 5))

    found = list(run(40, work, threads, budget=budget))
    assert found == [(task, n) for task in range(40) for n in range(task % 5)]
    assert workers() == []


def test_a_slow_first_task_does_not_change_the_order() -> None:
    """Tasks that are done early wait for the first one."""
    others_done = threading.Semaphore(0)

    def work(task: int) -> Iterator[int]:
        if task == 0:
            for _ in range(9):
                assert others_done.acquire(timeout=60)
        yield task
        others_done.release()

    assert list(run(10, work, 2)) == list(range(10))


@pytest.mark.parametrize("threads", THREADS)
def test_no_tasks_make_nothing(threads: int) -> None:
    """Without tasks there are no items and no threads."""
    assert list(run(0, iter, threads)) == []  # type: ignore[arg-type]
    assert workers() == []


@pytest.mark.parametrize(("threads", "tasks"), [(1, 5), (8, 1)])
def test_one_thread_is_the_callers_own(threads: int, tasks: int) -> None:
    """With one thread, or one task, all happens on the thread of the caller, item by item."""
    made = []

    def work(task: int) -> Iterator[str]:
        made.append(task)
        yield threading.current_thread().name

    items = run(tasks, work, threads)
    assert next(items) == threading.current_thread().name
    assert made == [0]
    assert set(items) <= {threading.current_thread().name}


def test_no_more_threads_than_tasks_and_one_work_for_each() -> None:
    """Each worker makes its own work once, and there are no more of them than asked for."""
    makers = []
    barrier = threading.Barrier(3)

    def make_work() -> Work:
        makers.append(threading.current_thread().name)

        def work(task: int) -> Iterator[int]:
            if task < 3:
                barrier.wait(timeout=60)
            yield task

        return work

    options: dict[str, Any] = {"size_of": lambda item: 1, "budget_bytes": 1000}
    assert list(run_in_order(range(9), make_work, threads=3, **options)) == list(range(9))
    assert sorted(makers) == ["flowparse-0", "flowparse-1", "flowparse-2"]


class StopWorkError(Exception):
    pass


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("error", [StopWorkError("task 2"), MemoryError(), SystemExit(3)])
def test_an_error_is_raised_after_the_items_before_it(threads: int, error: BaseException) -> None:
    """The items before an error come first, then the error itself, and no worker stays."""

    def work(task: int) -> Iterator[tuple[int, int]]:
        yield task, 0
        yield task, 1
        if task == 2:
            raise error
        yield task, 2

    found = []
    with pytest.raises(type(error)) as caught:
        found.extend(run(9, work, threads))
    assert caught.value is error
    # `extend` keeps what came before the error
    assert found == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]
    assert workers() == []


def test_the_first_error_in_order_is_raised() -> None:
    """Of two errors the one of the earlier task is raised, though the other came first."""
    failed = threading.Event()

    def work(task: int) -> Iterator[int]:
        if task == 0:
            assert failed.wait(timeout=60)
        else:
            failed.set()
        raise StopWorkError(f"task {task}")
        yield task

    with pytest.raises(StopWorkError, match="task 0"):
        list(run(2, work, 2))


def test_work_that_cannot_be_made_is_an_error() -> None:
    """An error while a worker prepares is raised like one of its task."""

    def make_work() -> Work:
        raise StopWorkError("no work")

    with pytest.raises(StopWorkError, match="no work"):
        list(run_in_order(range(5), make_work, threads=2, size_of=len, budget_bytes=1))


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("budget", [1, 10])
def test_what_is_made_ahead_has_a_bound(threads: int, budget: int) -> None:
    """Made and not taken are at most the budget and one item of each worker."""
    made = []

    def work(task: int) -> Iterator[int]:
        for _ in range(200):
            made.append(task)
            yield task

    taken, most = 0, 0
    for _ in run(12, work, threads, budget=budget):
        taken += 1
        most = max(most, len(made) - taken)
    assert taken == 2400
    # of the lane in turn one item may wait even when the budget is used up
    assert most <= budget + threads + 1


def test_what_is_taken_makes_room_for_more() -> None:
    """Workers that waited go on ahead of the caller again when items are taken."""
    went_on = threading.Event()

    def work(task: int) -> Iterator[int]:
        for n in range(50):
            if task == 2 and n == 5:
                went_on.set()
            yield task

    items = run(3, work, 2, budget=10)
    assert [next(items) for _ in range(100)] == [0] * 50 + [1] * 50
    assert went_on.wait(timeout=30)
    assert list(items) == [2] * 50


@pytest.mark.parametrize("threads", [2, 8])
def test_closing_early_stops_the_workers(threads: int) -> None:
    """After close no worker runs, and work in progress was closed, too."""
    closed = []

    def work(task: int) -> Iterator[int]:
        try:
            while True:
                yield task
        finally:
            closed.append(task)

    items = run(20, work, threads, budget=5)
    assert [next(items) for _ in range(100)] == [0] * 100
    items.close()  # type: ignore[attr-defined]
    assert workers() == []
    gc.collect()
    assert 0 in closed
    assert len(closed) <= threads
    assert list(items) == []


def test_an_abandoned_run_stops_its_workers() -> None:
    """When nobody holds the items any more, their workers end."""

    def work(task: int) -> Iterator[int]:
        while True:
            yield task

    items = run(4, work, 2, budget=5)
    assert next(items) == 0
    del items
    gc.collect()
    assert workers() == []


def test_a_run_that_never_began_has_no_workers() -> None:
    """Workers start with the first item that is asked for."""
    items = run(4, iter, 2)  # type: ignore[arg-type]
    assert workers() == []
    items.close()  # type: ignore[attr-defined]
