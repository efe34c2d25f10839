"""Floor 4: the rules of a bucket in words, and those of a plan as S3's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from flowparse.access import read_access
from flowparse.lifecycle.plan import Plan
from flowparse.lifecycle.prefixes import read_place
from flowparse.lifecycle.rules import Rule, as_s3_takes_it, is_ours, prefix_of
from flowparse.lifecycle.stored import Store, text_of

__all__ = ["as_json", "list_rules"]


def list_rules(place: str, *, session: Any = None) -> pa.Table:
    """The lifecycle rules of a bucket.

    Parameters
    ----------
    place : str
        A bucket, or `s3://bucket/prefix/` for the rules that reach below a prefix.
    session : boto3.Session or Access, optional

    Returns
    -------
    pyarrow.Table
        A row a rule, in the server's order: `rule` (its ID), `of` (`flowparse` or `others`),
        `status`, `prefix` (empty: all keys), `does`. All are strings without nulls.

    Raises
    ------
    SourceError
        The rules cannot be read.
    """
    address = read_place(place)
    rules = Store(address.bucket, read_access(session)).read().rules
    met = [rule for rule in rules if _reaches(prefix_of(rule), address.key)]
    columns = {
        "rule": [str(rule.get("ID", "")) for rule in met],
        "of": ["flowparse" if is_ours(rule) else "others" for rule in met],
        "status": [rule["Status"] for rule in met],
        "prefix": [prefix_of(rule) for rule in met],
        "does": [", ".join(_words(rule)) for rule in met],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _reaches(prefix: str, asked: str) -> bool:
    return prefix.startswith(asked) or asked.startswith(prefix)


def _words(rule: Rule) -> Iterator[str]:
    for one in rule.get("Transitions", ()):
        yield f"to {one['StorageClass']} {_when(one)}"
    expiration = rule.get("Expiration", {})
    if "Days" in expiration or "Date" in expiration:
        yield f"delete {_when(expiration)}"
    if expiration.get("ExpiredObjectDeleteMarker"):
        yield "remove delete markers without versions"
    for one in rule.get("NoncurrentVersionTransitions", ()):
        yield f"noncurrent to {one['StorageClass']} {_when(one)}"
    if (versions := rule.get("NoncurrentVersionExpiration")) is not None:
        yield f"delete noncurrent {_when(versions)}"
    if (uploads := rule.get("AbortIncompleteMultipartUpload")) is not None:
        yield f"abort uploads after {uploads['DaysAfterInitiation']} d"
    filter_ = rule.get("Filter") or {}
    for name, value in sorted({**filter_, **filter_.get("And", {})}.items()):
        if name not in ("And", "Prefix"):
            yield f"only {name}={value}"


def _when(one: Rule) -> str:
    if "Date" in one:
        return f"on {one['Date']:%Y-%m-%d}"
    after = f"after {one.get('Days', one.get('NoncurrentDays', '?'))} d"
    kept = one.get("NewerNoncurrentVersions")
    return f"{after} but the newest {kept}" if kept else after


def as_json(plan: Plan) -> str:
    """All rules that a bucket would have, as `aws s3api put-bucket-lifecycle-configuration` takes.

    Parameters
    ----------
    plan : Plan
    """
    rules = [json.loads(text_of(as_s3_takes_it(rule))) for rule in plan.after.rules]
    return json.dumps({"Rules": rules}, indent=2, ensure_ascii=False) + "\n"
