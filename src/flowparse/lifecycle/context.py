"""Floor 4: what a bucket's lock, its versions and the rules of others make of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from flowparse.lifecycle.check import Checked
from flowparse.lifecycle.faults import explain
from flowparse.lifecycle.policy import Policy
from flowparse.lifecycle.rules import Rule, prefix_of
from flowparse.lifecycle.stored import Store
from flowparse.sources.repeating import answer_of

__all__ = ["Facts", "bucket_facts", "judge", "overlaps"]

_YEAR: Final = 365
#: What a server says that has no such thing, or no such lock.
_NONE: Final = (
    "ObjectLockConfigurationNotFoundError",
    "NotImplemented",
    "MethodNotAllowed",
    "NoSuchObjectLockConfiguration",
    "InvalidRequest",
    "404",
)


class Facts(NamedTuple):
    """What of a bucket decides whether rules can do what they say.

    Attributes
    ----------
    versioned : bool
        Deleted objects leave versions.
    locked : bool
        It has an object lock.
    retention : int or None
        Days for which new objects are locked by default.
    unknown : tuple of str
        Rights that were missing to find out.
    """

    versioned: bool = False
    locked: bool = False
    retention: int | None = None
    unknown: tuple[str, ...] = ()


def bucket_facts(store: Store) -> Facts:
    """Ask a bucket for its versions and its lock. What may not be asked is told as unknown.

    Raises
    ------
    SourceError
        The server fails, or cannot be reached.
    """
    unknown = []
    versioning, lock = {}, {}
    try:
        versioning = store.client.get_bucket_versioning(Bucket=store.bucket)
    except Exception as error:
        unknown += _denied(error, store.bucket, "s3:GetBucketVersioning")
    try:
        answer = store.client.get_object_lock_configuration(Bucket=store.bucket)
        lock = answer.get("ObjectLockConfiguration", {})
    except Exception as error:
        unknown += _denied(error, store.bucket, "s3:GetBucketObjectLockConfiguration")
    default = lock.get("Rule", {}).get("DefaultRetention", {})
    days = default.get("Days") or _YEAR * default.get("Years", 0)
    return Facts(
        versioned=versioning.get("Status") in ("Enabled", "Suspended"),
        locked=lock.get("ObjectLockEnabled") == "Enabled",
        retention=days or None,
        unknown=tuple(unknown),
    )


def _denied(error: Exception, bucket: str, right: str) -> list[str]:
    """The right that is missing; nothing where the server has no such thing."""
    code = answer_of(error)[0]
    if code in _NONE:
        return []
    if code in ("AccessDenied", "403"):
        return [right]
    raise explain(error, bucket, "its versions and lock cannot be asked for", right) from error


def judge(policy: Policy, facts: Facts) -> Checked:
    """What a bucket has against a policy.

    Parameters
    ----------
    policy : Policy
    facts : Facts

    Examples
    --------
    >>> judge(Policy(expire=30), Facts(versioned=True, locked=True, retention=90)).errors[0][:62]
    'expire 30: the bucket locks objects for 90 days, so until then'
    """
    errors, warnings = [], []
    expire, noncurrent, retention = policy.expire, policy.noncurrent, facts.retention
    if retention and expire is not None and expire < retention:
        errors.append(
            f"expire {expire}: the bucket locks objects for {retention} days, so until then they "
            "would be hidden behind delete markers and billed all the same: expire after "
            f"{retention} days or more"
        )
    if retention and expire is None and noncurrent is not None and noncurrent < retention:
        warnings.append(
            f"noncurrent {noncurrent}: versions stay until their lock of {retention} days ends"
        )
    if facts.locked:
        warnings.append(
            "the bucket has an object lock: versions with a legal hold, or a retention of their "
            "own, stay whatever a rule says"
        )
    if facts.versioned and expire is not None and noncurrent is None:
        warnings.append(
            f"expire {expire}: the bucket keeps versions, so nothing is deleted, only hidden "
            "behind delete markers: give noncurrent too"
        )
    warnings += [f"{right} is missing, so it was not checked" for right in facts.unknown]
    return Checked(tuple(errors), tuple(warnings))


def overlaps(others: Iterable[Rule], prefixes: Sequence[str], policy: Policy) -> Iterator[str]:
    """What rules of others do to the same objects: S3 carries out what deletes first."""
    for rule in others:
        theirs = prefix_of(rule)
        met = [one for one in prefixes if one.startswith(theirs) or theirs.startswith(one)]
        if not met or rule.get("Status") != "Enabled":
            continue
        days = rule.get("Expiration", {}).get("Days")
        where = repr(theirs) if theirs else "all keys"
        name = f"rule {rule.get('ID', '')!r} of others, for {where}"
        if days is not None and (policy.expire is None or days < policy.expire):
            yield f"{name}, deletes after {days} days already: the earlier day holds"
        if rule.get("Transitions") and policy.transitions:
            yield f"{name}, moves the same objects too: S3 takes the colder or cheaper class"
