"""Floor 4: requests that are let in, and answers that are not let out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.episodes import first_windows
from flowparse.detect.facts import Facts
from flowparse.detect.findings import gather_findings, make_findings
from flowparse.detect.gather import HOUR
from flowparse.detect.sums import How, group
from flowparse.detect.usage import name_service

__all__ = ["AsymmetricReject"]

_PLACE: Final = ("account_id", "interface_id", "server", "port", "protocol")
_COUNTS: Final = ("asked", "refused", "answered", "denied")
_SUMS: Final[dict[str, How]] = {
    **dict.fromkeys((*_COUNTS, "packets", "bytes"), "sum"),
    "first_seen": "min",
    "last_seen": "max",
}
_SAID: Final = ["server", "port", "protocol", "interface_id", *_COUNTS]


@dataclass(frozen=True)
class AsymmetricReject(Detector):
    """Requests that were accepted and whose answers were rejected: a network ACL.

    A security group remembers a connection and lets its answers pass. A network ACL does not: it
    needs a rule for the answers, which go to the client's ephemeral port. So a request accepted
    and its answer rejected, at one interface, is the mark of a network ACL that lacks that rule.
    A request that was rejected at the door may be either's; `doors` tells these too.

    Attributes
    ----------
    minimum_answers : int
        Rejected answers in an hour, of one server and port at one interface: a single one comes
        late, after a security group has forgotten an idle connection.
    share : float
        So much of all answers of that hour were rejected: what works for most is no ACL.
    doors : bool
        Whether to tell also of requests that were rejected at the door, with severity low. Any
        public address meets strangers all day, so they are not told by default; of clients with
        private addresses, they are what a forgotten rule looks like.
    minimum_requests : int
        Rejected requests of one server and port in an hour that make such a finding.
    """

    name: ClassVar[str] = "asymmetric-reject"
    technique: ClassVar[str | None] = None
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "srcport", "action")

    minimum_answers: int = 5
    share: float = 0.5
    doors: bool = False
    minimum_requests: int = 20

    def find(self, facts: Facts) -> pa.Table:
        """One finding a server, port and interface, as long as it goes on hour by hour."""
        talks = facts.talks.filter(pc.is_valid(facts.talks["hour"]))
        found = [self._answers(talks)]
        if self.doors:
            found.append(self._requests(talks))
        return gather_findings(found)

    def _answers(self, talks: pa.Table) -> pa.Table:
        denied = pc.and_(talks["is_answer"], pc.equal(talks["action"], "REJECT"))
        pairs = _sum_pairs(talks, pc.fill_null(denied, False))
        pairs = pairs.filter(pc.and_(pc.greater(pairs["asked"], 0), pc.greater(pairs["denied"], 0)))
        hours = _sum_hours(pairs)
        whole = pc.cast(pc.add(hours["denied"], hours["answered"]), pa.float64())
        many = pc.greater_equal(hours["denied"], self.minimum_answers)
        most = pc.greater_equal(
            pc.cast(hours["denied"], pa.float64()), pc.multiply(whole, self.share)
        )
        begun = first_windows(hours.filter(pc.and_(many, most)), _PLACE, "hour", HOUR)
        why = [
            f"{_named(row)}: {row['asked']:,} requests were accepted, and "
            f"{row['denied']:,} of {row['denied'] + row['answered']:,} answers rejected: a network "
            "ACL that lacks a rule for answers, since a security group would let them pass"
            for row in begun.select(_SAID).to_pylist()
        ]
        return self._tell(begun, "denied", "high", why)

    def _requests(self, talks: pa.Table) -> pa.Table:
        refused = pc.and_(pc.invert(talks["is_answer"]), pc.equal(talks["action"], "REJECT"))
        pairs = _sum_pairs(talks, pc.fill_null(refused, False))
        hours = _sum_hours(pairs)
        many = pc.greater_equal(hours["refused"], self.minimum_requests)
        shut = pc.and_(many, pc.equal(hours["asked"], 0))
        begun = first_windows(hours.filter(shut), _PLACE, "hour", HOUR)
        why = [
            f"{_named(row)}: all {row['refused']:,} requests were "
            "rejected at the door: a security group, or the inbound side of a network ACL"
            for row in begun.select(_SAID).to_pylist()
        ]
        return self._tell(begun, "refused", "low", why)

    def _tell(self, begun: pa.Table, measure: str, severity: str, why: list[str]) -> pa.Table:
        return make_findings(
            self,
            time=begun["hour"],
            severity=severity,
            entity=[_named(row) for row in begun.select(_SAID).to_pylist()],
            account_id=begun["account_id"],
            interface_id=begun["interface_id"],
            srcaddr=begun["client"],
            dstaddr=begun["server"],
            dstport=begun["port"],
            protocol=begun["protocol"],
            action="REJECT",
            records=begun[measure],
            packets=begun["packets"],
            bytes=begun["bytes"],
            measure=begun[measure],
            expected=0.0,
            first_seen=begun["first_seen"],
            last_seen=begun["last_seen"],
            why=why,
        )


def _sum_pairs(talks: pa.Table, wanted: Any) -> pa.Table:
    """By hour, place and client, of the servers for which a row is wanted: requests accepted
    (`asked`) and rejected (`refused`), answers accepted (`answered`) and rejected (`denied`).
    """
    servers = pc.unique(talks["server"].filter(wanted))
    talks = talks.filter(pc.is_in(talks["server"], servers))
    answer, rejected = talks["is_answer"], pc.equal(talks["action"], "REJECT")
    accepted = pc.equal(talks["action"], "ACCEPT")
    counted = {
        "asked": pc.and_(pc.invert(answer), accepted),
        "refused": pc.and_(pc.invert(answer), rejected),
        "answered": pc.and_(answer, accepted),
        "denied": pc.and_(answer, rejected),
    }
    for name, mask in counted.items():
        talks = talks.append_column(
            name, pc.if_else(pc.fill_null(mask, False), talks["records"], 0)
        )
    return group(talks, (*_PLACE, "client", "hour"), _SUMS)


def _sum_hours(pairs: pa.Table) -> pa.Table:
    """By hour and place; `client` is null where there are several."""
    return group(pairs, (*_PLACE, "hour"), _SUMS, only=("client",))


def _named(row: dict[str, Any]) -> str:
    service = name_service(row["server"], row["port"], row["protocol"])
    return f"{service} at {row['interface_id']}" if row["interface_id"] else service
