"""Floor 3: one pass over a source that feeds every fold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.grouping.fold import Fold
from flowparse.read import open_reader
from flowparse.reader import ERRORS_SCHEMA, FlowReader
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.schema import is_known, named_column, schema_of
from flowparse.writing.incoming import is_arrow, open_arrow

__all__ = ["Passed", "run_pass"]

_ROWS = 65536


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of the lines of one pass.

    Attributes
    ----------
    counts : Counts
        Zeros where the data were Arrow already.
    rejects, errors : pyarrow.Table
        As of a `FlowReader`.
    """

    counts: Counts
    rejects: pa.Table = field(default_factory=REJECTS_SCHEMA.empty_table)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table)


def run_pass(
    source: object,
    folds: Sequence[Fold],
    *,
    threads: int | None = None,
    **reading: Any,
) -> Passed:
    """Read `source` once, and give each batch to every fold.

    Parameters
    ----------
    source : object
        Anything that `flowparse.open_reader` reads, a `pyarrow.Table`, or anything with
        `__arrow_c_stream__`.
    folds : sequence of Fold
        They hold the answers afterwards.
    threads : int, optional
        For reading and for folding; None is one a core.
    **reading
        As of `flowparse.open_reader`, but for `columns` and `schema`.

    Raises
    ------
    ValueError
        A column that a fold needs is neither in the data nor a field that AWS knows.
    SourceError, InflateError, RecordError, LogFormatError
        As `flowparse.open_reader`.
    """
    names = tuple(dict.fromkeys(name for fold in folds for name in fold.columns))
    if is_arrow(source) and not isinstance(source, FlowReader):
        for batch in _arrow_batches(source, names):
            for fold in folds:
                fold.add(batch)
        return Passed(Counts())
    if isinstance(source, FlowReader):
        for batch in _arrow_batches(source, names):
            for fold in folds:
                fold.add(batch)
        return Passed(source.counts, source.rejects, source.errors)
    with open_reader(source, columns=names, threads=threads, **reading) as reader:
        _fold_all(reader, reader.schema, folds)
        return Passed(reader.counts, reader.rejects, reader.errors)


def _fold_all(batches: Iterable[pa.RecordBatch], schema: pa.Schema, folds: Sequence[Fold]) -> None:
    nothing = pa.RecordBatch.from_pylist([], schema=schema)
    for fold in folds:  # so that each knows its types, whatever comes
        fold.add(nothing)
    for batch in batches:
        for fold in folds:
            fold.add(batch)


def _arrow_batches(data: object, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The data with the columns that are asked for; null where a known field is not there."""
    incoming = open_arrow(data, _ROWS)
    given = incoming.schema.names
    for name in names:
        if name not in given and not is_known(name):
            near = difflib.get_close_matches(name, given, n=3)
            hint = f"; near: {', '.join(near)}" if near else f"; there are {', '.join(given)}"
            raise ValueError(f"no column {name!r} in the data{hint}")
    yield _choose(pa.RecordBatch.from_pylist([], schema=incoming.schema), names)
    for batch in incoming.batches:
        yield _choose(batch, names)


def _choose(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    arrays = []
    for name in names:
        if name in batch.schema.names:
            arrays.append(batch.column(name))
        else:
            type_ = schema_of([named_column(name, "typed")]).field(0).type
            arrays.append(pa.nulls(batch.num_rows, type_))
    return pa.RecordBatch.from_arrays(arrays, names=list(names))
