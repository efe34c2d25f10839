"""Floor 4: many short connections to a door that asks for a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import Exchanges, fold
from flowparse.detect.findings import sort_findings
from flowparse.detect.minutes import count_bits
from flowparse.detect.past import usual_before
from flowparse.detect.ports import LOGIN_PORTS, service_at
from flowparse.detect.telling import action_of, first_told, plural, tell

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["BruteForce"]

_TCP: Final = 6
_WEEK: Final = 168  # hours
_DOOR: Final = ("account_id", "interface_id", "server", "port", "protocol")
_SUMS: Final = {
    "attempts": "sum",
    "asked": "sum",
    "refused": "sum",
    "answers": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
}


@dataclass(frozen=True)
class BruteForce(Detector):
    """Many short connections to a login service within an hour: passwords are being guessed.

    By one client; and by many public ones, each with a few, at one port of one server. A record
    is one attempt: each connection has a port of its own and ends within the aggregation interval.

    Parameters
    ----------
    ports : tuple of int
        Of TCP: SSH, Telnet, SMB, SQL Server, Oracle, MySQL, RDP, PostgreSQL, VNC, WinRM, Redis
        and MongoDB.
    attempts : int
        Of one public client in an hour. 20: people mistype a few times, and give up.
    inside_attempts : int
        Of one private client in an hour. 60: programs that are denied, or that wait for a
        database, try again and again; one that guesses is no slower than one a minute.
    spread_attempts, spread_clients, spread_each : int
        Together, of so many public clients with so many each, that alone are too few. 60 of 3
        with 5: the strangers that knock at any public address come once or twice.
    short_bytes : int
        A connection of more bytes a record, in either direction, was let in. 8000: a failed
        login takes 1,000 to 5,000, most of it keys and certificates.
    least_packets : float
        An attempt that was answered has more a record. 4: a handshake and a login take six or
        more; a session that only keeps itself alive makes fewer.
    a_minute : float
        Records for each minute that has any. 1.5: one long session makes one a minute, at most.
        What is rejected counts without it.
    factor : float
        Of a private client: so many times the median of its own hours with this server in the
        week before. 6: applications without a pool connect for each request, and the busy hours
        of a day have four or five times what its median hour has.
    settle_hours : int
        A private client is not judged in the first hours of the data, when its habits are not
        known, unless it is rejected. 3.
    quiet_hours : int
        Without attempts end an episode. 24: a campaign that goes on all week is told once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.brute_force import BruteForce
    >>> talks = pa.table({
    ...     "hour": pa.array([0], pa.timestamp("s", "UTC")),
    ...     "client": ["203.0.113.9"], "server": ["10.0.0.5"], "port": [22], "protocol": [6],
    ...     "is_answer": [False], "action": ["REJECT"], "records": [90], "bytes": [5400],
    ... })
    >>> BruteForce().find(Facts.made(talks)).column("why").to_pylist()
    ['203.0.113.9 tried port 22 (ssh) of 10.0.0.5 90 times within an hour; all were rejected.']
    """

    name: ClassVar[str] = "brute-force"
    technique: ClassVar[str | None] = "T1110"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "dstport", "protocol")

    ports: tuple[int, ...] = LOGIN_PORTS
    attempts: int = 20
    inside_attempts: int = 60
    spread_attempts: int = 60
    spread_clients: int = 3
    spread_each: int = 5
    short_bytes: int = 8000
    least_packets: float = 4
    a_minute: float = 1.5
    factor: float = 6.0
    settle_hours: int = 3
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode, of a client and a door, or of a door that many try."""
        exchanges = facts.exchanges
        rows = self._attempts(exchanges, flags="tcp_flags" in facts.columns)
        private = exchanges.private.take(rows["client"].combine_chunks())
        rows = rows.append_column("private", private)
        single = exchanges.named(self._single(rows, exchanges))
        spread = exchanges.named(self._spread(rows))
        door = ("account_id", "server", "port")
        told = first_told(single, (*door, "client"), self.quiet_hours, most="attempts")
        many = first_told(spread, door, self.quiet_hours, most="attempts")
        found = [tell(self, facts, told, _describe), tell(self, facts, many, _describe_many)]
        return sort_findings(pa.concat_tables(found))

    def _attempts(self, exchanges: Exchanges, *, flags: bool) -> pa.Table:
        """Exchanges at these ports, with the number of attempts."""
        rows = exchanges.table
        at_door = pc.is_in(rows["port"], value_set=pa.array(self.ports, pa.int32()))
        rows = rows.filter(pc.and_(at_door, pc.equal(rows["protocol"], _TCP)))
        records, answers, asked = (
            pc.add(rows["asked"], rows["refused"]),
            rows["answers"],
            rows["asked"],
        )
        session = _more(rows["bytes"], records, self.short_bytes)
        session = pc.or_(session, _more(rows["answer_bytes"], answers, self.short_bytes))
        alive = pc.invert(_more(rows["packets"], records, self.least_packets))
        alive = pc.and_(alive, pc.and_(pc.greater(answers, 0), pc.is_valid(rows["packets"])))
        session = pc.or_(session, alive)
        minutes = pc.fill_null(count_bits(rows["minutes"]), 0)
        session = pc.or_(session, pc.less(asked, pc.multiply(_real(minutes), self.a_minute)))
        if flags:
            session = pc.or_(session, pc.equal(rows["opened"], 0))
        attempts = pc.add(pc.if_else(session, 0, asked), rows["refused"])
        return rows.append_column("attempts", attempts)

    def _single(self, rows: pa.Table, exchanges: Exchanges) -> pa.Table:
        """Of one client each: more than people do, and more than this client is used to."""
        ours = rows.filter(rows["private"])
        strangers = rows.filter(pc.invert(rows["private"]))
        strangers = strangers.filter(pc.greater_equal(strangers["attempts"], self.attempts))
        strangers = strangers.append_column("usual", pa.nulls(strangers.num_rows, pa.float64()))
        return pa.concat_tables([strangers, self._unusual(ours, exchanges)])

    def _unusual(self, rows: pa.Table, exchanges: Exchanges) -> pa.Table:
        """Of private clients, the hours that are not like those before."""
        keys = (*_DOOR, "client")
        many = rows.filter(pc.greater_equal(rows["attempts"], self.inside_attempts))
        clients = pc.unique(many["client"])
        rows = rows.filter(pc.is_in(rows["client"], value_set=clients))
        rows = rows.sort_by([(name, "ascending") for name in (*keys, "hour")])
        hours = pc.cast(rows["hour"], pa.int64()).to_pylist()
        entities = zip(*(rows[name].to_pylist() for name in keys), strict=True)
        attempts = rows["attempts"].to_pylist()
        usual = usual_before(
            zip(entities, hours, attempts, strict=True),
            _WEEK,
            quiet=False,
            least=self.inside_attempts,
        )
        medians = [None if one is None else one.median for one in usual]
        rows = rows.append_column("usual", pa.array(medians, pa.float64()))
        more = pc.greater_equal(rows["attempts"], pc.multiply(rows["usual"], self.factor))
        begin = pc.min(exchanges.table["hour"]).value or 0
        settled = pc.greater_equal(
            pc.cast(rows["hour"], pa.int64()), begin + 3600 * self.settle_hours
        )
        denied = pc.greater_equal(rows["refused"], self.inside_attempts)
        return rows.filter(pc.and_(more, pc.or_(settled, denied)))

    def _spread(self, rows: pa.Table) -> pa.Table:
        """Of doors: what several public clients did together, none of them much."""
        some = pc.greater_equal(rows["attempts"], self.spread_each)
        few = pc.and_(some, pc.less(rows["attempts"], self.attempts))
        rows = rows.filter(pc.and_not(few, rows["private"]))
        rows = rows.append_column("clients", rows["client"])
        found = fold(rows, ("hour", *_DOOR), {**_SUMS, "clients": "count_distinct"})
        enough = pc.greater_equal(found["attempts"], self.spread_attempts)
        return found.filter(
            pc.and_(enough, pc.greater_equal(found["clients"], self.spread_clients))
        )


def _real(numbers: Any) -> Any:
    return pc.cast(numbers, pa.float64())


def _more(amounts: Any, records: Any, each: float) -> Any:
    """Whether an amount is more than so much a record; not where it is null."""
    return pc.fill_null(pc.greater(_real(amounts), pc.multiply(_real(records), each)), False)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    answered = f"{plural(row['answers'], 'record')} of answers" if row["answers"] else "no answer"
    return {
        "action": action_of(row),
        "records": row["asked"] + row["refused"],
        "measure": row["attempts"],
        "then": "all were rejected"
        if not row["asked"]
        else f"{row['refused']:,} rejected, {answered}",
    }


def _describe(row: dict[str, Any]) -> dict[str, Any]:
    said = _said(row)
    client, server, port = row["srcaddr"], row["dstaddr"], row["dstport"]
    denied = "medium" if row["private"] else "low"
    let_in = "high" if row["answers"] else "medium"
    usual = f", against {row['usual']:.0f} in its usual hour" if row["usual"] else ""
    why = f"{client} tried {service_at(port)} of {server} {row['attempts']:,} times within an hour"
    return {
        "severity": let_in if row["asked"] else denied,
        "entity": f"{client} -> {server}:{port}",
        "expected": row["usual"],
        "why": f"{why}{usual}; {said.pop('then')}.",
        **said,
    }


def _describe_many(row: dict[str, Any]) -> dict[str, Any]:
    said = _said(row)
    server, port = row["dstaddr"], row["dstport"]
    let_in = "high" if row["answers"] else "medium"
    why = f"{plural(row['clients'], 'public address')} tried {service_at(port)} of {server}"
    return {
        "severity": let_in if row["asked"] else "low",
        "entity": f"* -> {server}:{port}",
        "expected": None,
        "why": f"{why} {row['attempts']:,} times within an hour; {said.pop('then')}.",
        **said,
    }
