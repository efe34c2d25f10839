"""Floor 4: rows and runs of lines become the text that they came from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.archive.lines import Run
from flowparse.archive.manifest import Manifest
from flowparse.archive.rest import read_rest
from flowparse.archive.spelling import spell
from flowparse.archive.taking import INPUT, LINE
from flowparse.logformat import LogFormat

__all__ = ["unit_texts"]

#: Rows that are spelled at a time.
_SPELL_ROWS = 65536


def unit_texts(manifest: Manifest, outputs: Mapping[str, bytes]) -> Iterator[bytes]:
    """The text of each input of a unit, in the order of the manifest.

    Parameters
    ----------
    manifest : Manifest
    outputs : mapping of str to bytes
        The whole of each output, by its key.

    Raises
    ------
    pyarrow.ArrowException, OSError, ValueError
        An output is no file of an archive.

    Notes
    -----
    Memory: the records of the unit, and the text of one input.
    """
    runs: dict[int, list[Run]] = {}
    parts: list[_Part] = []
    for output in manifest.outputs:
        data = outputs[output.key]
        if output.log_format is None:
            runs.update(read_rest(data))
        else:
            parts.append(_Part(data, LogFormat(tuple(output.log_format.split(" ")))))
    for number in range(len(manifest.inputs)):
        mine = [one for one in (part.of_input(number) for part in parts) if one is not None]
        yield b"".join(_weave(mine, runs.get(number, ())))


class _Spelled(NamedTuple):
    """The rows of one input and format, by line."""

    rows: pa.Table
    numbers: memoryview
    log_format: LogFormat

    def text(self, begin: int, end: int) -> Iterator[bytes]:
        """The lines from `begin` to before `end`."""
        first, last = bisect_left(self.numbers, begin), bisect_left(self.numbers, end)
        piece = self.rows.slice(first, last - first)
        for batch in piece.to_batches(max_chunksize=_SPELL_ROWS):
            yield spell(batch, self.log_format)


class _Part:
    """One file of records, by input and line."""

    def __init__(self, data: bytes, log_format: LogFormat) -> None:
        import pyarrow.parquet as pq

        self.log_format = log_format
        table = pq.read_table(pa.BufferReader(data))
        order = pc.sort_indices(table, [(INPUT, "ascending"), (LINE, "ascending")])
        self.table = table.take(order).combine_chunks()
        self._inputs = _view(self.table, INPUT, pa.int64())

    def of_input(self, number: int) -> _Spelled | None:
        first, last = bisect_left(self._inputs, number), bisect_left(self._inputs, number + 1)
        if first == last:
            return None
        rows = self.table.slice(first, last - first)
        return _Spelled(rows.drop_columns([INPUT]), _view(rows, LINE, pa.int64()), self.log_format)


def _view(table: pa.Table, name: str, type_: pa.DataType) -> memoryview:
    """The values of a column without nulls."""
    column = table.column(name).cast(type_)
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type_)
    if array.null_count:
        raise ValueError(f"{name} is null")
    values = memoryview(array.buffers()[1] or b"").cast("B").cast("q")
    return values[array.offset : array.offset + len(array)]


_END = 1 << 62


def _weave(parts: Sequence[_Spelled], runs: Sequence[Run]) -> Iterator[bytes]:
    """Runs as they stand, and between them what is spelled.

    Between two runs all lines are of one format: where it changes, a header stands, in a run.
    """
    line = 1
    for run in runs:
        if run.lines:
            yield from _between(parts, line, run.line)
            line = run.line + run.lines
        yield run.raw
    yield from _between(parts, line, _END)


def _between(parts: Sequence[_Spelled], begin: int, end: int) -> Iterator[bytes]:
    if begin < end:
        for part in parts:
            yield from part.text(begin, end)
