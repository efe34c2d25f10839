"""Floor 4: the rules of a plan as CloudFormation, where they are a property of the bucket.

Source: AWS CloudFormation Template Reference, "AWS::S3::Bucket Rule".
"""

from __future__ import annotations

import json
from typing import Any, Final

from flowparse.lifecycle.plan import Plan
from flowparse.lifecycle.rules import Rule
from flowparse.lifecycle.stored import text_of

__all__ = ["as_cloudformation"]

_NAMES: Final = {
    "ID": "Id",
    "Status": "Status",
    "Prefix": "Prefix",
    "AbortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    "NoncurrentVersionExpiration": "NoncurrentVersionExpiration",
}
_EXPIRATION: Final = {
    "Days": "ExpirationInDays",
    "Date": "ExpirationDate",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_TRANSITION: Final = {
    "Days": "TransitionInDays",
    "NoncurrentDays": "TransitionInDays",
    "Date": "TransitionDate",
    "StorageClass": "StorageClass",
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
}


def as_cloudformation(plan: Plan, name: str = "FlowLogs") -> str:
    """All rules that a bucket would have, as a template with the bucket in it.

    Parameters
    ----------
    plan : Plan
    name : str
        Logical name of the bucket.

    Notes
    -----
    A bucket that exists is imported into a stack first. Deleting the stack keeps it.
    """
    lifecycle: dict[str, Any] = {"Rules": [_rule(rule) for rule in plan.after.rules]}
    if plan.after.minimum is not None:
        lifecycle["TransitionDefaultMinimumObjectSize"] = plan.after.minimum
    properties: dict[str, Any] = {"BucketName": plan.bucket}
    if plan.after.rules:
        properties["LifecycleConfiguration"] = lifecycle
    resource = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {name: resource}}
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    known = json.loads(text_of(rule))
    made = _renamed(known, _NAMES)
    made |= _renamed(known.get("Expiration", {}), _EXPIRATION)
    for name in ("Transitions", "NoncurrentVersionTransitions"):
        if name in known:
            made[name] = [_renamed(one, _TRANSITION) for one in known[name]]
    return made | _filter(known.get("Filter") or {})


def _filter(filter_: dict[str, Any]) -> dict[str, Any]:
    both = {**filter_, **filter_.get("And", {})}
    made = {"Prefix": both["Prefix"]} if "Prefix" in both else {}
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in both:
            made[name] = str(both[name])
    tags = [*both.get("Tags", ()), *([both["Tag"]] if "Tag" in both else [])]
    return made | ({"TagFilters": tags} if tags else {})


def _renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: member for name, member in value.items() if name in names}
