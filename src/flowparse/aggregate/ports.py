"""Floor 4: which ports are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa

from flowparse.aggregate.again import fold_again
from flowparse.aggregate.keys import fold_networks, read_by, read_limit, read_measure
from flowparse.aggregate.measures import TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sorting import top_groups
from flowparse.grouping import Groups, Key, Passed

__all__ = ["Ports", "ports"]

PortMeasure = Literal["bytes", "packets", "records", "sources"]
_KEYS: Final = ("dstport", "protocol")
_COLUMNS: Final = (*_KEYS, "records", "packets", "bytes", "sources")


@dataclass(eq=False)
class Ports(Question):
    """Which ports are asked for: `ports` as a question.

    The parameters are those of `ports`.
    """

    measure: PortMeasure = "bytes"
    limit: int | None = 20
    prefix: int | None = None
    prefix_ipv6: int | None = None

    def __post_init__(self) -> None:
        read_measure(self.measure, PortMeasure)
        read_limit(self.limit)
        self._by = read_by("srcaddr", self.prefix, self.prefix_ipv6)
        self._groups = Groups([Key(name) for name in (*_KEYS, "srcaddr")], TRAFFIC)

    @property
    def columns(self) -> tuple[str, ...]:
        """dstport, protocol, srcaddr, packets and bytes."""
        return (*_KEYS, "srcaddr", "packets", "bytes")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        self._groups.add(fold_networks(batch, self._by))

    def absorb(self, other: Ports) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """The ports with most."""
        groups = fold_again(self._groups, _KEYS, "srcaddr", "sources")
        return top_groups(groups, self.measure, self.limit).select(_COLUMNS)


def ports(
    source: object,
    measure: PortMeasure = "bytes",
    limit: int | None = 20,
    *,
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    **reading: Any,
) -> pa.Table:
    r"""Which ports are asked for: records by destination port and protocol.

    Parameters
    ----------
    source : object
        As of `run`.
    measure : {"bytes", "packets", "records", "sources"}
        What the rows are sorted by.
    limit : int, optional
        Rows at most; None is all.
    prefix, prefix_ipv6 : int, optional
        Count networks of sources, not addresses; as of `top_talkers`.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        `dstport`, `protocol`, `records`, `packets`, `bytes`, `sources` (how many source
        addresses, counted exactly; null is none). Most first; equals by port and protocol,
        ascending; nulls last.

    Raises
    ------
    ValueError
        An option that there is not. For the rest see `run`.

    Notes
    -----
    Answers go to the port that the client asked from, so those ports are among the rows; ask
    with `filters=[("dstport", "<", 32768)]`, or see `services`. Memory: one group for each port,
    protocol and source.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstport protocol bytes
    ... 10.0.0.1 443 6 4000
    ... 10.0.0.2 443 6 3000
    ... 10.0.0.1 53 17 200
    ... '''
    >>> aggregate.ports(log, "sources", 1).select(["dstport", "bytes", "sources"]).to_pylist()
    [{'dstport': 443, 'bytes': 7000, 'sources': 2}]
    """
    return ask(source, Ports(measure, limit, prefix, prefix_ipv6), reading)
