"""Floor 4: groups of groups: what is kept by many keys, once more by fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flowparse.aggregate.batches import group_batches
from flowparse.grouping import Groups, Key, Measure
from flowparse.grouping.spec import How

__all__ = ["fold_again"]

_AGAIN: Final[dict[How, How]] = {
    "count": "sum",
    "valid": "sum",
    "sum": "sum",
    "min": "min",
    "max": "max",
}


def fold_again(fine: Groups, keys: Sequence[str], distinct: str, name: str) -> Groups:
    """Groups by some of the keys of others.

    Parameters
    ----------
    fine : Groups
    keys : sequence of str
        Those that remain.
    distinct : str
        The key that does not; how many of its values there are, without null, is measured.
    name : str
        Of that number.
    """
    measures = [Measure(_AGAIN[one.how], one.name, one.name) for one in fine.measures]
    coarse = Groups([Key(key) for key in keys], [*measures, Measure("valid", distinct, name)])
    for batch in group_batches(fine):
        coarse.add(batch)
    return coarse
