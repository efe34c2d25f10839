"""Floor 3: proof that written text reads back as what it was written from.

Stage "encode", its check: every block is parsed again by the core and compared. Only where
that fails is the value looked for that text cannot carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.errors import FlowparseError
from flowparse.fields import INT64_MAX
from flowparse.items import Ended
from flowparse.judge import read_header
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.parsing import SourceParser
from flowparse.request import read_request
from flowparse.schema import Column, check_of
from flowparse.sources.local import BytesSource

__all__ = ["ReadBack", "find_fault"]

#: What AWS writes where there is no value.
_NULL: Final = "-"

#: Milliseconds of the years that ISO times have, and of the farthest time zone.
_YEAR_1: Final = -62_135_596_800_000
_YEAR_10000: Final = 253_402_300_800_000
_ZONE_MAX: Final = 86_340_000

_LINE_BYTES: Final = 65536
_SHOWN: Final = 80
_NAMES: Final = r"^[a-z][a-z0-9_-]*( [a-z][a-z0-9_-]*)*$"


class ReadBack:
    """Parses blocks of text as a reader would, and compares.

    Parameters
    ----------
    log_format : LogFormat
    columns : sequence of Column
        Of the text, in AWS's types.
    """

    def __init__(self, log_format: LogFormat, columns: Sequence[Column]) -> None:
        request = read_request(log_format=log_format, schema="aws", on_reject="collect", threads=1)
        self._parser = SourceParser(request, tuple(columns))
        self._columns = columns

    def first_difference(
        self, plain: dict[str, Any], text: memoryview, header_lines: int
    ) -> int | None:
        """Row of a block that does not read back as it was written; None where all do.

        Parameters
        ----------
        plain : dict of str to Array
            The columns that the block was written from.
        text : memoryview
            The block.
        header_lines : int
            1 where a header stands in front of it, 0 where it begins a file without one.
        """
        batches: list[pa.RecordBatch] = []
        rejected: list[int] = []
        try:
            for item in self._parser.parse([BytesSource(text)]):
                if isinstance(item, pa.RecordBatch):
                    batches.append(item)
                elif isinstance(item, Ended) and item.first is not None:
                    rejected.append(item.first.line - 1 - header_lines)
        except FlowparseError:  # it would be taken for JSON or Parquet
            return 0
        differing = (self._compare(plain[c.name], batches, c) for c in self._columns)
        return min((row for row in (*rejected, *differing) if row is not None), default=None)

    def _compare(self, array: Any, batches: Sequence[pa.RecordBatch], column: Column) -> int | None:
        found = pa.chunked_array([batch.column(column.name) for batch in batches], column.type)
        if found.equals(pa.chunked_array([array])):
            return None
        n = min(len(found), len(array))
        one, other = array.slice(0, n), found.slice(0, n).combine_chunks()
        same = pc.or_kleene(pc.equal(one, other), pc.and_(one.is_null(), other.is_null()))
        rows = pc.indices_nonzero(pc.invert(same.fill_null(False)))
        return int(rows[0].as_py()) if len(rows) else n


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that text cannot carry, and why."""

    row: int
    column: str
    value: object
    why: str

    def error(self, first_row: int) -> ValueError:
        """The error that names it; rows of the data count from 0."""
        value = repr(self.value)
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        return ValueError(f"{self.column}: row {first_row + self.row}: {shown} {self.why}")


def find_fault(
    batch: pa.RecordBatch,
    columns: Sequence[Column],
    log_format: LogFormat,
    text: memoryview | None,
    *,
    differs: int,
    begins: bool,
) -> Fault:
    """The first value of a block that text cannot carry.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        As the caller gave it.
    columns : sequence of Column
    log_format : LogFormat
    text : memoryview or None
        The block's lines, if it could be encoded.
    differs : int
        A row that does not read back, for what cannot be explained better.
    begins : bool
        It begins a file without a header.
    """
    first, last = log_format.fields[0], log_format.fields[-1]
    found = [
        Fault(row, column.name, _value(array, row), why)
        for column in columns
        for array in [_decoded(batch.column(column.name))]
        for bad, why in _tests(array, column, first, last)
        for row in _first_row(bad)
    ]
    if found:
        return min(found, key=lambda fault: fault.row)
    return _find_line(batch, log_format, bytes(text or b"")) or _unexplained(batch, differs, begins)


def _decoded(array: Any) -> Any:
    """Without a dictionary, and text with offsets that no block is too large for."""
    if pa.types.is_dictionary(array.type):
        values = array.dictionary
        array = _decoded(values).take(array.indices)
    is_text = not (
        pa.types.is_timestamp(array.type)
        or pa.types.is_integer(array.type)
        or pa.types.is_null(array.type)
    )
    return array.cast(pa.large_string()) if is_text else array


def _value(array: Any, row: int) -> object:
    value = array[row]
    try:
        return value.as_py()
    except (ValueError, OverflowError):  # nanoseconds, or a year that datetime lacks
        return value.value


def _first_row(bad: Any) -> Iterator[int]:
    rows = pc.indices_nonzero(bad.fill_null(False))
    yield from islice(rows.to_pylist(), 1)


def _tests(array: Any, column: Column, first: str, last: str) -> Iterator[tuple[Any, str]]:
    """Masks of the values at fault, the narrower fault first, and what is wrong with them."""
    if pa.types.is_timestamp(array.type):
        yield from _time_tests(array, column)
    elif pa.types.is_integer(array.type):
        maximum = check_of(column.field or "")[1]
        if not pa.types.is_unsigned_integer(array.type):
            yield pc.less(array, 0), "is negative, which no line can hold"
        over = pc.greater(array.cast(pa.uint64(), safe=False), pa.scalar(maximum, pa.uint64()))
        yield over, f"is over {maximum}"
    elif not pa.types.is_null(array.type):
        yield from _text_tests(array, column.field, first, last)


def _time_tests(array: Any, column: Column) -> Iterator[tuple[Any, str]]:
    is_export = column.field == EXPORT_TIMESTAMP
    unit, words = ("ms", "millisecond") if is_export else ("s", "second")
    whole = array.cast(pa.timestamp(unit, tz=array.type.tz), safe=False)
    count = whole.cast(pa.int64())
    yield pc.not_equal(whole.cast(array.type, safe=False), array), f"is not a whole {words}"
    if is_export:
        is_early = pc.less(count, _YEAR_1 - _ZONE_MAX)
        is_late = pc.greater_equal(count, _YEAR_10000 + _ZONE_MAX)
        yield pc.or_(is_early, is_late), "is not in the years 0001 to 9999"
        return
    yield pc.less(count, 0), "is before 1970, which no line can hold"
    yield pc.greater(count, INT64_MAX // 1000), "is later than any line can say"


def _text_tests(array: Any, field: str | None, first: str, last: str) -> Iterator[tuple[Any, str]]:
    yield pc.equal(array, ""), "is empty, which a line cannot show: write null"
    yield pc.equal(array, _NULL), "would read as null"
    yield pc.match_substring_regex(array, "[ \t\n]"), "has a blank or a line break"
    if field == first:
        yield pc.starts_with(array, "\r"), "begins the line with a carriage return"
    if field == last:
        yield pc.ends_with(array, "\r"), "ends the line with a carriage return"
    yield pc.greater(pc.binary_length(array), _LINE_BYTES), "is longer than a line of 64 KiB"


def _find_line(batch: pa.RecordBatch, log_format: LogFormat, text: bytes) -> Fault | None:
    """The first line that is no record though every value by itself would do."""
    lines = pa.array(text.split(b"\n")[:-1], pa.binary())
    for row in _first_row(pc.greater(pc.binary_length(lines), _LINE_BYTES)):
        name = max(batch.schema.names, key=lambda n: len(str(_value(batch.column(n), row))))
        n_bytes = len(lines[row].as_py())
        why = f"is in a line of {n_bytes} bytes: {_LINE_BYTES} are the most"
        return Fault(row, name, _value(batch.column(name), row), why)
    for row in pc.indices_nonzero(pc.match_substring_regex(lines, _NAMES)).to_pylist():
        line = lines[row].as_py()
        if read_header(line.split(b" "), in_force=log_format) is not None:
            name = batch.schema.names[0]
            why = f"is in a line that would read as a header: {line[:_SHOWN].decode()}"
            return Fault(row, name, _value(batch.column(name), row), why)
    return None


def _unexplained(batch: pa.RecordBatch, row: int, begins: bool) -> Fault:
    name = batch.schema.names[0]
    why = "is in a line that does not read back as it was written"
    if begins and row == 0:
        why = "begins the file, which would be taken for something else: write a header"
    return Fault(row, name, _value(batch.column(name), row), why)
