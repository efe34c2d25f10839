"""Floor 4: a host that turns to a peer to which it never turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.baselines import Baseline
from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import make_findings
from flowparse.detect.novelty import Learning, new_uses, without_new_hosts
from flowparse.detect.sums import How, group
from flowparse.detect.usage import PEER, hosts_of, peers_of

__all__ = ["NewPeer"]

_SUMS: Final[dict[str, How]] = {
    "records": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
    "usual": "max",
}


@dataclass(frozen=True)
class NewPeer(Detector):
    """A private host that begins to turn to somebody again and again, and has its fixed peers.

    Many hosts meet new peers all day, and say nothing thereby. So only one that met hardly any in
    the hours before is told of. It counts who asks: clients that come to a server are new all
    day. A private peer that is new itself is a new machine, and no new peer. What it turned to
    before is learnt from the same data, or from a baseline.

    Attributes
    ----------
    learn_hours : int
        From a host's first hour on, so long nothing is new: a day has all that comes daily.
        Hosts of a baseline need none.
    stays_hours, within_hours : int
        A peer that stays is turned to in so many hours of so many: what is asked once is a link.
    quiet_hours, most_new : int
        A host that met more than so many new peers in so many hours before is no host of fixed
        peers.
    most_at_once : int
        More new peers in an hour are a scan or a crawl, which other detectors weigh.
    baseline : Baseline, optional
        What was there before.
    """

    name: ClassVar[str] = "new-peer"
    technique: ClassVar[str | None] = "T1071"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr")

    learn_hours: int = 24
    stays_hours: int = 3
    within_hours: int = 6
    quiet_hours: int = 12
    most_new: int = 2
    most_at_once: int = 3
    baseline: Baseline | None = None

    def find(self, facts: Facts) -> pa.Table:
        """One finding a host and hour in which it was clear that peers stay."""
        learning = Learning(
            self.learn_hours, self.stays_hours, self.within_hours, self.quiet_hours, self.most_new
        )
        known = self.baseline.peers if self.baseline else None
        watched = hosts_of(facts.talks)
        new = new_uses(peers_of(facts.talks), PEER, watched, learning, known)
        new = without_new_hosts(new, watched, learning)
        hosts = group(new, ("host", "hour"), _SUMS, only=("account_id", "interface_id", "peer"))
        met = new.group_by(["host", "hour"]).aggregate([("peer", "count_distinct")])
        hosts = hosts.join(met, ["host", "hour"], join_type="inner")
        hosts = hosts.rename_columns([*hosts.column_names[:-1], "met"])
        hosts = hosts.filter(pc.less_equal(hosts["met"], self.most_at_once))
        rows = hosts.select(["host", "peer", "met"]).to_pylist()
        return make_findings(
            self,
            time=hosts["hour"],
            severity="low",
            entity=hosts["host"],
            account_id=pc.if_else(pc.equal(hosts["account_id"], ""), None, hosts["account_id"]),
            interface_id=hosts["interface_id"],
            srcaddr=hosts["host"],
            dstaddr=hosts["peer"],
            action="ACCEPT",
            records=hosts["records"],
            packets=hosts["packets"],
            bytes=hosts["bytes"],
            measure=hosts["met"],
            expected=hosts["usual"],
            first_seen=hosts["first_seen"],
            last_seen=hosts["last_seen"],
            why=[self._say(row) for row in rows],
        )

    def _say(self, row: dict[str, Any]) -> str:
        whom = row["peer"] or f"{row['met']} peers"
        return (
            f"{row['host']} turned to {whom} in {self.stays_hours} of {self.within_hours} hours, "
            f"and never before; it had met at most {self.most_new} new peers in "
            f"{self.quiet_hours} hours"
        )
