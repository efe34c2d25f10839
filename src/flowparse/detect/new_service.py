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
from flowparse.detect.novelty import Learning, first_uses
from flowparse.detect.usage import SERVICE, services_of

__all__ = ["NewService"]

_NAMES: Final = {6: "TCP", 17: "UDP"}


@dataclass(frozen=True)
class NewService(Detector):
    """A private host that begins to answer at a TCP or UDP port: a new program, or a back door.

    What it answered at before is learnt from the same data, or from a baseline.

    Attributes
    ----------
    learn_hours : int
        From a host's first hour on, so long nothing is new: a day has all that comes daily.
        Hosts of a baseline need none.
    quiet_hours, most_new : int
        A host that began to answer at more than so many ports in so many hours before opens
        ports as it goes, such as a passive FTP server.
    minimum_records : int
        Answers in the first hour: fewer may be a client that a port misled us about.
    baseline : Baseline, optional
        What was there before.
    """

    name: ClassVar[str] = "new-service"
    technique: ClassVar[str | None] = "T1571"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "srcport", "dstport")

    learn_hours: int = 24
    quiet_hours: int = 12
    most_new: int = 2
    minimum_records: int = 3
    baseline: Baseline | None = None

    def find(self, facts: Facts) -> pa.Table:
        """One finding a host, port and protocol, at the first hour."""
        learning = Learning(self.learn_hours, self.quiet_hours, self.most_new)
        known = self.baseline.services if self.baseline else None
        uses = services_of(facts.talks)
        firsts = first_uses(uses, SERVICE, learning, known)
        firsts = firsts.filter(pc.greater_equal(firsts["records"], self.minimum_records))
        rows = firsts.select(["host", *SERVICE, "records", "bytes"]).to_pylist()
        named = [f"{row['host']}:{row['port']}" for row in rows]
        return make_findings(
            self,
            time=firsts["hour"],
            severity="medium",
            entity=named,
            account_id=_null_if_empty(firsts["account_id"]),
            interface_id=firsts["interface_id"],
            dstaddr=firsts["host"],
            dstport=firsts["port"],
            protocol=firsts["protocol"],
            action="ACCEPT",
            records=firsts["records"],
            packets=firsts["packets"],
            bytes=firsts["bytes"],
            measure=firsts["records"],
            expected=0.0,
            first_seen=firsts["first_seen"],
            last_seen=firsts["last_seen"],
            why=[
                f"{row['host']} answered at {_NAMES[row['protocol']]} port {row['port']}, "
                f"{row['records']:,} times in an hour, and never before"
                for row in rows
            ],
        )


def _null_if_empty(accounts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(accounts, ""), None, accounts)
