"""Floor 4: one client tries one port of many servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import in_network
from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import WITH_PORTS
from flowparse.detect.telling import action_of, first_told, plural, tell
from flowparse.detect.tried import count_tried, is_answered, pair_numbers

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["HorizontalScan"]

_PINGS: Final = (1, 58)
_TO_ALL: Final = ["224.0.0.0/4", "255.255.255.255/32", "ff00::/8"]  # multicast and broadcast
_KEYS: Final = ("hour", "account_id", "client", "port", "protocol")


@dataclass(frozen=True)
class HorizontalScan(Detector):
    """One client tries one port of many servers within an hour, or pings them; most do not answer.

    What all interfaces of an account saw counts together. T1046; a sweep of pings is T1018.

    Parameters
    ----------
    servers : int
        That did not answer, in an hour. 30: more than the members of a cluster, or the targets
        of a load balancer, that are down at once; a /24 has eight times as many.
    share : float
        Of the servers that were tried. 0.8: crawlers, resolvers and monitors reach many servers,
        and nearly all answer.
    tiny_bytes : int
        An answer of no more bytes a record is none. 120: a reset has 40, a SYN with its ACK up
        to 60; the shortest connection that did anything has more.
    quiet_hours : int
        Without such a scan by the same client an episode ends. 24: one that goes on all week is
        told once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.horizontal_scan import HorizontalScan
    >>> talks = pa.table({
    ...     "hour": pa.array([0] * 200, pa.timestamp("s", "UTC")),
    ...     "client": ["10.0.0.9"] * 200, "server": [f"10.0.1.{n}" for n in range(200)],
    ...     "port": [445] * 200, "protocol": [6] * 200, "is_answer": [False] * 200,
    ...     "action": ["ACCEPT"] * 200, "records": [1] * 200, "bytes": [44] * 200,
    ... })
    >>> HorizontalScan().find(Facts.made(talks)).column("why").to_pylist()
    ['10.0.0.9 tried port 445 of 200 servers within an hour; none answered, 0 requests rejected.']
    """

    name: ClassVar[str] = "horizontal-scan"
    technique: ClassVar[str | None] = "T1046"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "dstport", "protocol")

    servers: int = 30
    share: float = 0.8
    tiny_bytes: int = 120
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode, of a client and a port."""
        exchanges = facts.exchanges
        single = pc.invert(pc.fill_null(in_network(exchanges.addresses, _TO_ALL), False))
        rows = exchanges.table
        rows = rows.filter(single.take(rows["server"].combine_chunks()))
        ported = pc.is_in(rows["protocol"], value_set=pa.array(WITH_PORTS, pa.int32()))
        ported = rows.filter(pc.and_(ported, pc.is_valid(rows["port"])))
        found = [self._count(ported, is_answered(ported, self.tiny_bytes))]
        pings = self._pings(rows)
        found.append(self._count(pings, pings["back"]))
        whole = pa.concat_tables(found)
        private = exchanges.private.take(whole["client"].combine_chunks())
        whole = exchanges.named(whole.append_column("private", private))
        told = first_told(whole, ("account_id", "client", "protocol", "port"), self.quiet_hours)
        return tell(self, facts, told, _describe)

    def _count(self, rows: pa.Table, answered: Any) -> pa.Table:
        port = pc.add(pc.multiply(rows["protocol"], 1 << 16), rows["port"])
        return count_tried(
            rows,
            _KEYS,
            pc.cast(rows["server"], pa.int64()),
            answered,
            least=self.servers,
            share=self.share,
            coarse=pair_numbers(rows["client"], port),
        )

    def _pings(self, rows: pa.Table) -> pa.Table:
        """Those of clients that may have sent enough; `back`: the other talked to it as well.

        A reply is a record like a request; and who is told that a port is closed has asked.
        """
        pings = rows.filter(pc.is_in(rows["protocol"], value_set=pa.array(_PINGS, pa.int32())))
        counts = pc.value_counts(pings["client"])
        many = counts.field("values").filter(pc.greater_equal(counts.field("counts"), self.servers))
        pings = pings.filter(pc.is_in(pings["client"], value_set=many))
        pings = pings.set_column(pings.column_names.index("port"), "port", _zeros(pings))
        pairs = pair_numbers(pings["server"], pings["client"])
        near = pc.is_in(pair_numbers(rows["client"], rows["server"]), value_set=pairs)
        back = rows.filter(near).select(["hour", "account_id", "client", "server"])
        back = back.rename_columns(["hour", "account_id", "server", "client"])
        back = back.group_by(back.column_names).aggregate([])
        return _mark(pings, back, ["hour", "account_id", "server", "client"])


def _zeros(rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows)


def _mark(rows: pa.Table, others: pa.Table, keys: list[str]) -> pa.Table:
    """The rows with a column `back`: whether the others have their keys."""
    number = pa.array(range(rows.num_rows), pa.int64())
    met = rows.select(keys).append_column("row", number).join(others, keys, join_type="left semi")
    return rows.append_column("back", pc.is_in(number, value_set=met["row"]))


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    tried, answered, refused = row["tried"], row["answered"], row["refused"]
    client, ping = row["srcaddr"], row["protocol"] in _PINGS
    what = "pinged" if ping else f"tried port {row['dstport']} of"
    inside = "medium" if ping else "high"
    return {
        "severity": inside if row["private"] else "medium" if answered else "low",
        "entity": f"{client} -> *:{'ping' if ping else row['dstport']}",
        "dstport": None if ping else row["dstport"],
        "action": action_of(row),
        "records": row["asked"] + refused,
        "measure": tried - answered,
        "technique": "T1018" if ping else "T1046",
        "why": f"{client} {what} {plural(tried, 'server')} within an hour; "
        f"{answered or 'none'} answered, {plural(refused, 'request')} rejected.",
    }
