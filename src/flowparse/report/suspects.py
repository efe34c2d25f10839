"""Floor 4: what the detectors find, in the same pass as all else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Self

import pyarrow as pa

from flowparse.detect.detecting import arm, find
from flowparse.detect.detector import Detector
from flowparse.detect.gather import FactsFold, see_nothing
from flowparse.detect.registry import DETECTORS, choose
from flowparse.grouping import Fold, Once

__all__ = ["Suspects"]


class _Unrepeated(Fold):
    """Facts of records as they come first: the page's other figures have every record.

    Copies for other threads share what came before, and ask it in turn.
    """

    def __init__(self, once: Once, turn: Lock) -> None:
        self.facts = FactsFold()
        self._once, self._turn = once, turn

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the facts, and those that make a record the same."""
        return tuple(dict.fromkeys((*self.facts.columns, *self._once.columns)))

    def fresh(self) -> Self:
        """One without facts."""
        return type(self)(self._once, self._turn)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the records that are new."""
        with self._turn:
            new = self._once.choose(batch)
        self.facts.add(batch if new is None else batch.filter(new))

    def absorb(self, other: Self) -> None:
        """Take what another has gathered."""
        self.facts.absorb(other.facts)


class Suspects:
    """Detectors that wait for their facts.

    Parameters
    ----------
    detectors : iterable, optional
        As of `flowparse.detect.run`; none at all where it is empty.
    lists : sequence
        Threat lists.
    """

    def __init__(self, detectors: Iterable[object] | None, lists: Sequence[object]) -> None:
        if detectors is not None and not isinstance(detectors, (str, type, Detector)):
            detectors = tuple(detectors)
        some = bool(DETECTORS) if detectors is None else detectors != ()
        self._armed = arm(choose(detectors), lists, None) if some else []
        self._once = Once(see_nothing())
        self._fold = _Unrepeated(self._once, Lock())

    @property
    def folds(self) -> list[Fold]:
        """What the pass must feed."""
        return [self._fold] if self._armed else []

    @property
    def duplicates(self) -> int:
        """Records that had come before, which the detectors do not see again."""
        return self._once.dropped

    def findings(self) -> tuple[pa.Table | None, dict[str, str]]:
        """The findings, None where there is no detector; and which ones could not answer."""
        if not self._armed:
            return None, {}
        return find(self._fold.facts.facts(), self._armed)
