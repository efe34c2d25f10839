"""Floor 2: Community IDs, by which other tools know the same flow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from flowparse import _core
from flowparse.compute.arrays import Column, beside, plain_text, whole

__all__ = ["community_id"]

_MOST = {"srcport": 65535, "dstport": 65535, "protocol": 255}


def community_id(
    srcaddr: Any, dstaddr: Any, srcport: Any, dstport: Any, protocol: Any, *, seed: int = 0
) -> Column:
    """The Community ID (version 1) of each flow, as Zeek, Suricata and Wireshark make it.

    Both directions of a flow have the same one. A single value stands for every row.

    Parameters
    ----------
    srcaddr, dstaddr : Array, ChunkedArray, list of str, or str
        Text; see the module.
    srcport, dstport : Array, ChunkedArray, list of int, or int
        Of ICMP and ICMPv6 the type and the code of the message. Flow logs have 0 and 0 there: see
        Notes.
    protocol : Array, ChunkedArray, list of int, or int
        IANA's number.
    seed : int
        0..65535; the same as in the tools that are compared with.

    Returns
    -------
    pyarrow.StringArray or pyarrow.ChunkedArray
        Such as `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`. Null where the protocol or an address is null,
        where an address is none, or one is IPv4 and the other IPv6, and where TCP, UDP, SCTP, ICMP
        or ICMPv6 lack a port. Of other protocols ports are not looked at.

    Raises
    ------
    TypeError
        The columns are of other types.
    ValueError
        Their lengths differ, or a port, a protocol or the seed is out of its range.

    Notes
    -----
    AWS writes no ICMP types: both ports are 0, which is the type of an echo reply. So the ID of an
    ICMP flow is that of an echo reply from source to destination. It is what other tools have for a
    ping that the destination began, not for other messages; and the two directions of a flow log's
    flow get two IDs. ICMPv6 type 0 is answered by nothing, and gets two IDs as well.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.community_id("128.232.110.120", "66.35.250.204", 34855, 80, 6).to_pylist()
    ['1:LQU9qZlK+B5F3KDmev6m5PMibrg=']
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed: expected a whole number, got {seed!r}")
    if not 0 <= seed <= 65535:
        raise ValueError(f"seed: expected 0..65535, got {seed}")
    batches, chunked = beside(
        {
            "srcaddr": (srcaddr, plain_text),
            "dstaddr": (dstaddr, plain_text),
            "srcport": (srcport, whole),
            "dstport": (dstport, whole),
            "protocol": (protocol, whole),
        }
    )
    row = 0
    found = []
    for batch in batches:
        found.append(_ids(batch, seed, row))
        row += batch.num_rows
    return pa.chunked_array(found, pa.string()) if chunked else found[0]


def _ids(batch: pa.RecordBatch, seed: int, first_row: int) -> pa.StringArray:
    srcaddr, dstaddr, srcport, dstport, protocol = batch.columns
    ids, bad = _core.community_ids(srcaddr, dstaddr, srcport, dstport, protocol, seed)
    if bad < 0:
        return ids
    for name, most in _MOST.items():
        value = batch.column(name)[bad].as_py()
        if value is not None and not 0 <= value <= most:
            break
    raise ValueError(f"{name}: row {first_row + bad}: expected 0..{most}, got {value}")
