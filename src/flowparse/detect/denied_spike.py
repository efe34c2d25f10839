"""Floor 4: a source that is denied far more often than it used to be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import make_findings
from flowparse.detect.gather import DENIAL_WINDOW
from flowparse.detect.robust import Past
from flowparse.detect.sums import How, group

__all__ = ["DeniedSpike"]


_SUMS: Final[dict[str, How]] = {
    **dict.fromkeys(("records", "packets", "bytes"), "sum"),
    "first_seen": "min",
    "last_seen": "max",
}


class _Window(NamedTuple):
    """Rejects of one source, at all interfaces, in one window, by its number since 1970."""

    at: int
    records: int


@dataclass(frozen=True)
class DeniedSpike(Detector):
    """A source whose records are rejected far more often than in its own past.

    It compares five minutes with the median of the source's earlier windows, quiet ones
    included, and with how far these spread around it (the median absolute deviation). Both are
    robust: a spike in the past does not hide the next one. A source without a past is what the
    scan detectors look for.

    Attributes
    ----------
    minimum_records : int
        Fewer rejects in five minutes are nobody's concern: a client that tries again sends about
        six SYNs in one minute.
    deviations : float
        So many standard deviations, estimated from the median absolute deviation, above the
        median: noise reaches six about once in a billion windows.
    times : float
        So many times the median at least, since a spread of nothing makes anything stand out.
    past_windows : int
        In so many earlier windows it must have been denied, and no more than a `times`-th as
        often: fewer are the beginning of what goes on now.
    past_hours : float
        So long before it must the first of these lie, for the same reason.
    history_days : int
        How far its past goes back: two weeks have two of each day of the week.
    """

    name: ClassVar[str] = "denied-spike"
    technique: ClassVar[str | None] = "T1046"
    needs: ClassVar[tuple[str, ...]] = ("start", "srcaddr", "action")

    minimum_records: int = 20
    deviations: float = 6.0
    times: float = 5.0
    past_windows: int = 4
    past_hours: float = 1.0
    history_days: int = 14

    def find(self, facts: Facts) -> pa.Table:
        """One finding a spike, at the window in which it began."""
        denials = facts.denials.filter(pc.is_valid(facts.denials["srcaddr"]))
        windows = group(denials, ("srcaddr", "window"), _SUMS, only=("account_id", "interface_id"))
        loud = windows.filter(pc.greater_equal(windows["records"], self.minimum_records))
        if loud.num_rows == 0:
            return make_findings(self, time=[], severity=[], entity=[], why=[])
        mine = pc.is_in(windows["srcaddr"], pc.unique(loud["srcaddr"]))
        windows = windows.filter(mine).sort_by([("srcaddr", "ascending"), ("window", "ascending")])
        rows, expected = self._spikes(windows, _began(facts))
        return self._tell(windows.take(pa.array(rows, pa.int64())), expected)

    def _spikes(self, windows: pa.Table, began: int) -> tuple[list[int], list[float]]:
        """The rows in which spikes begin, and the median of the past of each."""
        rows, expected = [], []
        row = 0
        for past in _by_source(windows):
            for offset, median in self._spikes_of(past, began):
                rows.append(row + offset)
                expected.append(median)
            row += len(past)
        return rows, expected

    def _spikes_of(self, windows: list[_Window], began: int) -> Iterator[tuple[int, float]]:
        """The windows of one source, in order, in which a spike begins."""
        past = Past(began, self.history_days * 86_400 // DENIAL_WINDOW)
        spiked = None  # the last window of a spike
        for place, (at, records) in enumerate(windows):
            quiet = past.move_to(at)
            if self._stands_out(records, past, quiet) and self._had_ordinary(records, past, at):
                if spiked is None or at - spiked > 1:
                    yield place, past.median(quiet)
                spiked = at
            past.add(at, records)

    def _stands_out(self, records: int, past: Past, quiet: int) -> bool:
        median = past.median(quiet)
        if records < max(self.minimum_records, self.times * median):
            return False
        spread = max(past.deviation(quiet), math.sqrt(median), 1.0)
        return records >= median + self.deviations * spread

    def _had_ordinary(self, records: int, past: Past, at: int) -> bool:
        """Was it denied before, for long enough, and far less often?"""
        ordinary = past.at_most(records / self.times)
        hours = (at - ordinary[0]) * DENIAL_WINDOW / 3600 if ordinary else 0.0
        return len(ordinary) >= self.past_windows and hours >= self.past_hours

    def _tell(self, spikes: pa.Table, expected: list[float]) -> pa.Table:
        records = spikes["records"].to_pylist()
        return make_findings(
            self,
            time=spikes["window"],
            severity=[
                "high" if n >= 50 * max(m, 1) else "medium"
                for n, m in zip(records, expected, strict=True)
            ],
            entity=spikes["srcaddr"],
            account_id=spikes["account_id"],
            interface_id=spikes["interface_id"],
            srcaddr=spikes["srcaddr"],
            action="REJECT",
            records=records,
            packets=spikes["packets"],
            bytes=spikes["bytes"],
            measure=records,
            expected=expected,
            first_seen=spikes["first_seen"],
            last_seen=spikes["last_seen"],
            why=[
                f"{source} was rejected {n:,} times in 5 minutes; the median of its past is {m:g}"
                for source, n, m in zip(
                    spikes["srcaddr"].to_pylist(), records, expected, strict=True
                )
            ],
        )


def _began(facts: Facts) -> int:
    """The window in which the data begin: before, nobody knows who was denied."""
    times = [facts.denials["window"], facts.talks["hour"]]
    first = [pc.min(one).cast(pa.int64()).as_py() for one in times]
    return min(int(at) for at in first if at is not None) // DENIAL_WINDOW


def _by_source(windows: pa.Table) -> Iterator[list[_Window]]:
    """The windows of one source after another."""
    source: str | None = None
    found: list[_Window] = []
    numbers = pc.divide(windows["window"].cast(pa.int64()), DENIAL_WINDOW)
    columns = (windows["srcaddr"], numbers, windows["records"])
    for name, at, records in zip(*(column.to_pylist() for column in columns), strict=True):
        if name != source and found:
            yield found
            found = []
        source = name
        found.append(_Window(at, records))
    yield found
