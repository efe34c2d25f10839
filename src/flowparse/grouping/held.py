"""Floor 3: a table of groups in memory of the native core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from flowparse import _core
from flowparse.grouping.columns import CoreColumn, key_column, measure_column, units_of
from flowparse.grouping.spec import Key, Measure

__all__ = ["Held"]

_HOW: Final = {
    "count": _core.COUNT,
    "valid": _core.VALID,
    "sum": _core.SUM,
    "min": _core.MIN,
    "max": _core.MAX,
    "or": _core.OR,
    "minutes": _core.MINUTES,
}
_ROWS: Final = 1 << 20
_COUNTED: Final = CoreColumn(_core.KEY_INT64, pa.int64(), pa.int64())


@dataclass(frozen=True, slots=True)
class _Plan:
    """The types of a table, which its first batch decides."""

    keys: tuple[CoreColumn, ...]
    measures: tuple[CoreColumn, ...]


class Held:
    """What `Groups` says, for groups that memory holds."""

    def __init__(self, keys: Sequence[Key], measures: Sequence[Measure]) -> None:
        self.keys = tuple(keys)
        self.measures = tuple(measures)
        self._plan: _Plan | None = None
        self._table: _core.GroupTable | None = None

    def add(self, batch: pa.RecordBatch, where: pa.BooleanArray | None = None) -> None:
        """As `Groups.add`."""
        self._add(batch, where, numbered=False)

    def number(self, batch: pa.RecordBatch, where: pa.BooleanArray | None = None) -> pa.UInt32Array:
        """As `Groups.number`."""
        buffer = self._add(batch, where, numbered=True)
        found = pa.Array.from_buffers(pa.uint32(), batch.num_rows, [None, buffer])
        return found if where is None else pa.compute.if_else(where, found, None)

    def absorb(self, other: Held) -> None:
        """As `Groups.absorb`."""
        if other._table is None:
            return
        if self._table is None:
            self._plan, self._table = other._plan, other._table
        elif self._plan == other._plan:
            self._table.absorb(other._table)
        else:
            raise ValueError(f"groups of {self._plan} cannot take in those of {other._plan}")
        other._plan = other._table = None

    def __len__(self) -> int:
        return 0 if self._table is None else len(self._table)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the groups take."""
        return 0 if self._table is None else self._table.nbytes

    def batches(self, rows: int = _ROWS) -> Iterator[pa.RecordBatch]:
        """As `Groups.batches`."""
        schema = self.schema()
        values = self._dictionaries()
        for first in range(0, len(self), rows):
            n = min(rows, len(self) - first)
            for columns in self._columns({"first": first, "n": n}, values):
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def top(self, measure: str, limit: int) -> pa.Table:
        """As `Groups.top`."""
        place = self.place(measure)
        if limit < 0:
            raise ValueError(f"limit: expected 0 or more, got {limit}")
        schema = self.schema()
        assert self._table is not None
        ids = self._table.top(place, min(limit, len(self)))
        parts = self._columns({"ids": ids}, self._dictionaries())
        batches = [pa.RecordBatch.from_arrays(columns, schema=schema) for columns in parts]
        return pa.Table.from_batches(batches, schema)

    def total(self, measure: str) -> int:
        """As `Groups.total`."""
        place = self.place(measure)
        return 0 if self._table is None else self._table.total(place)

    def emptied(self) -> Held:
        """An empty one of the same types."""
        found = Held(self.keys, self.measures)
        if self._plan is not None:
            found._plan, found._table = self._plan, self._make_table(self._plan)
        return found

    def known_schema(self) -> pa.Schema | None:
        """The schema, if a batch has decided it."""
        return None if self._plan is None else self.schema()

    def parts(self, n_parts: int, turn: int) -> pa.UInt8Array:
        """The part that each group belongs to by its key, as in any other table."""
        assert self._table is not None
        buffers = [None, self._table.part(n_parts, turn)]
        return pa.Array.from_buffers(pa.uint8(), len(self), buffers)

    def place(self, measure: str) -> int:
        """Where a measure stands among the measures."""
        names = [one.name for one in self.measures]
        if measure not in names:
            raise ValueError(f"no measure {measure!r}; there are {', '.join(names)}")
        return names.index(measure)

    def _add(self, batch: Any, where: Any, *, numbered: bool) -> Any:
        batch.validate()  # offsets against buffers, which the core cannot see
        if where is not None and len(where) != batch.num_rows:
            raise ValueError(f"where has {len(where)} rows, the batch has {batch.num_rows}")
        plan = self._plan or self._make_plan(batch.schema)
        keys = [
            core.encode(batch.column(key.column))
            for key, core in zip(self.keys, plan.keys, strict=True)
        ]
        measures = [
            _measured(one, core, batch)
            for one, core in zip(self.measures, plan.measures, strict=True)
        ]
        if self._table is None:
            self._plan, self._table = plan, self._make_table(plan)
        return self._table.add(keys, measures, where, batch.num_rows, numbered)

    def _make_plan(self, schema: pa.Schema) -> _Plan:
        keys = tuple(
            key_column(key.column, schema.field(key.column).type, every=key.every is not None)
            for key in self.keys
        )
        measures = tuple(
            _COUNTED
            if one.column is None or one.how == "valid"
            else measure_column(one.column, one.how, schema.field(one.column).type)
            for one in self.measures
        )
        return _Plan(keys, measures)

    def _make_table(self, plan: _Plan) -> _core.GroupTable:
        keys = [
            (core.kind, (key.every or 0) * units_of(core.outer))
            for key, core in zip(self.keys, plan.keys, strict=True)
        ]
        measures = [
            (_HOW[one.how], core.kind, units_of(core.outer))
            for one, core in zip(self.measures, plan.measures, strict=True)
        ]
        return _core.GroupTable(keys, measures)

    def schema(self) -> pa.Schema:
        """Of what comes out; the first batch decides it."""
        if self._plan is None:
            raise ValueError("no batch was added, so the types are not known")
        fields = [
            pa.field(key.label, core.outer)
            for key, core in zip(self.keys, self._plan.keys, strict=True)
        ]
        for one, core in zip(self.measures, self._plan.measures, strict=True):
            fields.append(
                pa.field(one.name, core.outer if one.how in ("min", "max") else pa.int64())
            )
        return pa.schema(fields)

    def _dictionaries(self) -> list[pa.Array | None]:
        assert self._plan is not None
        assert self._table is not None
        return [
            pa.array(self._table.values(i), pa.binary()).cast(core.inner.value_type)
            if core.kind == _core.KEY_CODES
            else None
            for i, core in enumerate(self._plan.keys)
        ]

    def _columns(
        self, chosen: dict[str, Any], values: list[pa.Array | None]
    ) -> Iterator[list[pa.Array]]:
        """The columns of some groups; in parts where text is too long for one array."""
        assert self._plan is not None
        assert self._table is not None
        columns = []
        for i, core in enumerate(self._plan.keys):
            found = self._table.key(i, **chosen)
            if found is None:
                for half in _halves(chosen):
                    yield from self._columns(half, values)
                return
            n = _count(chosen)
            columns.append(core.decode(found[0], n, found[1], values[i]))
        for i, (one, core) in enumerate(zip(self.measures, self._plan.measures, strict=True)):
            buffers, nulls, wide = self._table.measure(i, **chosen)
            if wide is not None:
                raise OverflowError(self._tell_wide(i, wide))
            inner = core if one.how in ("min", "max") else _COUNTED
            array = pa.Array.from_buffers(pa.int64(), _count(chosen), buffers, nulls)
            columns.append(_outer(array, inner))
        yield columns

    def _tell_wide(self, measure: int, group: int) -> str:
        assert self._plan is not None
        assert self._table is not None
        one = self.measures[measure]
        key = {}
        for i, (asked, core) in enumerate(zip(self.keys, self._plan.keys, strict=True)):
            found = self._table.key(i, first=group, n=1)
            assert found is not None
            array = core.decode(found[0], 1, found[1], self._dictionaries()[i])
            key[asked.label] = array[0].as_py()
        total = self._table.total(measure, group)
        return (
            f"column {one.name!r}: the sum of {one.column!r} is {total} for {key}, which does not "
            "fit in int64; are the values what they should be? A filter leaves such rows out"
        )


def _measured(one: Measure, core: CoreColumn, batch: Any) -> Any:
    if one.column is None:
        return None
    array = batch.column(one.column)
    if one.how != "valid":
        return core.encode(array)
    if pa.types.is_dictionary(array.type) and array.dictionary.null_count:
        array = array.dictionary_decode()
    return pa.nulls(len(array), pa.bool_()) if pa.types.is_null(array.type) else array


def _outer(array: Any, core: CoreColumn) -> pa.Array:
    if pa.types.is_temporal(core.outer):
        return array.cast(core.inner).view(core.outer)
    return array.cast(core.outer)


def _count(chosen: dict[str, Any]) -> int:
    return int(chosen["ids"].size // 4) if "ids" in chosen else int(chosen["n"])


def _halves(chosen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    n = _count(chosen)
    if n < 2:
        raise ValueError("the text of one group does not fit in an array")
    if "ids" in chosen:
        yield {"ids": chosen["ids"].slice(0, n // 2 * 4)}
        yield {"ids": chosen["ids"].slice(n // 2 * 4)}
    else:
        yield {"first": chosen["first"], "n": n // 2}
        yield {"first": chosen["first"] + n // 2, "n": n - n // 2}
