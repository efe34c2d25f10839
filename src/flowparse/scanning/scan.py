"""Floor 3: one pass over sources for one query: the plan of it, and its carrying out.

A plan can be pickled, and says all that is needed: which sources, which columns and filters in
the core, and what of the query pyarrow evaluates afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.reader import FlowReader, with_metadata
from flowparse.request import Request
from flowparse.scanning.expressions import evaluate
from flowparse.schema import Column
from flowparse.sources import Source

__all__ = ["FlowScan"]

#: Rows of a batch at most, unless something else is asked for; a little more than the core's.
_BATCH_ROWS: Final = 131_072
_KEEP: Final = "keep"


@dataclass(frozen=True, eq=False)
class FlowScan:
    r"""One pass over some sources. Call it for its batches, as often as wanted.

    Made by `FlowDataset.tasks`. It can be pickled and called in another process.

    Attributes
    ----------
    sources : tuple of Source
        What is read, in this order.
    request : Request
        Filters, log format and the other options of reading.
    columns : tuple of Column
        What the core makes.
    keep : pyarrow.compute.Expression or None
        Which of the rows are kept then; None: all.
    output : tuple of str or dict of pyarrow.compute.Expression
        The columns handed on: some of those, or something computed from them.
    schema : pyarrow.Schema
        Of the batches.
    batch_rows : int
        Rows of a batch at most.
    on_open : callable or None
        Told of the reader of each pass. It stays behind where a plan is pickled.

    Examples
    --------
    >>> import flowparse
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n2 192.0.2.2 22\n"
    >>> [task] = flowparse.dataset(log).tasks(columns=["dstport"])
    >>> task.keys
    ('<bytes>',)
    >>> [batch.to_pydict() for batch in task()]
    [{'dstport': [443, 22]}]
    """

    sources: tuple[Source, ...]
    request: Request
    columns: tuple[Column, ...]
    keep: pc.Expression | None
    output: tuple[str, ...] | dict[str, pc.Expression]
    schema: pa.Schema
    batch_rows: int = _BATCH_ROWS
    on_open: Callable[[FlowReader], Any] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the sources: paths, or keys of objects."""
        return tuple(source.name for source in self.sources)

    def __call__(self) -> Iterator[pa.RecordBatch]:
        """The batches. Nothing is read before the first is asked for.

        Raises
        ------
        LogFormatError, RecordError, InflateError, SourceError, ValueError
            As `flowparse.read_table` says, when the place is reached.
        """
        with self._open() as reader:
            try:
                yield from self._finish(reader)
            except GeneratorExit:
                return  # who wanted no more is told of the rejects so far

    def read_table(self) -> pa.Table:
        """All rows. The counts are in the schema's metadata, as `read_table` has them."""
        with self._open() as reader:
            table = pa.Table.from_batches(list(self._finish(reader)), schema=self.schema)
            if table.num_columns:
                table = table.unify_dictionaries()
            return with_metadata(table, reader)

    def split(self, parts: Sequence[slice]) -> list[FlowScan]:
        """The same over some of the sources each."""
        return [replace(self, sources=self.sources[part]) for part in parts]

    def __getstate__(self) -> dict[str, Any]:
        """Without what calls back: whoever is called is not in the other process."""
        request = replace(self.request, progress=None)
        return {**self.__dict__, "request": request, "on_open": None}

    def _open(self) -> FlowReader:
        reader = FlowReader(self.sources, self.request, columns=self.columns)
        if self.on_open is not None:
            self.on_open(reader)
        return reader

    def _finish(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What the core leaves to pyarrow, a batch at a time and in the rows' order."""
        for batch in batches:
            kept = batch if self.keep is None else _filter(batch, self.keep)
            if isinstance(self.output, dict):
                kept = evaluate(kept, self.output)
            elif kept.schema.names != list(self.output):
                kept = kept.select(list(self.output))
            for at in range(0, kept.num_rows, self.batch_rows):
                yield kept.slice(at, self.batch_rows)


def _filter(batch: pa.RecordBatch, keep: pc.Expression) -> pa.RecordBatch:
    """The rows for which an expression is true: neither false nor null."""
    return batch.filter(evaluate(batch, {_KEEP: keep}).column(_KEEP))
