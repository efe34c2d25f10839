"""Floor 4: records that are missing: AWS skipped them, or an interface fell silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.episodes import first_of, join_windows
from flowparse.detect.facts import Facts
from flowparse.detect.findings import gather_findings, make_findings
from flowparse.detect.gather import STATUS_WINDOW
from flowparse.detect.silence import find_silences
from flowparse.detect.sums import group

__all__ = ["DataLoss"]

_INTERFACE = ("account_id", "interface_id")


@dataclass(frozen=True)
class DataLoss(Detector):
    """Records that AWS skipped, and interfaces that write nothing any more.

    Where records are missing no other detector can find anything, so a gap is a finding itself.
    An interface in service writes a record an aggregation interval, NODATA if there was no
    traffic. One that was deleted falls silent too: the logs do not tell the two apart.

    Attributes
    ----------
    minimum_skips : int
        SKIPDATA records of one interface, with no more than half an hour between two: a single
        one happens where capacity was short for a moment.
    chance : float
        A silence is told when an interface that spoke as regularly as this one would be silent
        for so long by accident with this probability: a million silences are weighed a month in
        a network of a few hundred interfaces.
    silent_minutes : int
        No shorter silence is told: records come up to ten minutes late to a window of ten.
    past_windows : int
        In so many ten minutes an interface must have spoken, four hours, before its silence
        says anything.
    """

    name: ClassVar[str] = "data-loss"
    technique: ClassVar[str | None] = "T1562.008"
    needs: ClassVar[tuple[str, ...]] = ("start", "interface_id", "log_status")

    minimum_skips: int = 3
    chance: float = 1e-9
    silent_minutes: int = 40
    past_windows: int = 24

    def find(self, facts: Facts) -> pa.Table:
        """One finding a run of SKIPDATA, and one a silence."""
        return gather_findings([self._skips(facts.status), self._silences(facts.status)])

    def _skips(self, status: pa.Table) -> pa.Table:
        skips = status.filter(pc.equal(status["log_status"], "SKIPDATA"))
        skips = group(skips, (*_INTERFACE, "window"), {"records": "sum"})
        runs = join_windows(skips, _INTERFACE, "window", STATUS_WINDOW, skip=2)
        runs = _with_running_sum(runs)
        reached = runs.filter(pc.greater_equal(runs["so_far"], self.minimum_skips))
        about = first_of(reached, ("episode",), "window")
        records = about["so_far"].to_pylist()
        return make_findings(
            self,
            time=about["window"],
            severity="high",
            entity=about["interface_id"],
            account_id=about["account_id"],
            interface_id=about["interface_id"],
            records=about["so_far"],
            measure=about["so_far"],
            expected=0.0,
            first_seen=about["window_min"],
            last_seen=_later(about["window"], STATUS_WINDOW - 1),
            why=[
                f"AWS skipped records of {one} in {n:,} windows (SKIPDATA): what passed then is "
                "not in the logs"
                for one, n in zip(about["interface_id"].to_pylist(), records, strict=True)
            ],
        )

    def _silences(self, status: pa.Table) -> pa.Table:
        least = max(1, self.silent_minutes * 60 // STATUS_WINDOW)
        found = find_silences(status, self.chance, least, self.past_windows)
        names = found["interface_id"].to_pylist()
        spoke = found["share"].to_pylist()
        silent = found["windows"].to_pylist()
        return make_findings(
            self,
            time=found["time"],
            severity="medium",
            entity=found["interface_id"],
            account_id=found["account_id"],
            interface_id=found["interface_id"],
            measure=found["windows"],
            expected=0.0,
            first_seen=_later(found["last"], STATUS_WINDOW),
            last_seen=_later(found["time"], STATUS_WINDOW - 1),
            why=[
                f"{one} wrote nothing for {10 * n} minutes, not even NODATA, while others of its "
                f"account did; before, it wrote in {share:.0%} of all ten minutes. It was deleted, "
                "or its flow log ended"
                for one, n, share in zip(names, silent, spoke, strict=True)
            ],
        )


def _later(times: Any, seconds: int) -> Any:
    return pc.add(pc.cast(times, pa.int64()), seconds).cast(pa.timestamp("s")).cast(times.type)


def _with_running_sum(runs: pa.Table) -> pa.Table:
    """With `so_far`, the records of the run until this window, and its first window."""
    total = pc.cumulative_sum(runs["records"])
    runs = runs.append_column("before", pc.subtract(total, runs["records"]))
    runs = runs.append_column("total", total)
    begin = runs.group_by("episode").aggregate([("before", "min"), ("window", "min")])
    runs = runs.join(begin, "episode", join_type="inner")
    return runs.append_column("so_far", pc.subtract(runs["total"], runs["before_min"]))
