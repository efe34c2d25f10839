"""Floor 4: who answers at which port, and whom each host turns to."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import is_private
from flowparse.detect.sums import group

__all__ = ["PEER", "SERVICE", "hosts_of", "name_service", "peers_of", "services_of"]

#: What makes a service of a host, and a peer.
SERVICE: Final = ("port", "protocol")
PEER: Final = ("peer",)

_KEPT: Final = (
    "hour",
    "account_id",
    "interface_id",
    "records",
    "packets",
    "bytes",
    "first_seen",
    "last_seen",
)
_SYN_ACK: Final = 18
#: Clients of all systems but a few draw their ports from here on.
_EPHEMERAL: Final = 32768
_TCP, _UDP = 6, 17


def name_service(host: str | None, port: int | None, protocol: int | None) -> str:
    """A service as an entity of findings: `10.0.0.1:443`, and `10.0.0.1:53/udp`."""
    if protocol == _TCP:
        return f"{host}:{port}"
    return f"{host}:{port}/{'udp' if protocol == _UDP else protocol}"


def hosts_of(talks: pa.Table) -> pa.Table:
    """The private hosts, and the first `hour` in which each was seen, whatever it did."""
    sides = [
        talks.select(["account_id", side, "hour"]).rename_columns(["account_id", "host", "hour"])
        for side in ("client", "server")
    ]
    hosts = group(pa.concat_tables(sides), ("account_id", "host"), {"hour": "min"})
    return hosts.filter(pc.fill_null(is_private(hosts["host"]), False))


def services_of(talks: pa.Table) -> pa.Table:
    """Accepted answers of private hosts, by port and protocol, with `host` and `client`.

    Ports of which clients draw theirs count only where a SYN with ACK proves who answered.
    """
    proven = pc.equal(pc.bit_wise_and(talks["flags"], _SYN_ACK), _SYN_ACK)
    sure = pc.or_kleene(pc.less(talks["port"], _EPHEMERAL), proven)
    ported = pc.is_in(talks["protocol"], pa.array([_TCP, _UDP], pa.int32()))
    mask = pc.and_kleene(talks["is_answer"], pc.not_equal(talks["action"], "REJECT"))
    mask = pc.and_kleene(mask, pc.and_kleene(sure, ported))
    return _rename(talks, mask, "server", "client", (*SERVICE,))


def peers_of(talks: pa.Table) -> pa.Table:
    """Accepted requests of private hosts, with `host` and `peer`, the server."""
    mask = pc.and_kleene(pc.invert(talks["is_answer"]), pc.not_equal(talks["action"], "REJECT"))
    return _rename(talks, mask, "client", "server", (*SERVICE,))


def _rename(
    talks: pa.Table, mask: pa.ChunkedArray, host: str, peer: str, more: tuple[str, ...]
) -> pa.Table:
    talks = talks.filter(pc.fill_null(mask, False))
    talks = talks.filter(pc.fill_null(is_private(talks[host]), False))
    columns = {"host": talks[host], "peer": talks[peer]}
    return pa.table(columns | {name: talks[name] for name in (*more, *_KEPT)})
