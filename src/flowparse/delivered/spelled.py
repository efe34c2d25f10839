"""Floor 2: values that are text where a number or an address is meant, judged by the core.

So there is one meaning of a number, a time and an address. Only distinct values come here; they
go through the core as the lines of a log, a number before each so that none is taken for a header.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.schema import REQUESTED_COLUMNS, Column, check_of, field_column

__all__ = ["Spelled", "Spelling", "row_numbers"]

#: What would end a token, or be no token: none of it is in a number or an address.
_NO_TOKEN: Final = r"^$|[ \t\r\n]"
_NOT_ONE: Final = "x"
_FIRST: Final = ("n", 0, 0)
_LINE: Final = REQUESTED_COLUMNS["line"]


class Spelled(NamedTuple):
    """What distinct texts mean.

    Attributes
    ----------
    values : pyarrow.Int64Array
        Null for `-`, and for what is no value.
    reasons : pyarrow.Int32Array or None
        The core's code of what is wrong with each, 0 for nothing; None where nothing is wrong.
    """

    values: pa.Array
    reasons: pa.Array | None


class Spelling:
    """Judges texts. It serves one thread."""

    def __init__(self) -> None:
        self._parser: _core.Parser | None = None

    def numbers(self, texts: pa.StringArray, field: str) -> Spelled:
        """What texts without nulls mean in a field of numbers or times.

        Parameters
        ----------
        texts : pyarrow.StringArray
        field : str
            Its AWS name. ISO times come out as milliseconds since the epoch.
        """
        requested = REQUESTED_COLUMNS.get(field.replace("-", "_"))
        column = requested or field_column(field, "aws")
        kept, rejects = self._run(texts, field, column, None)
        values, lines = kept.column(0).cast(pa.int64()), kept.column(1)
        if rejects.num_rows == 0:
            return Spelled(values.combine_chunks(), None)
        rows = row_numbers(0, len(texts))
        reasons = rejects["reason"].take(pc.index_in(rows, rejects["line"])).fill_null(0)
        spelled = values.take(pc.index_in(rows, lines))
        return Spelled(spelled.combine_chunks(), _as_number(reasons.combine_chunks()))

    def in_networks(self, texts: pa.StringArray, term: Sequence[Any]) -> pa.BooleanArray:
        """Whether texts without nulls are addresses in the networks of a term."""
        one = (0, *term[:2], 1, *term[3:])
        kept, _ = self._run(texts, "x", field_column("x", "aws"), [one])
        return pc.is_in(row_numbers(0, len(texts)), value_set=kept["line"])

    def _run(
        self, texts: pa.StringArray, field: str, column: Column, terms: Any
    ) -> tuple[pa.Table, pa.Table]:
        """The lines that the core keeps, value and number of each, and those it rejects."""
        layout = _core.Layout([_FIRST, (field, *check_of(field))], _targets(column), terms)
        schema = pa.schema([("value", column.type), ("line", pa.int64())])
        parser = self._parser = self._parser or _core.Parser()
        kept: list[pa.RecordBatch] = []
        rejects: list[pa.RecordBatch] = []
        event, _ = parser.take(b"", _lines_of(texts), None, None)
        while True:
            if event == _core.EVENT_FIRST_LINE:
                parser.use(layout, False)
            elif event == _core.EVENT_INPUT:
                parser.finish(True)
            if parser.rejects:
                rejects.append(parser.export_rejects())
            if parser.rows and event in (_core.EVENT_BATCH, _core.EVENT_END):
                kept.append(parser.export(schema))
            if event == _core.EVENT_END:
                break
            event = parser.step()
        return (
            pa.Table.from_batches(kept, schema=schema),
            pa.Table.from_batches(rejects, schema=_core.REJECT_SCHEMA),
        )


def row_numbers(before: int, n: int) -> pa.Int64Array:
    """Numbers of the rows after so many, from 1."""
    ones = pa.repeat(pa.scalar(1, pa.int64()), n)
    return pc.cumulative_sum(ones, start=pa.scalar(before, pa.int64()))


def _targets(column: Column) -> list[tuple[int, int]]:
    return [(column.kind, 1), (_LINE.kind, -1)]


def _lines_of(texts: pa.StringArray) -> bytes:
    unfit = pc.match_substring_regex(texts, _NO_TOKEN)
    tokens = pc.if_else(unfit, _NOT_ONE, texts) if pc.any(unfit).as_py() else texts
    lines = pc.binary_join_element_wise("0", tokens, " ")
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    return bytes(pc.binary_join(whole, "\n").cast(pa.binary())[0].as_py())


def _as_number(reasons: pa.Array) -> pa.Array:
    """A value of over 64 KiB is no line that is too long: it is not a number."""
    bad = pc.not_equal(reasons, _core.REASONS.index("out-of-range"))
    wrong = pc.and_(bad, pc.greater(reasons, 0))
    return pc.if_else(wrong, pa.scalar(NOT_A_NUMBER, pa.int32()), reasons)


NOT_A_NUMBER: Final = _core.REASONS.index("not-a-number")
