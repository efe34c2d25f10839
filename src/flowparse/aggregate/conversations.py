"""Floor 4: who talked with whom, both directions in one row, each flow once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.directions import join_directions
from flowparse.aggregate.keys import read_limit, read_measure
from flowparse.aggregate.masks import true_where
from flowparse.aggregate.measures import SEEN, TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.sorting import top_rows
from flowparse.aggregate.talkers import TrafficMeasure
from flowparse.aggregate.views import FLOW, VIEW, choose_views
from flowparse.grouping import Groups, Key, Measure, Passed

__all__ = ["Conversations", "conversations"]

_KEYS: Final = ("client", "server", "client_port", "server_port", "protocol")
_COLUMNS: Final = (
    *_KEYS,
    *("bytes", "bytes_out", "bytes_in", "packets", "packets_out", "packets_in"),
    *("records", "accepted", "rejected", "views", "first_seen", "last_seen"),
)


@dataclass(eq=False)
class Conversations(Question):
    """Who talked with whom: `conversations` as a question.

    The parameters are those of `conversations`.
    """

    measure: TrafficMeasure = "bytes"
    limit: int | None = 20

    def __post_init__(self) -> None:
        read_measure(self.measure, TrafficMeasure)
        read_limit(self.limit)
        actions = [Measure("valid", name, name) for name in ("accepted", "rejected")]
        flags = Measure("or", "tcp_flags", "flags")
        keys = [Key(name) for name in (*FLOW, *VIEW)]
        self._groups = Groups(keys, [*TRAFFIC, *SEEN, *actions, flags])

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the flow and of who saw it, its action, flags, sizes and times."""
        return (*FLOW, *VIEW, "action", "tcp_flags", "packets", "bytes", "start", "end")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch that have both addresses."""
        action = batch.column("action")
        for name, value in (("accepted", "ACCEPT"), ("rejected", "REJECT")):
            batch = batch.append_column(name, true_where(action, value))
        has_both = pc.and_(*(pc.is_valid(batch.column(name)) for name in ("srcaddr", "dstaddr")))
        self._groups.add(batch, has_both)

    def absorb(self, other: Conversations) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """The conversations with most."""
        table = join_directions(choose_views(self._groups.table()))
        return top_rows(table, self.measure, _KEYS, self.limit).select(_COLUMNS)


def conversations(
    source: object,
    measure: TrafficMeasure = "bytes",
    limit: int | None = 20,
    **reading: Any,
) -> pa.Table:
    r"""Who talked with whom: both directions of addresses, ports and protocol in one row.

    Parameters
    ----------
    source : object
        As of `run`.
    measure : {"bytes", "packets", "records"}
        What the rows are sorted by, of both directions together.
    limit : int, optional
        Rows at most; None is all.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        `client`, `server`, `client_port`, `server_port`, `protocol`; `bytes` and `packets` of
        both directions, `_out` from client to server, `_in` back (null where no record of that
        direction is there, or says); `records`; `accepted` and `rejected`; `views`; `first_seen`
        (the earliest start), `last_seen` (the latest end). Most first; equals by client, server,
        ports and protocol, ascending; nulls last. Records without addresses are left out.

    Raises
    ------
    ValueError
        An option that there is not. For the rest see `run`.

    Notes
    -----
    **Each flow counts once.** Traffic between two interfaces that are both logged is in two
    records, one egress and one ingress. Of all that saw one direction, told apart by interface-id
    and flow-direction, the one with most bytes counts (then packets, then records). `views` is
    how many there were, over both directions. `accepted` and `rejected` are the most that any of
    them had: what the sender's interface lets out and the receiver's refuses is both.

    What this does not catch: a format with neither interface-id nor flow-direction counts both
    copies, and `views` is then 1 a direction. Where an address moves from one interface to another,
    as with a failover, only the one that saw more counts. Behind a NAT gateway or a load
    balancer the flow on the other side has other addresses and is another conversation:
    `srcaddr` and `dstaddr` are compared, not `pkt_srcaddr` and `pkt_dstaddr`.

    **Who is the client:** who sent SYN without ACK, or was sent SYN with ACK. Where that is both
    sides or none, the side with the higher port; with equal ports the sender of the earliest
    record, or of the only direction. Without tcp-flags, a server on a high port may be taken for
    the client.

    Memory: one group for each direction and interface that saw it.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''interface-id srcaddr dstaddr srcport dstport protocol bytes
    ... eni-1 10.0.0.1 10.0.0.2 49152 443 6 400
    ... eni-2 10.0.0.1 10.0.0.2 49152 443 6 400
    ... eni-2 10.0.0.2 10.0.0.1 443 49152 6 9000
    ... '''
    >>> [row] = aggregate.conversations(log).to_pylist()
    >>> row["client"], row["server_port"], row["bytes_out"], row["bytes_in"], row["views"]
    ('10.0.0.1', 443, 400, 9000, 3)
    """
    return ask(source, Conversations(measure, limit), reading)
