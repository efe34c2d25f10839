"""Floor 3: what a run that died has begun is brought to an end. Stage "settle"."""

from __future__ import annotations

import shutil
from pathlib import Path

from flowparse.ingesting.rejects import Rejects
from flowparse.ingesting.sinks import Sink
from flowparse.ingesting.state import State
from flowparse.ingesting.unit import Published

__all__ = ["drop", "settle"]


def settle(state: State, sink: Sink, staging: Path, rejects: Rejects) -> int:
    """Leave no unit half done.

    Returns
    -------
    int
        Units that were settled. One that was published as a whole is recorded; else nothing
        of it is left, and its inputs are new again. One that was replaced is removed.
    """
    shutil.rmtree(staging, ignore_errors=True)
    unsettled = state.published(done=False)
    for unit in unsettled:
        if unit.status == "publishing" and (unit.rows == 0 or sink.holds(unit)):
            state.finish(unit.id, unit.replaces)
        elif unit.status == "publishing":
            state.forget(unit.id)
    for unit in state.published(done=False):
        drop(state, sink, rejects, unit)
    rejects.sweep(state.has)
    return len(unsettled)


def drop(state: State, sink: Sink, rejects: Rejects, unit: Published) -> None:
    """Remove a unit that a later one took the place of."""
    sink.remove([name for name, _ in unit.files])
    rejects.drop(unit.id)
    state.forget(unit.id)
