"""Floor 4: which side of a record asked, and which answered.

A record tells one direction of a conversation. It is an answer if the sender is the server:

1. TCP flags tell, where they are there: a SYN without ACK is the client's. A SYN with ACK is the
   server's in the flow logs of a VPC; those of a transit gateway, which have no `action`, also
   tell the ACK of a client that began and went on within one window, so there it tells nothing.
2. Else the side with the lower port is the server, so that both directions of a conversation
   agree.
3. Ports that are equal, 0 (ICMP, GRE, ESP) or null tell nothing: the sender counts as the client,
   and replies look like requests of the other side.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["orient"]

_SYN, _SYN_ACK = 2, 18
_TCP: Final = 6


def orient(batch: pa.RecordBatch) -> tuple[Any, Any]:
    """Whether each record is an answer, and the port of its server.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        With srcport, dstport, protocol, action and tcp_flags.

    Returns
    -------
    is_answer : pyarrow.BooleanArray
        No nulls.
    port : pyarrow.Int32Array
        Null where the port is.
    """
    source, target = batch.column("srcport"), batch.column("dstport")
    by_port = pc.and_(pc.less(source, target), pc.greater(source, 0))
    answer = pc.fill_null(by_port, False)
    flags = batch.column("tcp_flags")
    if flags.null_count < len(flags):
        answer = _by_flags(batch, pc.bit_wise_and(flags, _SYN_ACK), answer)
    return answer, pc.if_else(answer, source, target)


def _by_flags(batch: pa.RecordBatch, shaken: Any, answer: Any) -> Any:
    """The answers as the flags tell them, where they do."""
    is_tcp = pc.equal(batch.column("protocol"), _TCP)
    asks = pc.and_kleene(is_tcp, pc.equal(shaken, _SYN))
    answers = pc.and_kleene(is_tcp, pc.equal(shaken, _SYN_ACK))
    answers = pc.and_kleene(answers, pc.is_valid(batch.column("action")))
    answer = pc.or_(answer, pc.fill_null(answers, False))
    return pc.and_not(answer, pc.fill_null(asks, False))
