"""Floor 3: what there is to do: the listing, less what the state knows. Stage "plan"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import pyarrow as pa

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.ingesting.state import Failure, State
from flowparse.ingesting.unit import Input, Unit, read_input
from flowparse.sources import Source, list_sources

__all__ = ["PLANNED_SCHEMA", "WINDOW_SECONDS", "Bounds", "Plan", "make_plan"]

#: Schema of `IngestResult.planned`.
PLANNED_SCHEMA: Final = pa.schema(
    [("object", pa.string()), ("bytes", pa.int64()), ("why", pa.string())]
)

Why = Literal["new", "changed", "failed before", "beside one that changed"]

#: Seconds of a delivery window.
WINDOW_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run looks at, and how much it takes at a time.

    Attributes
    ----------
    since : float or None
        Epoch seconds: objects whose window ends before are left alone.
    look_back : float or None
        Seconds before the newest window of a flow log that is ingested: older objects of it
        are not looked for any more. None: all are.
    unit_objects, unit_bytes : int
        Most objects of a unit, and bytes as stored; one object may be larger.
    """

    since: float | None
    look_back: float | None
    unit_objects: int
    unit_bytes: int


@dataclass(slots=True)
class Plan:
    """What there is to do.

    Attributes
    ----------
    units : list of Unit
        In the order of the listing; then those that take the place of others; then each object
        that failed before, by itself.
    known : int
        Objects that are ingested in the version that is there.
    too_old : int
        Objects that are not, and are older than the run looks.
    why : dict of str to str
        For each object to be read, the reason.
    failed : list of Failure
        Objects that cannot be ingested, as is known without reading them.
    """

    units: list[Unit] = field(default_factory=list)
    known: int = 0
    too_old: int = 0
    why: dict[str, Why] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """To be read, as far as they are known."""
        return sum(unit.size for unit in self.units)

    def table(self) -> pa.Table:
        """A row an object that is to be read."""
        rows = [
            {"object": one.name, "bytes": one.source.size, "why": self.why[one.name]}
            for unit in self.units
            for one in unit.inputs
        ]
        return pa.Table.from_pylist(rows, schema=PLANNED_SCHEMA)


def make_plan(
    sources: Sequence[Source],
    state: State,
    bounds: Bounds,
    *,
    replaces: bool,
    access: Access | None = None,
    own: Sequence[str] = (),
) -> Plan:
    """Compare a listing with the state.

    Parameters
    ----------
    sources : sequence of Source
    state : State
        Without unsettled units, or they count as not ingested.
    bounds : Bounds
    replaces : bool
        The destination can put a unit in the place of another.
    access : Access, optional
        How AWS is reached, for objects that were ingested before and are not listed now.
    own : sequence of str
        Paths and URLs of the destination and the state: what lies below them is no source.

    Raises
    ------
    ValueError
        A source has no lasting name.
    """
    below = tuple(place.rstrip("/") + "/" for place in own)
    listed = map(read_input, sources)
    inputs = {one.name: one for one in listed if not one.name.startswith(below)}
    known = state.find(list(inputs))
    before = state.failures()
    is_old = _make_filter(state, bounds)
    plan = Plan()
    fresh: list[Input] = []
    again: list[Input] = []
    changed: dict[str, list[Input]] = {}
    for one in inputs.values():
        version, unit = known.get(one.name, (None, ""))
        if version == one.version:
            plan.known += 1
        elif is_old(one):
            plan.too_old += 1
        elif version is not None:
            changed.setdefault(unit, []).append(one)
        elif one.name in before:
            again.append(one)
            plan.why[one.name] = "failed before"
        else:
            fresh.append(one)
            plan.why[one.name] = "new"
    plan.units += [Unit(tuple(some)) for some in _group(fresh, bounds)]
    for unit, some in changed.items():
        names = [name for name, _ in state.objects_of(unit)]
        found = {name: inputs.get(name) or _look_for(name, access) for name in names}
        _plan_replacement(plan, unit, some, found, replaces=replaces)
    plan.units += [Unit((one,)) for one in again]
    return plan


def _make_filter(state: State, bounds: Bounds) -> Callable[[Input], bool]:
    """Whether an object is older than the run looks. What its key does not tell, is not."""
    newest = {} if bounds.look_back is None else state.newest()

    def is_old(one: Input) -> bool:
        if one.stamp is None or one.flow_log is None:
            return False
        if bounds.since is not None and one.stamp + WINDOW_SECONDS <= bounds.since:
            return True
        latest = newest.get(one.flow_log)
        if latest is None or bounds.look_back is None:
            return False
        return one.stamp < latest - bounds.look_back

    return is_old


def _group(inputs: Sequence[Input], bounds: Bounds) -> Iterator[list[Input]]:
    """Runs of inputs that are within the bounds."""
    group: list[Input] = []
    size = 0
    for one in inputs:
        more = one.source.size or 0
        is_full = len(group) == bounds.unit_objects or size + more > bounds.unit_bytes
        if group and is_full:
            yield group
            group, size = [], 0
        group.append(one)
        size += more
    if group:
        yield group


def _plan_replacement(
    plan: Plan,
    unit: str,
    changed: Sequence[Input],
    found: dict[str, Input | None],
    *,
    replaces: bool,
) -> None:
    """The unit of objects that changed, once more, with all of its objects as they are now."""
    inputs = [one for one in found.values() if one is not None]
    gone = [name for name, one in found.items() if one is None]
    if gone or not replaces:
        plan.failed += [_refuse(one, gone) for one in changed]
        return
    for one in inputs:
        plan.why[one.name] = "changed" if one in changed else "beside one that changed"
    plan.units.append(Unit(tuple(inputs), replaces=unit))


def _look_for(name: str, access: Access | None) -> Input | None:
    """An object of an earlier run that this listing lacks."""
    try:
        [source] = list_sources([name], access=access)
    except (SourceError, ValueError):
        return None
    return read_input(source)


def _refuse(changed: Input, gone: Sequence[str]) -> Failure:
    message = f"{changed.name}: has changed since it was ingested, and "
    if gone:
        message += (
            f"{gone[0]}, which was ingested with it, is gone: the records of both stay as they "
            "are. Ingest it under another name, or with unit_objects=1 from the beginning"
        )
    else:
        message += "records of a table cannot be replaced: they stay as they are"
    return Failure(changed.name, changed.version, "SourceError", message)
