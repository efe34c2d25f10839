"""Floor 3: one pass over a source that feeds every fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from flowparse.grouping.crew import fold_batches
from flowparse.grouping.fold import Fold, Prelude
from flowparse.grouping.streams import Passed, open_stream
from flowparse.request import read_threads

__all__ = ["Passed", "run_pass"]


def run_pass(
    source: object,
    folds: Sequence[Fold],
    *,
    prelude: Prelude | None = None,
    threads: int | None = None,
    **reading: Any,
) -> Passed:
    r"""Read `source` once, and give each batch to every fold.

    Parameters
    ----------
    source : object
        Anything that `flowparse.open_reader` reads, a `FlowDataset`, a `pyarrow.Table`, or
        anything with `__arrow_c_stream__`. Of Arrow data, fields are cast to the types that
        flowparse reads them as, and hyphens in names are as good as underscores.
    folds : sequence of Fold
        They hold the answers afterwards. After an error they hold a part.
    prelude : Prelude, optional
        Sees every batch before the folds do, on one thread, and chooses their rows.
    threads : int, optional
        For reading, and as many for folding; None is one a core. Where folds are slower than
        reading, each of these threads has a copy of every fold.
    **reading
        As of `flowparse.open_reader`, but for `columns` and `schema`. Of Arrow data, `filters`,
        `since` and `until` with the same meaning; the others have none there.

    Returns
    -------
    Passed

    Raises
    ------
    ValueError
        A column that is needed is neither in the data nor a field that AWS knows, or Arrow data
        cannot be what their field is.
    SourceError, InflateError, RecordError, LogFormatError
        As `flowparse.open_reader`.

    Examples
    --------
    >>> from flowparse.grouping import GroupFold, Key, Measure, run_pass
    >>> ports = GroupFold([Key("dstport")], [Measure("count", None, "records")])
    >>> log = b"srcaddr dstport\n10.0.0.1 443\n10.0.0.2 443\n192.0.2.1 22\n"
    >>> passed = run_pass(log, [ports], filters=[("srcaddr", "in network", "10.0.0.0/8")])
    >>> ports.table().to_pylist(), passed.counts.records
    ([{'dstport': 443, 'records': 2}], 3)
    """
    n_threads = read_threads(threads)
    asked = [name for fold in folds for name in fold.columns]
    names = tuple(dict.fromkeys((*asked, *(prelude.columns if prelude else ()))))
    with open_stream(source, names, n_threads, reading) as stream:
        nothing = pa.RecordBatch.from_pylist([], schema=stream.schema)
        for fold in folds:  # so that each knows its types, whatever comes
            fold.add(nothing)
        fold_batches(_chosen(stream.batches, prelude), folds, n_threads)
        return stream.passed()


def _chosen(batches: Iterable[pa.RecordBatch], prelude: Prelude | None) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = None if prelude is None else prelude.choose(batch)
        chosen = batch if rows is None else batch.filter(rows)
        if chosen.num_rows:
            yield chosen
