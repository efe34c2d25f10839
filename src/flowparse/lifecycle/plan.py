"""Floor 4: what would change in a bucket's rules, and what would not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flowparse.access import Access, read_access
from flowparse.lifecycle.check import check
from flowparse.lifecycle.context import bucket_facts, judge, overlaps
from flowparse.lifecycle.faults import LifecycleError
from flowparse.lifecycle.policy import Policy
from flowparse.lifecycle.prefixes import find_prefixes, read_place
from flowparse.lifecycle.rules import Rule, is_ours, make_rules, prefix_of
from flowparse.lifecycle.same import means_same
from flowparse.lifecycle.stored import Configuration, Store, text_of

__all__ = ["Plan", "plan", "plan_removal"]

_MOST_RULES: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `apply` would write, beside what is there.

    Attributes
    ----------
    bucket : str
    prefixes : tuple of str
        That the plan is about.
    before : Configuration
        What the bucket has; its `fingerprint` is what `apply` looks for.
    after : Configuration
        What it would have: rules of others as they are, in their places.
    warnings : tuple of str
        What S3 would accept, at a price or in vain.
    """

    bucket: str
    prefixes: tuple[str, ...]
    before: Configuration
    after: Configuration
    warnings: tuple[str, ...] = ()
    access: Access = field(default_factory=Access, repr=False, compare=False)

    @property
    def added(self) -> tuple[Rule, ...]:
        """Rules that are new."""
        known = {rule.get("ID") for rule in self.before.rules}
        return tuple(rule for rule in self.after.rules if rule.get("ID") not in known)

    @property
    def changed(self) -> tuple[tuple[Rule, Rule], ...]:
        """Rules of ours that would say something else: as they are, and as they would be."""
        before = {rule.get("ID"): rule for rule in self.before.rules if is_ours(rule)}
        pairs = ((before.get(rule.get("ID")), rule) for rule in self.after.rules)
        return tuple((old, new) for old, new in pairs if old and text_of(old) != text_of(new))

    @property
    def removed(self) -> tuple[Rule, ...]:
        """Rules of ours that would go."""
        left = {rule.get("ID") for rule in self.after.rules}
        ours = (rule for rule in self.before.rules if is_ours(rule))
        return tuple(rule for rule in ours if rule["ID"] not in left)

    @property
    def untouched(self) -> tuple[Rule, ...]:
        """Rules that stay as they are: those of others, and of ours what needs no change."""
        before = {text_of(rule) for rule in self.before.rules}
        return tuple(rule for rule in self.after.rules if text_of(rule) in before)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return self.before.fingerprint == self.after.fingerprint

    def diff(self) -> str:
        """All rules, in full, with `+` and `-` before the lines that come and go."""
        before, after = (_lines(one) for one in (self.before, self.after))
        n = len(before) + len(after)
        lines = difflib.unified_diff(before, after, "is", "would be", n=n, lineterm="")
        changed = "\n".join(line for line in lines if not line.startswith("@@"))
        return changed or "\n".join(f" {line}" for line in before)


def _lines(configuration: Configuration) -> list[str]:
    return [line for rule in configuration.rules for line in text_of(rule).splitlines()]


def plan(
    place: str,
    policy: Policy,
    *,
    prefixes: Sequence[str] | None = None,
    session: Any = None,
) -> Plan:
    """What a policy for the flow logs of a bucket would change in its rules. Writes nothing.

    Parameters
    ----------
    place : str
        A bucket, or `s3://bucket/prefix/` for the flow logs below a prefix.
    policy : Policy
    prefixes : sequence of str, optional
        For these, whatever lies there. None: those of `find_prefixes`.
    session : boto3.Session or Access, optional

    Returns
    -------
    Plan

    Raises
    ------
    LifecycleError
        S3 would refuse the policy, or it contradicts the bucket's object lock; there are no
        flow logs; the bucket would have more than 1,000 rules.
    SourceError
        The bucket cannot be listed, or its rules cannot be read.

    Notes
    -----
    Rules of others are never changed, nor are ours of other prefixes. Four requests, and those of
    `find_prefixes`.
    """
    if errors := check(policy).errors:
        raise LifecycleError(errors)
    access, bucket = read_access(session), read_place(place).bucket
    asked = find_prefixes(place, session=access) if prefixes is None else [*prefixes]
    if not asked:
        raise LifecycleError((_nowhere(place),))
    if "" in asked:
        raise LifecycleError(("prefixes: the empty one is all of the bucket: name a folder",))
    store = Store(bucket, access)
    before = store.read()
    made = [rule for prefix in dict.fromkeys(asked) for rule in make_rules(prefix, policy)]
    after = Configuration(tuple(_merge(before.rules, made, asked)), before.minimum)
    names = [rule.get("ID") for rule in after.rules]
    if clash := [rule["ID"] for rule in made if names.count(rule["ID"]) > 1]:
        raise LifecycleError((f"others have a rule named {clash[0]!r}: rename or remove it",))
    if len(after.rules) > _MOST_RULES:
        raise LifecycleError((_too_many(before, after),))
    warned = check(policy, before.minimum).warnings
    judged = judge(policy, bucket_facts(store))
    if judged.errors:
        raise LifecycleError(judged.errors)
    others = [rule for rule in before.rules if not is_ours(rule)]
    warned = (*warned, *judged.warnings, *overlaps(others, asked, policy))
    return Plan(
        bucket=bucket,
        prefixes=tuple(dict.fromkeys(asked)),
        before=before,
        after=after,
        warnings=warned,
        access=access,
    )


def plan_removal(place: str, *, prefixes: Sequence[str] | None = None, session: Any = None) -> Plan:
    """What would be left without our rules, or without those of some prefixes. Writes nothing.

    Parameters
    ----------
    place : str
        A bucket, or `s3://bucket/prefix/` for our rules below a prefix.
    prefixes : sequence of str, optional
        Of these only.
    session : boto3.Session or Access, optional

    Raises
    ------
    SourceError
        The bucket's rules cannot be read.
    """
    access, address = read_access(session), read_place(place)
    before = Store(address.bucket, access).read()
    ours = [rule for rule in before.rules if is_ours(rule)]
    found = [prefix_of(rule) for rule in ours if prefix_of(rule).startswith(address.key)]
    asked = [one for one in dict.fromkeys(found) if prefixes is None or one in prefixes]
    after = Configuration(tuple(_merge(before.rules, [], asked)), before.minimum)
    return Plan(
        bucket=address.bucket, prefixes=tuple(asked), before=before, after=after, access=access
    )


def _merge(rules: Sequence[Rule], made: Sequence[Rule], asked: Sequence[str]) -> list[Rule]:
    """Rules with ours of these prefixes replaced: a change stays in its place."""
    new = {rule["ID"]: rule for rule in made}
    merged = []
    for rule in rules:
        if not (is_ours(rule) and prefix_of(rule) in asked):
            merged.append(rule)
        elif rule["ID"] in new:
            made_anew = new.pop(rule["ID"])
            merged.append(rule if means_same(rule, made_anew) else made_anew)
    return [*merged, *new.values()]


def _nowhere(place: str) -> str:
    return (
        f"{place}: no flow logs found (no AWSLogs/ACCOUNT/vpcflowlogs/ folder): they come with the "
        "first delivery; until then name prefixes"
    )


def _too_many(before: Configuration, after: Configuration) -> str:
    return (
        f"the bucket would have {len(after.rules):,} rules, and S3 takes {_MOST_RULES:,}: it has "
        f"{len(before.rules):,} now. Name one prefix above many accounts, where only flow logs "
        "lie below it"
    )
