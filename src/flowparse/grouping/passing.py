"""Floor 3: one pass over a source that feeds every fold."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.grouping.fold import Fold
from flowparse.read import open_reader
from flowparse.reader import ERRORS_SCHEMA, FlowReader, about_reading
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.schema import is_known, named_column, schema_of
from flowparse.writing.incoming import Incoming, is_arrow, open_arrow

__all__ = ["Passed", "run_pass"]

_ROWS = 65536


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of the lines of one pass.

    Attributes
    ----------
    counts : Counts
        Of data that were Arrow already, what their metadata say; zeros where that is nothing.
    rejects, errors : pyarrow.Table
        As of a `FlowReader`.
    about : dict or None
        What `read_table` keeps in a table's metadata; None where nothing is known of lines.
    """

    counts: Counts
    rejects: pa.Table = field(default_factory=REJECTS_SCHEMA.empty_table)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table)
    about: dict[str, Any] | None = None


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
        incoming = open_arrow(source, _ROWS)
        for batch in _arrow_batches(incoming, names):
            for fold in folds:
                fold.add(batch)
        about = incoming.about()
        return Passed(incoming.counts(), about=json.loads(about) if about else None)
    if isinstance(source, FlowReader):
        for batch in _arrow_batches(open_arrow(source, _ROWS), names):
            for fold in folds:
                fold.add(batch)
        return _passed(source)
    with open_reader(source, columns=names, threads=threads, **reading) as reader:
        _fold_all(reader, reader.schema, folds)
        return _passed(reader)


def _passed(reader: FlowReader) -> Passed:
    return Passed(reader.counts, reader.rejects, reader.errors, about_reading(reader))


def _fold_all(batches: Iterable[pa.RecordBatch], schema: pa.Schema, folds: Sequence[Fold]) -> None:
    nothing = pa.RecordBatch.from_pylist([], schema=schema)
    for fold in folds:  # so that each knows its types, whatever comes
        fold.add(nothing)
    for batch in batches:
        for fold in folds:
            fold.add(batch)


def _arrow_batches(incoming: Incoming, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The data with the columns that are asked for; null where a known field is not there."""
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
