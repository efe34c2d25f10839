"""Floor 4: rows, and lines that are kept as they stand, become the text that they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.archive.manifest import Entry, Manifest
from flowparse.archive.rest import REST_SCHEMA, read_rest
from flowparse.archive.spelling import line_columns
from flowparse.archive.taking import INPUT, LINE
from flowparse.logformat import LogFormat

__all__ = ["unit_texts"]

#: Text that is made at a time, unless one input has more.
_TEXT_BYTES: Final = 64 << 20


def unit_texts(manifest: Manifest, outputs: Mapping[str, bytes]) -> Iterator[memoryview]:
    """The text of each input of a unit, in the order of the manifest.

    Parameters
    ----------
    manifest : Manifest
    outputs : mapping of str to bytes
        The whole of each output, by its key.

    Raises
    ------
    pyarrow.ArrowException, OSError, ValueError, KeyError
        An output is no file of an archive, or lines are missing.

    Notes
    -----
    Memory: the records of the unit, and 64 MiB of text or that of the largest input.
    """
    parts, rest = [], REST_SCHEMA.empty_table()
    for output in manifest.outputs:
        if output.log_format is None:
            rest = read_rest(outputs[output.key])
        else:
            log_format = LogFormat(tuple(output.log_format.split(" ")))
            parts.append(_Part(_read_part(outputs[output.key]), log_format))
    bases = [0, *accumulate(one.lines for one in manifest.inputs)]
    for first, last in _spans(manifest.inputs):
        yield from _weave(parts, rest, bases, first, last)


class _Part(NamedTuple):
    """Records of one format."""

    rows: pa.Table
    log_format: LogFormat


def _read_part(data: bytes) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(data))


def _spans(inputs: list[Entry]) -> Iterator[tuple[int, int]]:
    """Inputs whose text is made together: from one to before another."""
    first = size = 0
    for at, one in enumerate(inputs):
        if at > first and size + one.text_bytes > _TEXT_BYTES:
            yield first, at
            first, size = at, 0
        size += one.text_bytes
    yield first, len(inputs)


def _weave(
    parts: list[_Part], rest: pa.Table, bases: list[int], first: int, last: int
) -> Iterator[memoryview]:
    """The texts of some inputs; their lines are numbered one behind the other."""
    rows = [_spell(part, bases, first, last) for part in parts]
    kept = _within(rest, "input", first, last)
    lines = [(batch.column("raw"), _numbers(batch, bases, "input", "line")) for batch in kept]
    begin, end = bases[first], bases[last]
    spelled = [one for some in rows for one in some]
    text, offsets = _core.weave(spelled, lines, begin, end, offsets=True)
    assert offsets is not None
    ends = memoryview(offsets).cast("B").cast("q")
    for at in range(first, last):
        yield memoryview(text)[ends[bases[at] - begin] : ends[bases[at + 1] - begin]]


def _spell(
    part: _Part, bases: list[int], first: int, last: int
) -> Iterator[tuple[pa.Array, pa.Array]]:
    """The lines of the records of some inputs, and their numbers."""
    for batch in _within(part.rows, INPUT, first, last):
        text, offsets = _core.spell(line_columns(batch, part.log_format), offsets=True)
        lines = pa.Array.from_buffers(pa.large_binary(), batch.num_rows, [None, offsets, text])
        yield lines, _numbers(batch, bases, INPUT, LINE)


def _within(table: pa.Table, name: str, first: int, last: int) -> list[pa.RecordBatch]:
    """The rows of some inputs."""
    column = table.column(name)
    is_in = pc.and_(pc.greater_equal(column, first), pc.less(column, last))
    return [one for one in table.filter(is_in).to_batches() if one.num_rows]


def _numbers(batch: pa.RecordBatch, bases: list[int], input_name: str, line: str) -> pa.Array:
    """Numbers of lines over all inputs, from 0."""
    before = pa.array(bases, pa.int64()).take(batch.column(input_name))
    return pc.subtract(pc.add(before, batch.column(line)), 1)
