"""Floor 4: a host that answers at a port at which it never answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.baselines import Baseline
from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import make_findings
from flowparse.detect.novelty import Learning, new_uses
from flowparse.detect.sums import How, group
from flowparse.detect.usage import SERVICE, hosts_of, name_service, services_of

__all__ = ["NewService"]

_NAMES: Final = {6: "TCP", 17: "UDP"}
_SUMS: Final[dict[str, How]] = {
    **dict.fromkeys(("records", "packets", "bytes"), "sum"),
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class NewService(Detector):
    """A private host that begins to answer at a TCP or UDP port: a new program, or a back door.

    What it answered at before is learnt from the same data, or from a baseline.

    Attributes
    ----------
    learn_hours : int
        From a host's first hour on, so long nothing is new: a day has all that comes daily.
        Hosts of a baseline need none.
    stays_hours, within_hours : int
        A service that stays answers in so many hours of so many: what answers once is a job, or
        a client that a port misled us about.
    quiet_hours, most_new : int
        A host that began to answer at more than so many ports in so many hours before opens
        ports as it goes, such as a passive FTP server.
    baseline : Baseline, optional
        What was there before.
    """

    name: ClassVar[str] = "new-service"
    technique: ClassVar[str | None] = "T1571"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "srcport", "dstport")

    learn_hours: int = 24
    stays_hours: int = 3
    within_hours: int = 6
    quiet_hours: int = 12
    most_new: int = 2
    baseline: Baseline | None = None

    def find(self, facts: Facts) -> pa.Table:
        """One finding a host, port and protocol, at the hour that shows that it stays."""
        learning = Learning(
            self.learn_hours, self.stays_hours, self.within_hours, self.quiet_hours, self.most_new
        )
        known = self.baseline.services if self.baseline else None
        new = new_uses(services_of(facts.talks), SERVICE, hosts_of(facts.talks), learning, known)
        new = group(new, ("host", *SERVICE, "hour"), _SUMS, only=("account_id", "interface_id"))
        rows = new.select(["host", *SERVICE, "records", "bytes"]).to_pylist()
        named = [name_service(row["host"], row["port"], row["protocol"]) for row in rows]
        return make_findings(
            self,
            time=new["hour"],
            severity="medium",
            entity=named,
            account_id=pc.if_else(pc.equal(new["account_id"], ""), None, new["account_id"]),
            interface_id=new["interface_id"],
            dstaddr=new["host"],
            dstport=new["port"],
            protocol=new["protocol"],
            action="ACCEPT",
            records=new["records"],
            packets=new["packets"],
            bytes=new["bytes"],
            measure=new["records"],
            expected=0.0,
            first_seen=new["first_seen"],
            last_seen=new["last_seen"],
            why=[
                f"{row['host']} answered at {_NAMES[row['protocol']]} port {row['port']}, "
                f"{row['records']:,} times in {self.stays_hours} hours, and never before"
                for row in rows
            ],
        )
