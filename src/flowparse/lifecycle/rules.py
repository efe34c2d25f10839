"""Floor 4: a policy as rules of S3, with IDs that mark them as ours.

A rule is a dict as boto3 has it. It is ours where its ID is the one that its prefix would get:
a rule that others named like ours, or ours under another prefix, belongs to them.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from flowparse.lifecycle.policy import Policy

__all__ = ["Rule", "as_s3_takes_it", "is_ours", "make_rules", "prefix_of"]

Rule = dict[str, Any]

_MARK: Final = "flowparse-"
_DIGEST: Final = 8
_SLUG: Final = 160
#: A rule of its own for what a filter on size would forbid or narrow.
_PURPOSES: Final = ("", "-large")


def make_rules(prefix: str, policy: Policy) -> list[Rule]:
    """The rules of a prefix: one, or two where only larger objects are moved.

    Parameters
    ----------
    prefix : str
    policy : Policy
        That `check` has nothing against.

    Examples
    --------
    >>> [rule] = make_rules("AWSLogs/", Policy(expire=30))
    >>> rule["Filter"], rule["Expiration"]
    ({'Prefix': 'AWSLogs/'}, {'Days': 30})
    """
    moves = [{"Days": one.days, "StorageClass": one.storage_class} for one in policy.transitions]
    rest = _rest(policy)
    if policy.larger_than is None:
        return [_rule(prefix, "", {"Prefix": prefix}, {"Transitions": moves} | rest)]
    larger = {"And": {"Prefix": prefix, "ObjectSizeGreaterThan": policy.larger_than}}
    made = [_rule(prefix, "-large", larger, {"Transitions": moves})]
    return [_rule(prefix, "", {"Prefix": prefix}, rest), *made] if rest else made


def _rest(policy: Policy) -> Rule:
    """What holds for objects of any size."""
    rest: Rule = {}
    if policy.expire is not None:
        rest["Expiration"] = {"Days": policy.expire}
    elif policy.delete_markers:
        rest["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if policy.noncurrent is not None:
        rest["NoncurrentVersionExpiration"] = {"NoncurrentDays": policy.noncurrent}
        if policy.keep_noncurrent is not None:
            kept = {"NewerNoncurrentVersions": policy.keep_noncurrent}
            rest["NoncurrentVersionExpiration"] |= kept
    if policy.abort_uploads is not None:
        rest["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": policy.abort_uploads}
    return rest


def _rule(prefix: str, purpose: str, filter_: Rule, actions: Rule) -> Rule:
    given = {name: value for name, value in actions.items() if value}
    return {"ID": _id_of(prefix, purpose), "Filter": filter_, "Status": "Enabled", **given}


def _id_of(prefix: str, purpose: str) -> str:
    digest = hashlib.sha256(prefix.encode()).hexdigest()[:_DIGEST]
    slug = re.sub(r"[^0-9A-Za-z]+", "-", prefix).strip("-")[-_SLUG:]
    return f"{_MARK}{slug}-{digest}{purpose}"


def is_ours(rule: Rule) -> bool:
    """Whether `make_rules` made it."""
    prefix = prefix_of(rule)
    return rule.get("ID") in [_id_of(prefix, purpose) for purpose in _PURPOSES]


def prefix_of(rule: Rule) -> str:
    """The prefix that a rule is about, in each of the forms that S3 has; empty: all keys."""
    filter_ = rule.get("Filter") or {}
    found = filter_.get("Prefix") or filter_.get("And", {}).get("Prefix") or rule.get("Prefix")
    return str(found or "")


def as_s3_takes_it(rule: Rule) -> Rule:
    """A rule whose filter has one member, as S3 wants it, whatever the server made of it.

    Ceph answers with a prefix beside an `And` of tags, and with a tag beside a prefix. Written
    back like that it would lose the prefix: a rule for a folder would be one for all of the bucket.

    Examples
    --------
    >>> rule = {"Filter": {"Prefix": "a/", "Tag": {"Key": "k", "Value": "v"}}}
    >>> as_s3_takes_it(rule)["Filter"]
    {'And': {'Prefix': 'a/', 'Tags': [{'Key': 'k', 'Value': 'v'}]}}
    """
    filter_ = rule.get("Filter") or {}
    if len(filter_) <= 1:
        return rule
    both = {**filter_, **filter_.get("And", {})}
    both.pop("And", None)
    if "Tag" in both:
        both["Tags"] = [*both.get("Tags", ()), both.pop("Tag")]
    return {**rule, "Filter": {"And": both}}
