"""Floor 4: what the detectors find, in the same pass as all else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from flowparse.detect.detecting import arm, find
from flowparse.detect.detector import Detector
from flowparse.detect.gather import FactsFold, Once, see_nothing
from flowparse.detect.registry import DETECTORS, choose
from flowparse.grouping import Fold

__all__ = ["Suspects"]


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
        self._facts = FactsFold(Once(see_nothing()))

    @property
    def folds(self) -> list[Fold]:
        """What the pass must feed."""
        return [self._facts] if self._armed else []

    @property
    def duplicates(self) -> int:
        """Records that had come before, which the detectors do not see again."""
        return self._facts.dropped

    def findings(self) -> tuple[pa.Table | None, dict[str, str]]:
        """The findings, None where there is no detector; and which ones could not answer."""
        if not self._armed:
            return None, {}
        return find(self._facts.facts(), self._armed)
