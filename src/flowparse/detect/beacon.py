"""Floor 4: small requests to one peer at a regular interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.exchanges import WITH_PORTS, Exchanges, fold
from flowparse.detect.minutes import count_bits, minutes_of
from flowparse.detect.runs import run_starts, sort_whole, sum_in_runs
from flowparse.detect.telling import HOUR, first_told, plural, size, tell

if TYPE_CHECKING:
    from flowparse.detect.facts import Facts

__all__ = ["Beacon"]

_TCP: Final = 6
_TEN: Final = 10  # the longer aggregation interval, in minutes
_SHORT: Final = 4  # minutes: twice as much is no lost beat, as everything would fit
_PAIR: Final = ("account_id", "interface_id", "client", "server", "port", "protocol")
_COMMON: Final = (80, 443)


@dataclass(frozen=True)
class Beacon(Detector):
    """A private host calls one public server at a regular interval, and says little.

    From the minutes in which records began: minutes in a row are one beat. Judged are the last
    beats, at the end of each hour that has one.

    Parameters
    ----------
    beats : int
        So many intervals are looked at. 24: of so many that are random, nearly as many as
        `share` asks for are never alike; a beat of five minutes is found after two hours.
    share : float
        Of the intervals that are regular. 0.9: a beat is lost now and then.
    jitter : float
        An interval is regular within this part of the median, or within a minute, which is as
        exact as the facts are. 0.1: implants spread their beats by a tenth or so.
    least_minutes, most_minutes : int
        Of the median. 4: of less, a minute either way is too large a part. 240: 24 beats of four
        hours take four days.
    timers : bool
        Whether to tell of calls each full hour, or each so many, that are exact to the minute.
        False: schedulers call so, for updates and reports. What sleeps between its calls
        drifts, as each call takes time, or spreads them on purpose.
    most_bytes : int
        Of requests, a record. 20,000: a beat that says more is work.
    most_clients : int
        Of the account, that have called the server. 3: what more call is a service of many.
    quiet_ports : tuple of int
        Of UDP, at which a rhythm is normal: NTP and DNS.
    known : tuple of str
        Networks of which nothing is said: those of AWS, of one's own services, of monitoring.
    inside : tuple of str
        Networks that are one's own beside the private ones, such as a VPC's IPv6 prefix.
    quiet_hours : int
        Without a regular hour end an episode. 24.

    Notes
    -----
    With an aggregation interval of ten minutes, one long connection has a record each ten
    minutes, and looks regular. TCP flags tell: it does not begin again. In a format without
    them a median of ten minutes is passed over, and a long connection that keeps itself alive
    at another interval of some minutes is taken for a beacon.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.detect import Facts
    >>> from flowparse.detect.beacon import Beacon
    >>> each_five = sum(1 << minute for minute in range(0, 60, 5))
    >>> talks = pa.table({
    ...     "hour": pa.array([3600 * n for n in range(3)], pa.timestamp("s", "UTC")),
    ...     "client": ["10.0.0.5"] * 3, "server": ["203.0.113.9"] * 3, "port": [443] * 3,
    ...     "protocol": [6] * 3, "is_answer": [False] * 3, "action": ["ACCEPT"] * 3,
    ...     "records": [12] * 3, "bytes": [5000] * 3, "minutes": [each_five] * 3,
    ... })
    >>> Beacon().find(Facts.made(talks)).column("why").to_pylist()
    ['10.0.0.5 called 203.0.113.9:443 every 5 minutes: 24 of 24 intervals alike, 417 bytes each.']
    """

    name: ClassVar[str] = "beacon"
    technique: ClassVar[str | None] = "T1071"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "dstaddr", "dstport", "protocol")

    beats: int = 24
    share: float = 0.9
    jitter: float = 0.1
    least_minutes: int = 4
    most_minutes: int = 240
    timers: bool = False
    most_bytes: int = 20_000
    most_clients: int = 3
    quiet_ports: tuple[int, ...] = (53, 123)
    known: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    quiet_hours: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """Findings: a row an episode of a client, a server and a port."""
        exchanges = facts.exchanges
        outward = self._outward(exchanges)
        flags = "tcp_flags" in facts.columns
        calls = self._calls(outward, flags=flags)
        found = self._regular(_intervals(calls))
        if not flags:
            found = found.filter(pc.not_equal(found["median"], _TEN))
        found = found.join(calls, ["pair", "hour"], join_type="inner")
        found = self._rare(found, outward)
        keys = [name for name in _PAIR if name != "interface_id"]
        told = first_told(exchanges.named(found), keys, self.quiet_hours, most="regular")
        return tell(self, facts, told, self._describe)

    def _outward(self, exchanges: Exchanges) -> pa.Table:
        """What private clients asked public servers, where it was let through."""
        rows = exchanges.table
        inside = exchanges.inside(self.inside)
        known = exchanges.inside((*self.inside, *self.known))
        client, server = (rows[name].combine_chunks() for name in ("client", "server"))
        outward = pc.and_not(inside.take(client), known.take(server))
        return rows.filter(pc.and_(outward, pc.greater(rows["asked"], 0)))

    def _calls(self, rows: pa.Table, *, flags: bool) -> pa.Table:
        """The small ones, of pairs that have enough; `pair` is a number for each."""
        ported = pc.is_in(rows["protocol"], value_set=pa.array(WITH_PORTS, pa.int32()))
        is_tcp = pc.equal(rows["protocol"], _TCP)
        quiet = pc.is_in(rows["port"], value_set=pa.array(self.quiet_ports, pa.int32()))
        fits = pc.and_(ported, pc.is_valid(rows["port"]))
        fits = pc.and_not(fits, pc.and_not(quiet, is_tcp))
        large = pc.greater(rows["bytes"], pc.multiply(rows["asked"], self.most_bytes))
        fits = pc.and_not(fits, pc.fill_null(large, False))
        if flags:
            fits = pc.and_not(fits, pc.and_(is_tcp, pc.equal(rows["opened"], 0)))
        rows = rows.filter(pc.fill_null(fits, False))
        rows = rows.append_column("beats", count_bits(rows["minutes"]))
        pairs = fold(rows, _PAIR, {"beats": "sum"})
        pairs = pairs.filter(pc.greater(pairs["beats"], self.beats)).drop_columns("beats")
        pairs = pairs.append_column("pair", pa.array(range(pairs.num_rows), pa.int64()))
        return rows.join(pairs, list(_PAIR), join_type="inner")

    def _regular(self, steps: pa.Table) -> pa.Table:
        """The hours at whose end the last intervals are regular.

        `pair`, `hour`, `median` and `mad` in minutes, and how many are `regular`.
        """
        ends, number = _ends(steps, self.beats)
        row, back = [], []
        for place in range(self.beats):
            row.append(number)
            back.append(pc.subtract(ends, place))
        window = pa.table({"end": pa.chunked_array(row, pa.int64())})
        window = window.append_column(
            "step", steps["step"].take(pa.chunked_array(back, pa.int64()))
        )
        middle = _medians(window, self.beats)
        each = middle.take(window["end"].combine_chunks())
        far = pc.abs(pc.subtract(window["step"], each))
        mad = _medians(window.set_column(1, "step", far), self.beats)
        within = pc.max_element_wise(1.0, pc.multiply(pc.cast(each, pa.float64()), self.jitter))
        double = pc.abs(pc.subtract(far, each))  # of an interval in which a beat was lost
        lost = pc.and_(pc.greater(each, _SHORT), pc.less_equal(double, within))
        regular = pc.cast(pc.or_(pc.less_equal(far, within), lost), pa.int64())
        window = window.append_column("regular", regular)
        count = fold(window, ("end",), {"regular": "sum"}).sort_by("end")["regular"]
        found = steps.select(["pair", "hour"]).take(ends)
        found = found.append_column("median", middle).append_column("mad", mad)
        found = found.append_column("regular", count)
        enough = pc.greater_equal(count, math.ceil(self.share * self.beats))
        tight = pc.less_equal(mad, pc.take(within, number))
        fits = pc.and_(
            pc.greater_equal(middle, self.least_minutes), pc.less_equal(middle, self.most_minutes)
        )
        found = found.filter(pc.and_(pc.and_(enough, fits), tight))
        return found if self.timers else found.filter(pc.invert(_is_timer(found)))

    def _rare(self, found: pa.Table, outward: pa.Table) -> pa.Table:
        """Those whose server had few clients until then."""
        server = ("account_id", "server")
        near = pc.is_in(outward["server"], value_set=pc.unique(found["server"]))
        first = fold(outward.filter(near), (*server, "client"), {"hour": "min"})
        first = sort_whole(first, (*server, "hour"))
        ones = pa.repeat(pa.scalar(1, pa.int64()), first.num_rows)
        place = sum_in_runs(ones, run_starts(first, server))
        crowded = first.filter(pc.equal(place, self.most_clients + 1)).drop_columns("client")
        crowded = crowded.rename_columns([*server, "crowded"])
        found = found.join(crowded, list(server))
        return found.filter(pc.fill_null(pc.less(found["hour"], found["crowded"]), True))

    def _describe(self, row: dict[str, Any]) -> dict[str, Any]:
        client, server, port = row["srcaddr"], row["dstaddr"], row["dstport"]
        common = row["protocol"] == _TCP and port in _COMMON
        said = "" if row["bytes"] is None else f", {size(row['bytes'] / row['asked'])} each"
        return {
            "severity": "medium" if common else "high",
            "entity": f"{client} -> {server}:{port}",
            "action": "ACCEPT",
            "records": row["asked"],
            "measure": 60 * row["median"],
            "technique": "T1071" if common else "T1571",
            "why": f"{client} called {server}:{port} every {plural(row['median'], 'minute')}: "
            f"{row['regular']} of {self.beats} intervals alike{said}.",
        }


def _is_timer(found: pa.Table) -> Any:
    """Whether most intervals are the same number of whole hours, to the minute."""
    hours = pc.multiply(pc.divide(found["median"], 60), 60)
    return pc.and_(pc.equal(hours, found["median"]), pc.equal(found["mad"], 0))


def _intervals(calls: pa.Table) -> pa.Table:
    """A row a beat but the first of each pair: its hour, and the minutes since the one before."""
    row, minute = minutes_of(calls["hour"], calls["minutes"])
    beats = pa.table({"pair": calls["pair"].take(row), "minute": minute})
    beats = _with_step(sort_whole(beats, ("pair", "minute")))
    begins = pc.or_(run_starts(beats, ("pair",)), pc.greater(beats["step"], 1))
    beats = _with_step(beats.filter(begins).drop_columns("step").combine_chunks())
    beats = beats.filter(pc.invert(run_starts(beats, ("pair",)))).combine_chunks()
    hour = pc.multiply(pc.divide(beats["minute"], 60), HOUR)
    return beats.append_column("hour", pc.cast(hour, pa.timestamp("s", "UTC")))


def _with_step(beats: pa.Table) -> pa.Table:
    """With the minutes from the row before."""
    minute = beats["minute"].combine_chunks()
    step = pc.subtract(minute[1:], minute[:-1])
    none = pa.array([0][: len(minute)], pa.int64())
    return beats.append_column("step", pa.concat_arrays([none, step]))


def _ends(steps: pa.Table, beats: int) -> tuple[Any, Any]:
    """The rows that are the last of a pair and hour and have enough before them; their numbers."""
    row = pa.array(range(steps.num_rows), pa.int64())
    starts = run_starts(steps, ("pair", "hour"))
    last = pa.concat_arrays([starts[1:], pa.array([True][: len(starts)], pa.bool_())])
    ones = pa.repeat(pa.scalar(1, pa.int64()), steps.num_rows)
    place = sum_in_runs(ones, run_starts(steps, ("pair",)))
    ends = row.filter(pc.and_(last, pc.greater_equal(place, beats)))
    return ends, pa.array(range(len(ends)), pa.int64())


def _medians(window: pa.Table, count: int) -> Any:
    """The lower median of `step` of each `end`, all of which have so many rows."""
    ordered = sort_whole(window.select(["end", "step"]), ("end", "step"))
    ends = ordered.num_rows // count
    places = pa.array(range((count - 1) // 2, count * ends, count), pa.int64())
    return ordered["step"].combine_chunks().take(places)
