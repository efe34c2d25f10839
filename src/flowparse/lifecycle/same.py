"""Floor 4: whether two rules mean the same, however a server spells them."""

from __future__ import annotations

import json
from typing import Any

from flowparse.lifecycle.rules import Rule, prefix_of
from flowparse.lifecycle.stored import text_of

__all__ = ["lost", "means_same"]


def means_same(one: Rule, other: Rule) -> bool:
    """Whether two rules do the same to the same objects."""
    return _plain(one) == _plain(other)


def lost(wanted: Rule, kept: Rule) -> list[str]:
    """What a rule was to have and has not, as `member=value`."""
    have = _plain(kept)
    return [f"{name}={value}" for name, value in _plain(wanted).items() if have.get(name) != value]


def _plain(rule: Rule) -> dict[str, str]:
    """Members by their path: `Expiration.Days` is 30. A filter's, whether or not within `And`."""
    known = json.loads(text_of(rule))
    filter_ = dict(known.pop("Filter", None) or {})
    filter_ |= filter_.pop("And", {})
    filter_.pop("Prefix", None)
    if prefix := prefix_of(rule):  # an empty one is none
        filter_["Prefix"] = prefix
    tags = filter_.pop("Tags", [])
    tags += [filter_.pop("Tag")] if "Tag" in filter_ else []
    known.pop("Prefix", None)
    flat: dict[str, str] = {}
    _flatten(known, "", flat)
    _flatten(filter_, "Filter.", flat)
    for tag in tags:
        flat[f"Filter.Tag.{tag['Key']}"] = str(tag["Value"])
    return flat


def _flatten(value: Any, path: str, flat: dict[str, str]) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            at = f"{path}{name}"
            _flatten(member, f"{at}." if isinstance(member, dict | list) else at, flat)
    elif isinstance(value, list):
        for one in value:  # of transitions, each class is named once
            _flatten(one, f"{path}{one.get('StorageClass', '')}.", flat)
    else:
        flat[path] = str(value)
