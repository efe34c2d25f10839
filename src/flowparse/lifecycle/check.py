"""Floor 4: what S3 would refuse of a policy, and what it would bill for nothing.

Servers that speak S3 accept nonsense, so it is told here, before anything is sent.

Source: Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle", "Constraints and
considerations for transitions", "Lifecycle configuration elements", "Storage classes".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from flowparse.lifecycle.policy import Policy, Transition

__all__ = ["CLASSES", "Checked", "check"]

_IA: Final = ("STANDARD_IA", "ONEZONE_IA")
_IA_DAYS: Final = 30
_COLD: Final = ("GLACIER", "DEEP_ARCHIVE")
_MOST_KEPT: Final = 100

#: Storage classes, and those to which S3 moves on from each. S3 moves only downwards.
CLASSES: Final = {
    "STANDARD_IA": ("INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", *_COLD),
    "INTELLIGENT_TIERING": ("ONEZONE_IA", "GLACIER_IR", *_COLD),
    "ONEZONE_IA": _COLD,
    "GLACIER_IR": _COLD,
    "GLACIER": ("DEEP_ARCHIVE",),
    "DEEP_ARCHIVE": (),
}
#: Days that are billed of each class, however soon an object leaves it.
_BILLED: Final = {
    "STANDARD_IA": 30,
    "ONEZONE_IA": 30,
    "GLACIER_IR": 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}


class Checked(NamedTuple):
    """What was found.

    Attributes
    ----------
    errors : tuple of str
        What S3 would refuse, or could not carry out.
    warnings : tuple of str
        What it accepts, at a price that is easily overlooked.
    """

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check(policy: Policy, minimum: str | None = None) -> Checked:
    """What is wrong with a policy, whatever the bucket.

    Parameters
    ----------
    policy : Policy
    minimum : str, optional
        `TransitionDefaultMinimumObjectSize` of a bucket. None: S3's, `all_storage_classes_128K`.

    Returns
    -------
    Checked

    Examples
    --------
    >>> from flowparse.lifecycle import Policy, Transition, check
    >>> check(Policy(transitions=(Transition("STANDARD_IA", 7),), expire=90)).errors[0]
    'transition STANDARD_IA:7: S3 moves objects to STANDARD_IA after 30 days or more: use 30'
    """
    errors = [*_numbers(policy)]
    if not errors:  # the others compare numbers
        errors = [*_order(policy), *_combined(policy)]
    return Checked(tuple(errors), () if errors else tuple(_prices(policy, minimum)))


def _numbers(policy: Policy) -> Iterator[str]:
    if policy == Policy():
        yield "the policy does nothing: give transitions, expire, noncurrent or abort_uploads"
    for one in policy.transitions:
        if one.storage_class not in CLASSES:
            known = ", ".join(CLASSES)
            yield f"transition: no storage class {one.storage_class!r}: expected one of {known}"
        elif not _is_count(one.days, least=0):
            yield f"transition {one.storage_class}: days: expected 0 or more, got {one.days!r}"
    for name in ("expire", "noncurrent", "abort_uploads"):
        days = getattr(policy, name)
        if days is not None and not _is_count(days, least=1):
            yield f"{name}: expected days, 1 or more, got {days!r}"
    kept = policy.keep_noncurrent
    if kept is not None and not (_is_count(kept, least=1) and kept <= _MOST_KEPT):
        yield f"keep_noncurrent: expected 1..{_MOST_KEPT} versions, got {kept!r}"
    if policy.larger_than is not None and not _is_count(policy.larger_than, least=0):
        yield f"larger_than: expected bytes, 0 or more, got {policy.larger_than!r}"


def _is_count(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _order(policy: Policy) -> Iterator[str]:
    for one in policy.transitions:
        if one.storage_class in _IA and one.days < _IA_DAYS:
            yield (
                f"transition {_named(one)}: S3 moves objects to {one.storage_class} after "
                f"{_IA_DAYS} days or more: use {_IA_DAYS}"
            )
    for one, after in pairwise(policy.transitions):
        if after.days <= one.days:
            yield (
                f"transition {_named(after)}: comes behind {_named(one)}, but not later: "
                "give transitions in the order of their days, each on a day of its own"
            )
        elif after.storage_class not in CLASSES[one.storage_class]:
            possible = ", ".join(CLASSES[one.storage_class]) or "nowhere"
            yield (
                f"transition {_named(after)}: S3 moves objects from {one.storage_class} "
                f"only to {possible}: leave one of the two out"
            )
        elif one.storage_class in _IA and after.days < one.days + _IA_DAYS:
            yield (
                f"transition {_named(after)}: objects stay in {one.storage_class} for "
                f"{_IA_DAYS} days: use {one.days + _IA_DAYS} or more"
            )


def _combined(policy: Policy) -> Iterator[str]:
    last = policy.transitions[-1] if policy.transitions else None
    if last is not None and policy.expire is not None and policy.expire <= last.days:
        yield (
            f"expire {policy.expire}: objects would be deleted before or when they are moved "
            f"({_named(last)}): expire after day {last.days}, or leave the transition out"
        )
    if policy.keep_noncurrent is not None and policy.noncurrent is None:
        yield "keep_noncurrent: says which versions noncurrent spares: give noncurrent too"
    if policy.larger_than is not None and not policy.transitions:
        yield "larger_than: says which objects are moved: give transitions too"
    if policy.delete_markers and policy.expire is not None:
        yield (
            "delete_markers: S3 does not take it beside expire, which removes markers by itself: "
            "leave it out"
        )


def _prices(policy: Policy, minimum: str | None) -> Iterator[str]:
    ends = [one.days for one in policy.transitions[1:]]
    if policy.transitions and policy.expire is not None:
        ends.append(policy.expire)
    for one, end in zip(policy.transitions, ends, strict=False):
        billed = _BILLED.get(one.storage_class, 0)
        if end - one.days < billed:
            yield (
                f"transition {_named(one)}: objects leave {one.storage_class} after "
                f"{end - one.days} days, and {billed} are billed: let them stay, or leave it out"
            )
    classes = {one.storage_class for one in policy.transitions}
    if minimum == "varies_by_storage_class":
        classes -= {*_COLD}  # which then take objects of any size
    if classes and policy.larger_than is None:
        yield (
            "objects below 128 KB are not moved by default, and are many among flow logs: "
            "larger_than=0 moves them too (each is a request that is billed, and cold classes "
            "bill 128 KB or add 40 KB for it)"
        )


def _named(one: Transition) -> str:
    return f"{one.storage_class}:{one.days}"
