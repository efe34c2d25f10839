"""Floor 4: the rules of a plan as Terraform, whose resource has all rules of a bucket.

Source: Terraform AWS provider, "aws_s3_bucket_lifecycle_configuration".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from flowparse.lifecycle.plan import Plan
from flowparse.lifecycle.rules import Rule, as_s3_takes_it
from flowparse.lifecycle.stored import text_of

__all__ = ["as_terraform"]

#: Blocks of a rule: S3's name, Terraform's, and its members.
_BLOCKS: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("Transitions", "transition", {"Days": "days", "Date": "date"}),
    (
        "Expiration",
        "expiration",
        {
            "Days": "days",
            "Date": "date",
            "ExpiredObjectDeleteMarker": "expired_object_delete_marker",
        },
    ),
    ("NoncurrentVersionTransitions", "noncurrent_version_transition", {}),
    ("NoncurrentVersionExpiration", "noncurrent_version_expiration", {}),
    (
        "AbortIncompleteMultipartUpload",
        "abort_incomplete_multipart_upload",
        {"DaysAfterInitiation": "days_after_initiation"},
    ),
)
_MEMBERS: Final = {
    "NoncurrentDays": "noncurrent_days",
    "NewerNoncurrentVersions": "newer_noncurrent_versions",
    "StorageClass": "storage_class",
}
_FILTER: Final = {
    "Prefix": "prefix",
    "ObjectSizeGreaterThan": "object_size_greater_than",
    "ObjectSizeLessThan": "object_size_less_than",
}


def as_terraform(plan: Plan, name: str = "flow_logs") -> str:
    """All rules that a bucket would have, as one resource of Terraform.

    Parameters
    ----------
    plan : Plan
    name : str
        Of the resource.

    Notes
    -----
    The resource replaces all rules of its bucket, so those of others are in it.
    """
    lines = [f'resource "aws_s3_bucket_lifecycle_configuration" "{name}" {{']
    lines.append(f"  bucket = {_value(plan.bucket)}")
    if plan.after.minimum is not None:
        lines.append(f"  transition_default_minimum_object_size = {_value(plan.after.minimum)}")
    for rule in plan.after.rules:
        lines += ["", "  rule {", *(f"    {line}" for line in _rule(rule)), "  }"]
    return "\n".join([*lines, "}", ""])


def _rule(rule: Rule) -> Iterator[str]:
    known = json.loads(text_of(as_s3_takes_it(rule)))
    yield f"id     = {_value(known.get('ID', ''))}"
    yield f"status = {_value(known['Status'])}"
    if "Filter" in known:
        yield from _filter(known["Filter"])
    elif "Prefix" in known:
        yield f"prefix = {_value(known['Prefix'])}"
    for s3_name, block, members in _BLOCKS:
        found = known.get(s3_name, [])
        for one in found if isinstance(found, list) else [found]:
            yield from _block(block, _renamed(one, members | _MEMBERS))


def _filter(filter_: dict[str, Any]) -> Iterator[str]:
    both = filter_.get("And")
    if both is None:
        tag = filter_.get("Tag")
        inner = [*_block("tag", {"key": tag["Key"], "value": tag["Value"]})] if tag else []
        yield from _block("filter", _renamed(filter_, _FILTER), inner)
        return
    tags = "".join(
        f"{_value(one['Key'])} = {_value(one['Value'])}, " for one in both.get("Tags", ())
    )
    inner = [f"tags = {{ {tags.removesuffix(', ')} }}"] if tags else []
    yield from _block("filter", {}, [*_block("and", _renamed(both, _FILTER), inner)])


def _renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: member for name, member in value.items() if name in names}


def _block(name: str, members: dict[str, Any], inner: list[str] | None = None) -> Iterator[str]:
    yield f"{name} {{"
    yield from (f"  {member} = {_value(value)}" for member, value in members.items())
    yield from (f"  {line}" for line in inner or ())
    yield "}"


def _value(value: object) -> str:
    """As HCL: JSON's text, in which `${` and `%{` begin nothing."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else text
