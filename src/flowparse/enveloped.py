"""Floor 2: what the lines of an envelope are, for the rows and rejects that come of them.

The core counts lines of text and knows no events. Where a column or a filter asks for what an
envelope says, the core gives the line instead, a batch at a time, and it is looked up here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.filters import Condition, number_test, text_test
from flowparse.operands import FALSE, TRUE, Term, lines_term
from flowparse.schema import REQUESTED_COLUMNS
from flowparse.sources import EventLines

__all__ = ["Enveloped"]

#: Lines that wait for their rows at most: a filter may let few of them through.
_HELD_LINES: Final = 1 << 18
_LINE: Final = pa.field("line", pa.int64())


class Enveloped:
    """The lines of one source of events that are with the core, or have rows there."""

    def __init__(self) -> None:
        self._held: list[EventLines] = []
        self._n_held = 0

    @property
    def is_full(self) -> bool:
        """Whether rows must be taken out before more lines come."""
        return self._n_held >= _HELD_LINES

    def take(self, lines: EventLines) -> None:
        """The lines of the piece that the core gets next."""
        self._held.append(lines)
        self._n_held += len(lines.numbers)

    def forget(self, *, but_last: bool = False) -> None:
        """No rows or rejects wait: of any line, or of any but those of the last piece."""
        self._held = self._held[-1:] if but_last else []
        self._n_held = sum(len(lines.numbers) for lines in self._held)

    def number_of(self, line: int) -> int:
        """The number of a line's event."""
        for lines in reversed(self._held):
            if line >= lines.first_line:
                return lines.numbers[line - lines.first_line]
        raise LookupError(f"line {line} is not held")  # pragma: no cover

    def renumber(self, raw: pa.RecordBatch) -> pa.RecordBatch:
        """Rejects of the core's, told by event; there is no byte offset."""
        numbers = [self.number_of(line) for line in raw["line"].to_pylist()]
        arrays = dict(zip(raw.schema.names, raw.columns, strict=True))
        arrays["line"] = pa.array(numbers, pa.int64())
        arrays["byte_offset"] = pa.nulls(len(numbers), pa.int64())
        return pa.RecordBatch.from_arrays(list(arrays.values()), schema=raw.schema)

    def fill(
        self,
        export: Callable[[pa.Schema], pa.RecordBatch],
        schema: pa.Schema,
        places: Iterable[int],
    ) -> pa.RecordBatch:
        """A batch in which columns have what the envelope says.

        Parameters
        ----------
        export : callable
            Gives the batch, with the line in those columns.
        schema : pyarrow.Schema
            As it shall be.
        places : iterable of int
            Those columns.
        """
        fields = list(schema)
        for place in places:
            fields[place] = _LINE
        batch = export(pa.schema(fields))
        columns = batch.columns
        index: Any = None
        for place in places:
            if index is None:
                index = pc.subtract(columns[place], self._held[0].first_line if self._held else 0)
            columns[place] = self._values(schema.names[place]).take(index)
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def _values(self, name: str) -> pa.Array:
        """What a column has for each line held."""
        type_ = REQUESTED_COLUMNS[name].type
        if name == "line":
            parts = [pa.array(lines.numbers, pa.int64()) for lines in self._held]
        elif name == "export_timestamp":
            parts = [pa.array(lines.timestamps, pa.int64()) for lines in self._held]
        else:
            return self._names(0 if name == "log_group" else 1)
        return pa.concat_arrays([pa.array([], pa.int64()), *parts]).cast(type_)

    def _names(self, which: int) -> pa.Array:
        codes: dict[str, int] = {}
        of_lines: list[int | None] = []
        for lines in self._held:
            for *names, n in lines.streams:
                name = names[which]
                code = None if name is None else codes.setdefault(name, len(codes))
                of_lines += [code] * n
        return pa.DictionaryArray.from_arrays(
            pa.array(of_lines, pa.int32()), pa.array(list(codes), pa.string())
        )

    def line_term(self, condition: Condition) -> Term:
        """The lines of the last piece for which a condition on the envelope holds."""
        if not self._held:
            return FALSE
        lines = self._held[-1]
        if condition.column == "line":
            test = number_test(condition)
            held = [test(number) for number in lines.numbers]
        elif condition.column == "export_timestamp":
            test = number_test(condition)
            held = [test(timestamp) for timestamp in lines.timestamps]
        else:
            which = 0 if condition.column == "log_group" else 1
            held = []
            for *names, n in lines.streams:
                held += [text_test(condition, names[which])] * n
        if all(held):
            return TRUE
        return lines_term([lines.first_line + at for at, is_held in enumerate(held) if is_held])
