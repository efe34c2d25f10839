"""Floor 4: a private host sends more to the internet than it used to, or much to a new peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import Exchanges, fold
from flowparse.detect.past import Usual, usual_before
from flowparse.detect.runs import run_starts, sort_whole, sum_in_runs
from flowparse.detect.telling import HOUR, first_told, size, tell

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["Exfiltration"]

_WEEK: Final = 168  # hours
_HOST: Final = ("account_id", "interface_id", "client")
_WHEN: Final = ("hour", *_HOST)
_MOST: Final = 0.8
_SEEN: Final = ("first_seen", "last_seen")
_SUMS: Final = {
    "records": "sum",
    "packets": "sum",
    "bytes": "sum",
    "first_seen": "min",
    "last_seen": "max",
}
_SENT: Final = {**_SUMS, "answer_bytes": "sum"}
_TYPES: Final = {
    "records": pa.int64(),
    "packets": pa.int64(),
    "bytes": pa.int64(),
    "first_seen": pa.timestamp("s", "UTC"),
    "last_seen": pa.timestamp("s", "UTC"),
    "median": pa.float64(),
    "hours": pa.int64(),
    "new": pa.bool_(),
}


@dataclass(frozen=True)
class Exfiltration(Detector):
    """A private host uploads more to public addresses within an hour than is its habit.

    Compared are the bytes that it sends as a client with its own hours of the week before, quiet
    ones included; and what goes to one peer with whether anyone of the account knew that peer.

    Parameters
    ----------
    floor_bytes : int
        An hour with less is none. 200 MB: logs, metrics and crash reports stay below.
    floor_new_bytes : int
        Of a host without a habit. 1 GB: a first backup is not told as readily as a change.
    floor_first_bytes : int
        The same in the first `settle_hours` of the account's data, when no host has a habit.
        50 GB: the first backup that is seen is seldom as large. Set `settle_hours` to 0 for a
        few hours of data that are all there is.
    past_hours : int
        From so many hours on a host has habits. 12: half a day has busy and quiet hours.
    deviations : float
        So many standard deviations, estimated from the median absolute deviation, over the
        median. 8: traffic has long tails, and of a million hours some are far out.
    factor : float
        So many times the median at least, where hours are all alike. 3.
    daily_factor : float
        So many times the most of the same time of day, an hour either way, on days before.
        1.5: a backup of each night is a habit though no hour around it is like it.
    peer_bytes : int
        To one peer that nobody in the account asked before, in the hours since it was first
        asked, up to `peer_hours`. 200 MB.
    peer_hours : int
        So long a peer is new. 24.
    settle_hours : int
        In the first hours of an account's data no peer is new, as none is known. 12.
    upload : float
        To a new peer goes so many times what comes back. 4: what is downloaded, and what is
        synchronised both ways, is no upload.
    usual_peers : tuple of str
        Networks to which uploads are all right: of backups, or of AWS.
    inside : tuple of str
        Networks that are one's own beside the private ones, such as a VPC's IPv6 prefix.
    quiet_hours : int
        Without such an hour end an episode. 24.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.exfiltration import Exfiltration
    >>> talks = pa.table({
    ...     "hour": pa.array([3600 * n for n in range(30)], pa.timestamp("s", "UTC")),
    ...     "client": ["10.0.0.5"] * 30, "server": ["198.51.100.7"] * 30, "port": [443] * 30,
    ...     "protocol": [6] * 30, "is_answer": [False] * 30, "action": ["ACCEPT"] * 30,
    ...     "records": [10] * 30, "bytes": [2_000_000] * 29 + [4_000_000_000],
    ... })
    >>> Exfiltration().find(Facts.made(talks)).column("why").to_pylist()
    ['10.0.0.5 sent 4.0 GB to 198.51.100.7 within an hour; its median hour of 29 has 2.0 MB.']
    """

    name: ClassVar[str] = "exfiltration"
    technique: ClassVar[str | None] = "T1048"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "bytes")

    floor_bytes: int = 200_000_000
    floor_new_bytes: int = 1_000_000_000
    floor_first_bytes: int = 50_000_000_000
    past_hours: int = 12
    deviations: float = 8.0
    factor: float = 3.0
    daily_factor: float = 1.5
    peer_bytes: int = 200_000_000
    peer_hours: int = 24
    settle_hours: int = 12
    upload: float = 4.0
    usual_peers: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode of a host."""
        exchanges = facts.exchanges
        rows = self._uploads(exchanges)
        begin = fold(rows, ("account_id",), {"hour": "min"})
        begin = begin.rename_columns(["account_id", "begin"])
        hours = self._unusual(fold(rows, ("hour", *_HOST), _SUMS), begin)
        peers = self._new_peers(rows, begin)
        found = exchanges.named(_together(rows, hours, peers))
        told = first_told(found, ("account_id", "client"), self.quiet_hours, most="bytes")
        return tell(self, facts, told, self._describe)

    def _uploads(self, exchanges: Exchanges) -> pa.Table:
        """What private clients sent to public servers."""
        rows = exchanges.table
        rows = rows.filter(pc.and_(pc.greater(rows["asked"], 0), pc.is_valid(rows["bytes"])))
        inside, usual = (
            exchanges.inside(self.inside),
            exchanges.inside((*self.inside, *self.usual_peers)),
        )
        client, server = (rows[name].combine_chunks() for name in ("client", "server"))
        rows = rows.filter(pc.and_not(inside.take(client), usual.take(server)))
        return rows.append_column("records", rows["asked"])

    def _unusual(self, hours: pa.Table, begin: pa.Table) -> pa.Table:
        """The hours of hosts that are not like those before; `usual`, `mad`, `past`."""
        much = pc.greater_equal(hours["bytes"], self.floor_bytes)
        busy = pc.unique(hours.filter(much)["client"])
        hours = hours.filter(pc.is_in(hours["client"], value_set=busy))
        hours = hours.sort_by([(name, "ascending") for name in (*_HOST, "hour")])
        times = _seconds(hours["hour"])
        hosts = [*zip(*(hours[name].to_pylist() for name in _HOST), strict=True)]
        settled = self._settled(hours, begin)
        sent = hours["bytes"].to_pylist()
        told = [*zip(hosts, times, sent, strict=True)]
        usual = [*usual_before(told, _WEEK, quiet=True, least=self.floor_bytes)]
        had = {(host, time): amount for host, time, amount in told}
        keep = [
            one is not None and self._stands_out(row[2], one, old) and not self._daily(had, *row)
            for one, row, old in zip(usual, told, settled, strict=True)
        ]
        for name, type_ in (("median", pa.float64()), ("hours", pa.int64())):
            values = [None if one is None else getattr(one, name) for one in usual]
            hours = hours.append_column(name, pa.array(values, type_))
        return hours.filter(pa.array(keep, pa.bool_()))

    def _stands_out(self, amount: int, usual: Usual, settled: bool) -> bool:
        if usual.hours < self.past_hours:
            return amount >= (self.floor_new_bytes if settled else self.floor_first_bytes)
        far = usual.median + self.deviations * usual.deviation
        return amount > max(far, self.factor * usual.median)

    def _daily(self, had: dict[Any, int], host: Any, time: int, amount: int) -> bool:
        """Whether another day had about as much at this time of day."""
        before = (time - HOUR * (24 * day + near) for day in range(1, 8) for near in (-1, 0, 1))
        return amount <= self.daily_factor * max(had.get((host, at), 0) for at in before)

    def _new_peers(self, rows: pa.Table, begin: pa.Table) -> pa.Table:
        """Up to which hour how much went to a peer that is new; `bytes` since it is."""
        peer, pair = ("account_id", "server"), (*_HOST, "server")
        known = fold(rows, peer, {"hour": "min"}).rename_columns([*peer, "known"])
        much = fold(rows, pair, {"bytes": "sum"})
        much = pc.unique(much.filter(pc.greater_equal(much["bytes"], self.peer_bytes))["server"])
        rows = rows.filter(pc.is_in(rows["server"], value_set=much))
        rows = rows.join(known, list(peer)).join(begin, "account_id")
        new = pc.less(_hours_between(rows["known"], rows["hour"]), self.peer_hours)
        old = _hours_between(rows["begin"], rows["known"])
        settled = pc.greater_equal(old, self.settle_hours)
        rows = fold(rows.filter(pc.and_(new, settled)), ("hour", *pair), _SENT)
        rows = sort_whole(rows, (*pair, "hour"))
        starts = run_starts(rows, pair)
        sums = {name: sum_in_runs(rows[name], starts) for name in _SENT if name not in _SEEN}
        first = pc.fill_null_forward(pc.if_else(starts, rows["first_seen"], None))
        columns = {name: rows[name] for name in ("hour", *pair, "last_seen")}
        rows = pa.table({**columns, **sums, "first_seen": first})
        upload = pc.multiply(pc.cast(rows["answer_bytes"], pa.float64()), self.upload)
        enough = pc.greater_equal(rows["bytes"], self.peer_bytes)
        return rows.filter(pc.and_(enough, pc.greater_equal(rows["bytes"], upload)))

    def _settled(self, hours: pa.Table, begin: pa.Table) -> list[bool]:
        """Whether the data of the account had begun long before each hour."""
        began = dict(zip(begin["account_id"].to_pylist(), _seconds(begin["begin"]), strict=True))
        rows = zip(hours["account_id"].to_pylist(), _seconds(hours["hour"]), strict=True)
        return [time - began[account] >= HOUR * self.settle_hours for account, time in rows]

    def _describe(self, row: dict[str, Any]) -> dict[str, Any]:
        client, new = row["srcaddr"], row["new"]
        usual = row["median"] is not None and row["hours"] >= self.past_hours
        to = row["dstaddr"] or "public addresses"
        why = f"{client} sent {size(row['bytes'])} to {to}"
        if new:
            why += ", which nobody in the account asked before"
        if usual:
            why += f" within an hour; its median hour of {row['hours']} has {size(row['median'])}"
        elif not new:
            why += " within an hour, and too little is known of what it did before"
        return {
            "severity": "high" if new else "medium",
            "entity": client,
            "action": "ACCEPT",
            "measure": row["bytes"],
            "expected": row["median"] if usual else None,
            "why": f"{why}.",
        }


def _seconds(times: Any) -> list[int]:
    seconds: list[int] = pc.cast(times, pa.int64()).to_pylist()
    return seconds


def _hours_between(before: Any, after: Any) -> Any:
    seconds = pc.subtract(pc.cast(after, pa.int64()), pc.cast(before, pa.int64()))
    return pc.divide(seconds, HOUR)


def _together(rows: pa.Table, hours: pa.Table, peers: pa.Table) -> pa.Table:
    """Both as one table: a row a host and hour, with the peer that took most of it, if one did."""
    found = {tuple(row[name] for name in _WHEN): row for row in hours.to_pylist()}
    for row in sort_whole(peers, ("server",)).to_pylist():
        key = tuple(row[name] for name in _WHEN)
        met = found.get(key, {})
        if not met.get("new") or met["bytes"] < row["bytes"]:
            told = {"median": met.get("median"), "hours": met.get("hours"), "new": True}
            found[key] = {**row, **told}
    takers = _takers(rows, hours)
    for key, row in found.items():
        row.setdefault("new", False)
        row.setdefault("server", takers.get(key))
    columns = {**{name: rows.schema.field(name).type for name in (*_WHEN, "server")}, **_TYPES}
    schema = pa.schema(list(columns.items()))
    return pa.Table.from_pylist([*found.values()], schema)


def _takers(rows: pa.Table, hours: pa.Table) -> dict[tuple[Any, ...], int]:
    """Of hosts and hours, the server that took four fifths or more."""
    whole = {tuple(row[name] for name in _WHEN): row["bytes"] for row in hours.to_pylist()}
    near = pc.is_in(rows["client"], value_set=pc.unique(hours["client"]))
    near = pc.and_(near, pc.is_in(rows["hour"], value_set=pc.unique(hours["hour"])))
    each = fold(rows.filter(near), (*_WHEN, "server"), {"bytes": "sum"})
    most = {}
    for row in each.to_pylist():
        key = tuple(row[name] for name in _WHEN)
        if key in whole and row["bytes"] >= _MOST * whole[key]:
            most[key] = row["server"]
    return most
