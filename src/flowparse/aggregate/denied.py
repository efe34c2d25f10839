"""Floor 4: what was denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from flowparse.aggregate.again import fold_again
from flowparse.aggregate.keys import fold_networks, read_by, read_limit
from flowparse.aggregate.masks import true_where
from flowparse.aggregate.measures import SEEN, TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sorting import top_groups
from flowparse.grouping import Groups, Key, Passed

__all__ = ["Denied", "denied"]

_KEYS: Final = ("srcaddr", "dstaddr", "dstport", "protocol", "reject_reason")
_COLUMNS: Final = (*_KEYS, "records", "packets", "bytes", "first_seen", "last_seen", "interfaces")


@dataclass(eq=False)
class Denied(Question):
    """What was denied: `denied` as a question.

    The parameters are those of `denied`.
    """

    limit: int | None = 20
    prefix: int | None = None
    prefix_ipv6: int | None = None

    def __post_init__(self) -> None:
        read_limit(self.limit)
        self._by = read_by(_KEYS, self.prefix, self.prefix_ipv6)
        self._folds = any(one.prefix is not None for one in self._by)
        keys = [Key(name) for name in (*_KEYS, "interface_id")]
        self._groups = Groups(keys, [*TRAFFIC, *SEEN])

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its keys, action, packets, bytes, start and end."""
        return (*_KEYS, "interface_id", "action", "packets", "bytes", "start", "end")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rejected rows of one batch."""
        rejected = true_where(batch.column("action"), "REJECT")
        if self._folds:
            batch, rejected = batch.filter(rejected), None
        self._groups.add(fold_networks(batch, self._by), rejected)

    def absorb(self, other: Denied) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """Those with most records."""
        groups = fold_again(self._groups, _KEYS, "interface_id", "interfaces")
        return top_groups(groups, "records", self.limit).select(_COLUMNS)


def denied(
    source: object,
    limit: int | None = 20,
    *,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    **reading: Any,
) -> pa.Table:
    r"""What was denied: records whose action is REJECT, by who asked whom for what.

    Parameters
    ----------
    source : object
        As of `run`.
    limit : int, optional
        Rows at most; None is all.
    prefix, prefix_ipv6 : int, optional
        Fold both addresses into networks, as of `top_talkers`.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        `srcaddr`, `dstaddr`, `dstport`, `protocol`, `reject_reason` (null where the format
        lacks it, or AWS says none), `records`, `packets`, `bytes`, `first_seen` (the earliest
        start), `last_seen` (the latest end), `interfaces` (how many logged it; 0 where the
        format has no interface-id). Most records first; equals by their keys, ascending; nulls
        last.

    Raises
    ------
    ValueError
        A column or an option that there is not. For the rest see `run`.

    Notes
    -----
    Transit gateway flow logs have no action, so nothing of them is denied. Memory: one group
    for each key and interface among the rejected records.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstaddr dstport protocol action
    ... 203.0.113.9 10.0.0.1 22 6 REJECT
    ... 203.0.113.9 10.0.0.1 22 6 REJECT
    ... 203.0.113.9 10.0.0.1 443 6 ACCEPT
    ... '''
    >>> aggregate.denied(log).select(["srcaddr", "dstport", "records"]).to_pylist()
    [{'srcaddr': '203.0.113.9', 'dstport': 22, 'records': 2}]
    """
    return ask(source, Denied(limit, prefix, prefix_ipv6), reading)
