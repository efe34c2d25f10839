"""Floor 4: protocols that hosts do not speak with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import protocol_name
from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import fold
from flowparse.detect.telling import action_of, first_told, plural, size, tell

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["UnusualProtocol"]

_TUNNELS: Final = (4, 41, 47, 50, 94, 97, 115, 137)
_PAIR: Final = ("account_id", "one", "two", "protocol")
_SUMS: Final = {
    "asked": "sum",
    "refused": "sum",
    "packets": "sum",
    "bytes": "sum",
    "client": "min",
    "clients": "count_distinct",
    "interface_id": "min",
    "interfaces": "count_distinct",
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class UnusualProtocol(Detector):
    """Two hosts speak a protocol that is not one of the usual.

    Both directions are one finding: without ports neither side is the server. Severity: low
    where all was rejected, high where a tunnel to a public address was let through, else medium.

    Parameters
    ----------
    usual : tuple of int
        IANA numbers. ICMP, TCP, UDP and ICMPv6: all else needs someone who set it up, such as
        a VPN; add 50 (ESP) or 47 (GRE) where it is yours.
    quiet_hours : int
        Without the protocol end an episode. 24: a tunnel is told once, however long it stands.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.unusual_protocol import UnusualProtocol
    >>> talks = pa.table({
    ...     "hour": pa.array([0], pa.timestamp("s", "UTC")),
    ...     "client": ["10.0.0.5"], "server": ["203.0.113.9"], "port": [0], "protocol": [47],
    ...     "is_answer": [False], "action": ["ACCEPT"], "records": [3], "bytes": [900],
    ... })
    >>> UnusualProtocol().find(Facts.made(talks)).column("why").to_pylist()
    ['10.0.0.5 and 203.0.113.9 spoke gre (protocol 47): 3 records and 900 bytes within an hour.']
    """

    name: ClassVar[str] = "unusual-protocol"
    technique: ClassVar[str | None] = "T1095"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "protocol")

    usual: tuple[int, ...] = (1, 6, 17, 58)
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode, of two hosts and a protocol."""
        exchanges = facts.exchanges
        rows = exchanges.table
        usual = pc.is_in(rows["protocol"], value_set=pa.array(self.usual, pa.int32()))
        rows = rows.filter(pc.and_not(pc.is_valid(rows["protocol"]), usual))
        client, server = rows["client"], rows["server"]
        rows = rows.append_column("one", pc.min_element_wise(client, server))
        rows = rows.append_column("two", pc.max_element_wise(client, server))
        rows = rows.append_column("clients", client).append_column(
            "interfaces", rows["interface_id"]
        )
        rows = fold(rows, ("hour", *_PAIR), _SUMS)
        rows = rows.append_column("server", _other(rows))
        one, two = (exchanges.private.take(rows[name].combine_chunks()) for name in ("one", "two"))
        rows = rows.append_column("outside", pc.invert(pc.and_(one, two)))
        rows = exchanges.named(rows).append_column("called", protocol_name(rows["protocol"]))
        rows = rows.append_column("let", pc.greater(rows["asked"], 0))
        told = first_told(rows, (*_PAIR, "let"), self.quiet_hours)
        return tell(self, facts, told, _describe)


def _other(rows: pa.Table) -> Any:
    """The one of the two that is not `client`."""
    return pc.if_else(pc.equal(rows["client"], rows["one"]), rows["two"], rows["one"])


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    source, target, number = row["srcaddr"], row["dstaddr"], row["protocol"]
    first, second = sorted((source, target))
    records = row["asked"] + row["refused"]
    sent = "" if row["bytes"] is None else f" and {size(row['bytes'])}"
    tunnel = number in _TUNNELS
    let_in = "high" if row["outside"] and tunnel else "medium"
    then = "" if row["asked"] else ", all rejected"
    return {
        "severity": let_in if row["asked"] else "low",
        "entity": f"{first} - {second} protocol {number}",
        "interface_id": row["interface_id"] if row["interfaces"] == 1 else None,
        "srcaddr": source if row["clients"] == 1 else first,
        "dstaddr": target if row["clients"] == 1 else second,
        "dstport": None,
        "action": action_of(row),
        "records": records,
        "measure": records,
        "technique": "T1572" if tunnel else "T1095",
        "why": f"{first} and {second} spoke {row['called']} (protocol {number}): "
        f"{plural(records, 'record')}{sent} within an hour{then}.",
    }
