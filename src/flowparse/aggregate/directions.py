"""Floor 4: the two directions of a conversation, and which side is the client."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.batches import whole_batch
from flowparse.grouping import Groups, Key, Measure

__all__ = ["join_directions"]

_SYN: Final = 2
_SYN_ACK: Final = 18
_SIDES: Final = ("low", "high")
_PAIR: Final = ("low", "high", "low_port", "high_port", "protocol")
_SUMS: Final = ("records", "accepted", "rejected", "views")
_SIZES: Final = ("packets", "bytes")


def join_directions(flows: pa.Table) -> pa.Table:
    """One row for both directions.

    Parameters
    ----------
    flows : pyarrow.Table
        As of `choose_views`; one row a direction.

    Returns
    -------
    pyarrow.Table
        client, server, client_port, server_port, protocol, and what the two directions come to.
    """
    pairs = _pairs(flows)
    from_low = _is_client_low(pairs)
    columns = {name: pairs.column(name) for name in ("protocol", *_SUMS)}
    columns |= {name: pairs.column(name) for name in ("first_seen", "last_seen")}
    for kind in ("", "_port"):
        low, high = (pairs.column(f"{side}{kind}") for side in _SIDES)
        columns[f"client{kind}"] = pc.if_else(from_low, low, high)
        columns[f"server{kind}"] = pc.if_else(from_low, high, low)
    for name in _SIZES:
        low, high = (pairs.column(f"{name}_{side}") for side in _SIDES)
        columns[f"{name}_out"] = pc.if_else(from_low, low, high)
        columns[f"{name}_in"] = pc.if_else(from_low, high, low)
        columns[name] = pairs.column(name)
    return pa.table(columns)


def _pairs(flows: pa.Table) -> pa.Table:
    """Both directions together: the side that is less, by address and port, is `low`."""
    flows = pa.Table.from_batches([whole_batch(flows)])
    is_low = _is_sender_low(flows)
    columns = {name: flows.column(name) for name in ("protocol", *_SUMS, *_SIZES)}
    for kind, names in (("", ("srcaddr", "dstaddr")), ("_port", ("srcport", "dstport"))):
        sender, receiver = (flows.column(name) for name in names)
        columns[f"low{kind}"] = pc.if_else(is_low, sender, receiver)
        columns[f"high{kind}"] = pc.if_else(is_low, receiver, sender)
    times = ("first_seen", "last_seen")
    columns |= {name: flows.column(name) for name in times}
    for side, sends in zip(_SIDES, (is_low, pc.invert(is_low)), strict=True):
        for name in ("packets", "bytes", "flags", "first_seen"):
            values = flows.column(name)
            columns[f"{name}_{side}"] = pc.if_else(sends, values, pa.scalar(None, values.type))
        columns[f"sent_{side}"] = pc.if_else(sends, True, pa.scalar(None, pa.bool_()))
    groups = Groups([Key(name) for name in _PAIR], _measures())
    groups.add(whole_batch(pa.table(columns)))
    return groups.table()


def _measures() -> list[Measure]:
    found = [Measure("sum", name, name) for name in (*_SUMS, *_SIZES)]
    found += [Measure("min", "first_seen", "first_seen"), Measure("max", "last_seen", "last_seen")]
    for side in _SIDES:
        found += [Measure("sum", f"{name}_{side}", f"{name}_{side}") for name in _SIZES]
        found.append(Measure("or", f"flags_{side}", f"flags_{side}"))
        found.append(Measure("min", f"first_seen_{side}", f"first_seen_{side}"))
        found.append(Measure("valid", f"sent_{side}", f"sent_{side}"))
    return found


def _is_sender_low(flows: pa.Table) -> Any:
    sender, receiver = flows.column("srcaddr"), flows.column("dstaddr")
    ports = [pc.fill_null(flows.column(name), -1) for name in ("srcport", "dstport")]
    is_less = pc.less(sender, receiver)
    return pc.if_else(pc.equal(sender, receiver), pc.less_equal(*ports), is_less)


def _is_client_low(pairs: pa.Table) -> Any:
    """Is the low side the client? By flags, else by ports, else by who was first."""
    asks, answers = _asks(pairs, "low", "high"), _asks(pairs, "high", "low")
    by_flags = pc.if_else(pc.xor(asks, answers), asks, pa.scalar(None, pa.bool_()))
    ports = [pairs.column(f"{side}_port") for side in _SIDES]
    by_ports = pc.if_else(pc.equal(*ports), pa.scalar(None, pa.bool_()), pc.greater(*ports))
    return pc.coalesce(by_flags, by_ports, _is_low_first(pairs))


def _asks(pairs: pa.Table, side: str, other: str) -> Any:
    """Did this side send SYN without ACK, or was it sent SYN with ACK?"""
    sent, got = (pc.bit_wise_and(pairs.column(f"flags_{one}"), _SYN_ACK) for one in (side, other))
    return pc.or_(pc.equal(sent, _SYN), pc.equal(got, _SYN_ACK))


def _is_low_first(pairs: pa.Table) -> Any:
    """Did the low side send the earliest record, or the only ones?"""
    low, high = (pairs.column(f"first_seen_{side}") for side in _SIDES)
    sent_low, sent_high = (pc.greater(pairs.column(f"sent_{side}"), 0) for side in _SIDES)
    is_first = pc.fill_null(pc.less_equal(low, high), True)
    return pc.and_(sent_low, pc.or_(is_first, pc.invert(sent_high)))
