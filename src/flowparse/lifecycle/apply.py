"""Floor 4: a plan carried out: looked at once more, written, and read again.

S3 has no condition for this write (no If-Match), so between looking and writing somebody else may
write, within about the time of one request. What they wrote is then replaced, and nothing can
tell. Whoever writes after us is found when the rules are read again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from flowparse.errors import SourceError
from flowparse.lifecycle.faults import LifecycleChangedError, LifecycleKeptError
from flowparse.lifecycle.plan import Plan, plan_removal
from flowparse.lifecycle.same import lost, means_same
from flowparse.lifecycle.stored import Configuration, Store

__all__ = ["Applied", "apply", "remove"]

#: S3 may answer with the former rules for some seconds.
_PATIENCE_SECONDS: Final = 30.0
_PAUSES: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Applied:
    """What was done.

    Attributes
    ----------
    bucket : str
    added, changed, removed, untouched : int
        Rules.
    """

    bucket: str
    added: int
    changed: int
    removed: int
    untouched: int


def apply(plan: Plan) -> Applied:
    """Write what a plan says, and read it again.

    Parameters
    ----------
    plan : Plan
        Of `plan` or `plan_removal`. One that changes nothing writes nothing.

    Returns
    -------
    Applied

    Raises
    ------
    LifecycleChangedError
        The bucket's rules are no longer those of the plan: nothing was written. Or somebody
        else wrote right after: what stands is theirs.
    LifecycleKeptError
        The server dropped something of a rule. The former rules were written back.
    SourceError
        The rules cannot be read or written.

    Notes
    -----
    S3 cannot write under a condition here. The rules are read again right before they are
    written, so what another writes in the time of one request between is lost unseen.
    """
    store = Store(plan.bucket, plan.access)
    if store.read().fingerprint != plan.before.fingerprint:
        raise LifecycleChangedError(
            f"s3://{plan.bucket}: its lifecycle rules have changed since the plan was made: "
            "nothing was written; plan again",
            bucket=plan.bucket,
        )
    done = Applied(
        plan.bucket,
        len(plan.added),
        len(plan.changed),
        len(plan.removed),
        len(plan.untouched),
    )
    if not plan.is_empty:
        store.write(plan.after.rules, plan.after.minimum)
        _check(store, plan, _read_new(store, plan.before, plan.after))
    return done


def remove(place: str, *, prefixes: Any = None, session: Any = None) -> Applied:
    """Take our rules out of a bucket, and only those: `apply` of a `plan_removal`."""
    return apply(plan_removal(place, prefixes=prefixes, session=session))


def _read_new(store: Store, before: Configuration, after: Configuration) -> Configuration:
    """The rules as soon as they are others than before; S3 may take its time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    pauses = iter(_PAUSES)
    while True:
        time.sleep(next(pauses, _PAUSES[-1]))
        found = store.read()
        if found.fingerprint != before.fingerprint or time.monotonic() > deadline:
            return found


def _check(store: Store, plan: Plan, found: Configuration) -> None:
    """Whether the bucket has what was written; if the server dropped some of it, undo it."""
    if _are_same(found, plan.after):
        return
    where = f"s3://{plan.bucket}"
    if found.fingerprint == plan.before.fingerprint:
        raise LifecycleKeptError(
            f"{where}: the rules were accepted, and {_PATIENCE_SECONDS:.0f} s later the former "
            "ones are still there: plan again to see whether they came",
            bucket=plan.bucket,
            restored=True,
        )
    wanted = {rule.get("ID"): rule for rule in plan.after.rules}
    kept = {rule.get("ID"): rule for rule in found.rules}
    if kept.keys() != wanted.keys() or any(lost(kept[i], wanted[i]) for i in kept):
        raise LifecycleChangedError(
            f"{where}: somebody else wrote lifecycle rules at the same time: theirs stand, "
            "and ours may be missing; plan again",
            bucket=plan.bucket,
        )
    dropped = [
        f"{', '.join(gone)} of rule {name!r}"
        for name, rule in wanted.items()
        if (gone := lost(rule, kept[name]))
    ]
    if found.minimum != plan.after.minimum:
        dropped.append(f"TransitionDefaultMinimumObjectSize={plan.after.minimum}")
    what = f"{where}: the server accepted the rules and dropped {'; '.join(dropped)}"
    _restore(store, plan, found, what)


def _restore(store: Store, plan: Plan, found: Configuration, what: str) -> None:
    """Write the former rules back, and raise what happened."""
    try:
        store.write(plan.before.rules, plan.before.minimum)
        restored = _are_same(_read_new(store, found, plan.before), plan.before)
        end = "the former rules are back" if restored else "the former rules did not come back"
    except SourceError as error:
        restored, end = False, f"the former rules could not be put back: {error}"
    if not restored:
        end += "; show the rules to see what stands"
    raise LifecycleKeptError(f"{what}: {end}", bucket=plan.bucket, restored=restored)


def _are_same(found: Configuration, wanted: Configuration) -> bool:
    """Whether a bucket has what was wanted, whatever the order."""
    if wanted.minimum is not None and wanted.rules and found.minimum != wanted.minimum:
        return False  # where none was wanted, S3 puts its own
    if len(found.rules) != len(wanted.rules):
        return False
    return all(any(means_same(rule, has) for has in found.rules) for rule in wanted.rules)
