"""Floor 3: the conductor of `ingest`: settle, plan, and unit after unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.errors import DestinationError
from flowparse.ingesting.plan import Plan
from flowparse.ingesting.rejects import Rejects
from flowparse.ingesting.result import IngestResult
from flowparse.ingesting.settle import drop
from flowparse.ingesting.sinks import Sink
from flowparse.ingesting.stage import Making, Stopped, Stowed, stage_unit
from flowparse.ingesting.staged import Staged
from flowparse.ingesting.state import Failure, State
from flowparse.ingesting.unit import Unit
from flowparse.reader import ERRORS_SCHEMA

__all__ = ["Run", "errors_table"]


class Run:
    """One run over a plan, and what it has done so far.

    Parameters
    ----------
    state : State
        Locked, and settled.
    sink : Sink
    making : Making
    staging : Path
        Where the folders of units are made.
    rejects : Rejects
    """

    def __init__(
        self, state: State, sink: Sink, making: Making, staging: Path, rejects: Rejects
    ) -> None:
        self.state = state
        self.sink = sink
        self.making = making
        self.staging = staging
        self.rejects = rejects
        self.failures: list[Failure] = []
        self.files: list[str] = []
        self.counts = Counts()
        self.objects = self.replaced = self.units = self.rows = 0
        self.first_reject: str | None = None
        self.stopped = False

    def work(self, plan: Plan, progress: Any = None) -> None:
        """Ingest unit after unit, until all is done or the run is asked to end."""
        self._note(plan.failed)
        done, total = 0, plan.bytes
        for unit in plan.units:
            if self.making.is_stopped():
                self.stopped = True
                return
            try:
                with _advising():
                    self._ingest(unit, _shifted(progress, done, total))
            except Stopped:
                self.stopped = True
                return
            done += unit.size

    def _ingest(self, unit: Unit, progress: Any) -> None:
        """One unit; without its inputs that fail, if there are some."""
        while unit.inputs:
            with Staged(self.staging / unit.id) as staged:
                stowed = stage_unit(unit, staged, self.making, progress)
                if not stowed.failures:
                    self._publish(unit, staged, stowed)
                    return
            self._note(stowed.failures)
            if unit.replaces is not None:  # without one of them, records would be lost
                return
            unit = unit.without({failure.name for failure in stowed.failures})

    def _publish(self, unit: Unit, staged: Staged, stowed: Stowed) -> None:
        """Record what is coming, let it be seen, record that it is there."""
        if stowed.rows == 0:
            staged.files.clear()
        staged.seal()
        files = staged.listing() if self.sink.has_files else []
        self.rejects.write(unit.id, stowed.rejects)
        begun = self.state.begin(unit, stowed.rows, files, stowed.counts)
        if stowed.rows:
            self.sink.publish(begun, staged)
        self.state.finish(unit.id, unit.replaces)
        if unit.replaces is not None:
            drop(self.state, self.sink, self.rejects, self.state.one(unit.replaces))
            self.replaced += len(unit.inputs)
        self.objects += len(unit.inputs)
        self.units += 1
        self.rows += stowed.rows
        self.counts += stowed.counts
        self.files += [name for name, _ in files]
        self.first_reject = self.first_reject or stowed.first_reject

    def _note(self, failures: Sequence[Failure]) -> None:
        self.failures += failures
        if failures:
            self.state.note_failures(failures)

    def result(self, plan: Plan, recovered: int) -> IngestResult:
        """What was done."""
        return IngestResult(
            objects=self.objects,
            known=plan.known,
            too_old=plan.too_old,
            failed=len(self.failures),
            replaced=self.replaced,
            recovered=recovered,
            units=self.units,
            rows=self.rows,
            counts=self.counts,
            files=tuple(self.files),
            errors=errors_table(self.failures),
            planned=plan.table(),
            stopped=self.stopped,
        )


@contextmanager
def _advising() -> Iterator[None]:
    """Say what to do about a disk that is full, or a bucket that is closed."""
    try:
        yield
    except DestinationError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise DestinationError(
            f"{error}; mend that and run again: what was published stays, the rest is read then",
            destination=error.destination,
        ) from error.__cause__


def errors_table(failures: Sequence[Failure]) -> pa.Table:
    """The failures as a table like `FlowReader.errors`."""
    rows = [
        {"source": f.name, "kind": f.kind, "message": f.message, "records_kept": 0}
        for f in failures
    ]
    return pa.Table.from_pylist(rows, schema=ERRORS_SCHEMA)


def _shifted(progress: Any, done: int, total: int) -> Any:
    """The caller's `progress`, for one unit of many."""
    if progress is None:
        return None
    return lambda more, _: progress(min(done + more, total), total)
