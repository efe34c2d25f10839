"""Floor 4: a pass over a dataset: of its columns only those that are asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowparse.grouping import Fold, Passed, run_pass

if TYPE_CHECKING:
    from flowparse.flowdataset import FlowDataset

__all__ = ["run_over"]


def run_over(source: object, folds: Sequence[Fold], **reading: Any) -> Passed:
    """`run_pass`, which takes a dataset for any other stream."""
    if not _is_dataset(source):
        return run_pass(source, folds, **reading)
    dataset: FlowDataset = source  # type: ignore[assignment]
    names = list(dict.fromkeys(name for fold in folds for name in fold.columns))
    run_pass(dataset.scanner(columns=names), folds, **reading)
    about = {
        "counts": dataset.counts.as_dict(),
        "first_reject": _first(dataset.rejects.slice(0, 1).to_pylist()),
        "errors": dataset.errors.to_pylist(),
    }
    return Passed(dataset.counts, dataset.rejects, dataset.errors, about)


def _is_dataset(source: object) -> bool:
    """Nothing is one if nobody has loaded them."""
    module = sys.modules.get("flowparse.flowdataset")
    return module is not None and isinstance(source, module.FlowDataset)


def _first(rejects: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first reject as a table's metadata have it."""
    for row in rejects:
        text = row.pop("text")
        place = f"{row['source']}, line {row['line']}"
        return {**row, "message": f"{row['reason']}: {text!r} ({place})"}
    return None
