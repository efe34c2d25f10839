"""Floor 4: a sketch of the values of each group, by Apache DataSketches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.batches import whole_batch
from flowparse.grouping import Groups, Key

__all__ = ["Sketches"]

#: Of the number of buckets the logarithm: 8,192 give a standard error of 1.15 %.
_LOG_BUCKETS: Final = 13
#: Standard deviations within which the bounds are: 95 %.
_DEVIATIONS: Final = 2


def _library() -> Any:
    try:
        import datasketches
    except ImportError:
        raise ImportError(
            "approximate counts need Apache DataSketches: pip install 'flowparse[sketches]'"
        ) from None
    return datasketches


class Sketches:
    """Sketches of a column's values, one a group.

    Parameters
    ----------
    keys : sequence of str
    of : str
        The column whose values are counted.
    """

    def __init__(self, keys: Sequence[str], of: str) -> None:
        self._library = _library()
        self._of = of
        self._numbers = Groups([Key(key) for key in keys], [])
        self._sketches: list[Any] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        numbers = self._numbers.number(batch)
        self._grow()
        values = pc.cast(batch.column(self._of), pa.string())
        pairs = pa.table({"number": numbers, "value": values}).drop_null()
        pairs = pairs.group_by(["number", "value"]).aggregate([])
        for number, value in zip(*pairs.to_pydict().values(), strict=True):
            self._sketches[number].update(value)

    def absorb(self, other: Sketches) -> None:
        """Take the sketches of another with the same keys."""
        theirs = iter(other._sketches)
        for batch in other._numbers.batches():
            numbers = self._numbers.number(batch)
            self._grow()
            for number in numbers.to_pylist():
                self._sketches[number] = self._join(self._sketches[number], next(theirs))

    def _grow(self) -> None:
        """A sketch for each new group."""
        missing = len(self._numbers) - len(self._sketches)
        self._sketches += [self._library.hll_sketch(_LOG_BUCKETS) for _ in range(missing)]

    def _join(self, *sketches: Any) -> Any:
        """The union of sketches."""
        union = self._library.hll_union(_LOG_BUCKETS)
        for sketch in sketches:
            union.update(sketch)
        return union.get_result()

    def _tell(self, sketch: Any) -> tuple[int, int, int]:
        """An estimate and its bounds. That of a union does not depend on the order of values."""
        told = self._join(sketch, sketch)
        low = told.get_lower_bound(_DEVIATIONS)
        high = told.get_upper_bound(_DEVIATIONS)
        return round(told.get_estimate()), int(low), -int(-high // 1)

    def with_estimates(self, groups: pa.Table) -> pa.Table:
        """The groups, one row each, with distinct, distinct_low and distinct_high."""
        numbers = self._numbers.number(whole_batch(groups)).to_pylist()
        told = [self._tell(self._sketches[number]) for number in numbers]
        for place, name in enumerate(("distinct", "distinct_low", "distinct_high")):
            groups = groups.append_column(name, pa.array([row[place] for row in told], pa.int64()))
        return groups
