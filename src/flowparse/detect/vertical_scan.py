"""Floor 4: one client tries many ports of one server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import WITH_PORTS
from flowparse.detect.telling import action_of, first_told, plural, tell
from flowparse.detect.tried import count_tried, is_answered, pair_numbers

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["VerticalScan"]

_UDP = 17


@dataclass(frozen=True)
class VerticalScan(Detector):
    """One client tries many ports of one server within an hour, and most do not answer.

    Ports of TCP and UDP count, where the client asked; answers to ephemeral ports do not. What
    several interfaces of an account saw counts together, and a port once.

    Parameters
    ----------
    ports : int
        That did not answer, in an hour. 30: hosts that look for a service try a handful, and
        scanners begin with the hundred commonest.
    share : float
        Of the ports that were tried. 0.8: passive FTP, RPC and Spark use many ports, and these
        answer; a scan finds few open ones.
    tiny_bytes : int
        An answer of no more bytes a record is none. 120: a reset has 40, a SYN with its ACK up
        to 60; the shortest connection that did anything has more.
    traceroute : tuple of int
        Ports of UDP, from the first to the last, that do not count. 33434 to 33534: traceroute
        tries them one after another, and nobody is meant to answer.
    quiet_hours : int
        Without a scan of the same two end an episode. 24: one that goes on all week is told once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.vertical_scan import VerticalScan
    >>> talks = pa.table({
    ...     "hour": pa.array([0] * 40, pa.timestamp("s", "UTC")),
    ...     "client": ["203.0.113.9"] * 40, "server": ["10.0.0.5"] * 40,
    ...     "port": range(1, 41), "protocol": [6] * 40, "is_answer": [False] * 40,
    ...     "action": ["REJECT"] * 40, "records": [1] * 40, "bytes": [44] * 40,
    ... })
    >>> VerticalScan().find(Facts.made(talks)).column("why").to_pylist()
    ['203.0.113.9 tried 40 ports of 10.0.0.5 within an hour; none answered, 40 requests rejected.']
    """

    name: ClassVar[str] = "vertical-scan"
    technique: ClassVar[str | None] = "T1046"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "dstport", "protocol")

    ports: int = 30
    share: float = 0.8
    tiny_bytes: int = 120
    traceroute: tuple[int, int] = (33434, 33534)
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode, of a client and a server."""
        exchanges = facts.exchanges
        rows = exchanges.table
        first, last = self.traceroute
        traced = pc.and_(pc.greater_equal(rows["port"], first), pc.less_equal(rows["port"], last))
        traced = pc.and_(traced, pc.equal(rows["protocol"], _UDP))
        with_port = pc.is_in(rows["protocol"], value_set=pa.array(WITH_PORTS, pa.int32()))
        rows = rows.filter(pc.and_not(pc.and_(with_port, pc.is_valid(rows["port"])), traced))
        found = count_tried(
            rows,
            ("hour", "account_id", "client", "server"),
            pair_numbers(rows["protocol"], rows["port"]),
            is_answered(rows, self.tiny_bytes),
            least=self.ports,
            share=self.share,
            coarse=pair_numbers(rows["client"], rows["server"]),
        )
        private = exchanges.private.take(found["client"].combine_chunks())
        found = exchanges.named(found.append_column("private", private))
        told = first_told(found, ("account_id", "client", "server"), self.quiet_hours)
        return tell(self, facts, told, _describe)


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    tried, answered, refused = row["tried"], row["answered"], row["refused"]
    client, server = row["srcaddr"], row["dstaddr"]
    outside = "medium" if answered else "low"
    return {
        "severity": "high" if row["private"] else outside,
        "entity": f"{client} -> {server}",
        "action": action_of(row),
        "records": row["asked"] + refused,
        "measure": tried - answered,
        "why": f"{client} tried {plural(tried, 'port')} of {server} within an hour; "
        f"{answered or 'none'} answered, {plural(refused, 'request')} rejected.",
    }
