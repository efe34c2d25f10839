"""Floor 4: an administrator's port that lets the internet in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import fold
from flowparse.detect.ports import ADMIN_PORTS, service_at
from flowparse.detect.telling import first_told, plural, tell
from flowparse.detect.tried import is_answered

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["ExposedAdmin"]

_TCP: Final = 6
_DOOR: Final = ("account_id", "interface_id", "server", "port", "protocol")
_SUMS: Final = {
    "clients": "count_distinct",
    "client": "min",
    "asked": "sum",
    "answers": "sum",
    "served": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class ExposedAdmin(Detector):
    """An administrator's port of a private host was reached from a public address.

    What was rejected is no finding. That something answered raises the severity from medium to
    high: otherwise the way is open, and nobody is at home yet.

    Parameters
    ----------
    ports : tuple of int
        Of TCP: where one logs in (SSH, Telnet, SMB, RDP, VNC, WinRM), databases (SQL Server,
        Oracle, MySQL, PostgreSQL, Redis, MongoDB, Elasticsearch, memcached, etcd), RPC, NetBIOS,
        Docker, Kubernetes and kubelet: whoever is let in runs commands or reads data.
    trusted : tuple of str
        Networks, such as an office's, that may.
    inside : tuple of str
        Networks that are one's own beside the private ones. The IPv6 addresses of a VPC are
        public ones: without its prefix here, nothing is said of them.
    tiny_bytes : int
        An answer of no more bytes a record is none. 120: a reset has 40, a SYN with its ACK 60.
    quiet_hours : int
        Without such a record end an episode. 168: a door that is open all the time is told
        once, even if few come by.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.exposed_admin import ExposedAdmin
    >>> talks = pa.table({
    ...     "hour": pa.array([0, 0], pa.timestamp("s", "UTC")),
    ...     "client": ["203.0.113.9"] * 2, "server": ["10.0.0.5"] * 2, "port": [3389] * 2,
    ...     "protocol": [6] * 2, "is_answer": [False, True], "action": ["ACCEPT"] * 2,
    ...     "records": [2, 2], "bytes": [3000, 90000],
    ... })
    >>> ExposedAdmin().find(Facts.made(talks)).column("why").to_pylist()
    ['port 3389 (rdp) of 10.0.0.5 let in 203.0.113.9: 2 records, and it answered.']
    """

    name: ClassVar[str] = "exposed-admin"
    technique: ClassVar[str | None] = "T1133"
    needs: ClassVar[tuple[str, ...]] = (
        "start",
        "srcaddr",
        "dstaddr",
        "dstport",
        "protocol",
        "action",
    )

    ports: tuple[int, ...] = ADMIN_PORTS
    trusted: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    tiny_bytes: int = 120
    quiet_hours: int = 168

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode, of a server and a port."""
        exchanges = facts.exchanges
        rows = exchanges.table
        at_door = pc.is_in(rows["port"], value_set=pa.array(self.ports, pa.int32()))
        at_door = pc.and_(at_door, pc.equal(rows["protocol"], _TCP))
        rows = rows.filter(pc.and_(at_door, pc.greater(rows["asked"], 0)))
        client, server = (rows[name].combine_chunks() for name in ("client", "server"))
        inside, may = exchanges.inside(self.inside), exchanges.inside((*self.inside, *self.trusted))
        rows = rows.filter(pc.and_not(inside.take(server), may.take(client)))
        served = pc.if_else(is_answered(rows, self.tiny_bytes), rows["answers"], 0)
        rows = rows.append_column("served", served).append_column("clients", rows["client"])
        found = exchanges.named(fold(rows, ("hour", *_DOOR), _SUMS))
        door = ("account_id", "server", "port")
        return tell(
            self, facts, first_told(found, door, self.quiet_hours, most="served"), _describe
        )


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    clients, server, port = row["clients"], row["dstaddr"], row["dstport"]
    who = row["srcaddr"] if clients == 1 else f"{clients:,} public addresses"
    then = "and it answered" if row["served"] else "and nothing answered"
    return {
        "severity": "high" if row["served"] else "medium",
        "entity": f"{server}:{port}",
        "srcaddr": row["srcaddr"] if clients == 1 else None,
        "action": "ACCEPT",
        "records": row["asked"],
        "measure": clients,
        "why": f"{service_at(port)} of {server} let in {who}: "
        f"{plural(row['asked'], 'record')}, {then}.",
    }
