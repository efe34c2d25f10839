"""Floor 3: a table of groups that rows are added to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from flowparse.grouping.held import Held
from flowparse.grouping.spec import Key, Measure
from flowparse.grouping.spilling import PARTS, Spill, merging

__all__ = ["Groups"]

_ROWS: Final = 1 << 20
#: A part that is too large is spilled in parts again, so many times: 32^4 parts are enough.
_TURNS: Final = 4


class Groups:
    """Rows by key, in the native core.

    Some 50 bytes a group, 8 more a measure beyond the first, and the text of keys that is not
    IPv4, each value once.

    Parameters
    ----------
    keys : sequence of Key
        At most 32. Numbers, times, bool, text (utf8 or binary) or a dictionary of these. Without
        a key, all rows are one group.
    measures : sequence of Measure
        At most 32.
    memory_bytes : int, optional
        For more groups than memory holds: they are written to files once they take half of this
        (they may double while a batch is added), and put together again when they are asked
        for, a 32nd at a time. None: they stay in memory.
    spill_folder : path, optional
        Where a folder for these files is made; None is the system's. It is removed with the
        groups, or when the interpreter ends; only a killed process leaves it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.grouping import Groups, Key, Measure
    >>> groups = Groups([Key("srcaddr")], [Measure("sum", "bytes", "bytes")])
    >>> groups.add(pa.record_batch({"srcaddr": ["10.0.0.1", None, "10.0.0.1"], "bytes": [1, 2, 3]}))
    >>> groups.top("bytes", 1).to_pylist()
    [{'srcaddr': '10.0.0.1', 'bytes': 4}]
    """

    def __init__(
        self,
        keys: Sequence[Key],
        measures: Sequence[Measure],
        *,
        memory_bytes: int | None = None,
        spill_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        if memory_bytes is not None and memory_bytes < 1:
            raise ValueError(f"memory_bytes: expected 1 or more, got {memory_bytes}")
        self.keys = tuple(keys)
        self.measures = tuple(measures)
        self.memory_bytes = memory_bytes
        self.spill_folder = spill_folder
        self._held = Held(self.keys, self.measures)
        self._spill: Spill | None = None
        self._schema: pa.Schema | None = None
        self._turn = 0

    def fresh(self) -> Groups:
        """Empty ones with the same keys, measures and bounds."""
        return Groups(
            self.keys,
            self.measures,
            memory_bytes=self.memory_bytes,
            spill_folder=self.spill_folder,
        )

    # ------------------------------------------------------------ rows

    def add(self, batch: pa.RecordBatch, where: pa.BooleanArray | None = None) -> None:
        """Take rows: those for which `where` is true, or all.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
            Its types are those of the first batch, or can be cast to them.
        where : pyarrow.BooleanArray, optional
            One value a row; null is false.

        Raises
        ------
        ValueError
            A column's type cannot be grouped by or measured so, or an array contradicts itself.
            Nothing was taken.
        OverflowError
            Groups were to be spilled, and a sum does not fit in int64.
        """
        self._held.add(batch, where)
        self._bound()

    def number(self, batch: pa.RecordBatch, where: pa.BooleanArray | None = None) -> pa.UInt32Array:
        """The same, and tell each row's group.

        Returns
        -------
        pyarrow.UInt32Array
            The place of the group in `table()`; null where `where` is not true.

        Raises
        ------
        ValueError
            As `add`; or the groups may be spilled, and then have no places.
        """
        if self.memory_bytes is not None:
            raise ValueError("groups with memory_bytes have no numbers: they may be spilled")
        return self._held.number(batch, where)

    def absorb(self, other: Groups) -> None:
        """Take the groups of another with the same keys and measures, and leave it empty.

        Raises
        ------
        ValueError
            The other's columns have other types.
        OverflowError
            As `add`.
        """
        schema, theirs = self._known(), other._known()
        if schema is not None and theirs is not None and not schema.equals(theirs):
            raise ValueError(f"groups of {schema} cannot take in those of {theirs}")
        if other._spill is not None:
            other._spill_held()
            if self._spill is None:
                self._spill = other._spill
            else:
                self._spill.adopt(other._spill)
            self._schema, other._spill = theirs, None
        self._held.absorb(other._held)
        self._bound()

    def _bound(self) -> None:
        if self.memory_bytes is None or self._turn == _TURNS:
            return
        if 2 * self._held.nbytes > self.memory_bytes and len(self._held) > 1:
            self._spill_held()

    def _spill_held(self) -> None:
        if len(self._held) == 0:
            return
        if self._spill is None:
            self._spill = Spill(self.spill_folder)
        self._spill.write(self._held, self._turn)
        self._schema = self._held.schema()
        self._held = self._held.emptied()

    # ------------------------------------------------------------ groups

    def __len__(self) -> int:
        """Of groups that were spilled all are read again."""
        return sum(len(part) for part in self._parts())

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the groups take."""
        return self._held.nbytes

    def table(self) -> pa.Table:
        """One row a group, in no order: the keys, then the measures.

        Raises
        ------
        OverflowError
            The sum of a group does not fit in int64; `total` and `top` still count it in full.
        ValueError
            No batch was added, so the types are not known.
        """
        return pa.Table.from_batches([*self.batches()], self._schema_of())

    def batches(self, rows: int = _ROWS) -> Iterator[pa.RecordBatch]:
        """The same in parts of at most `rows` rows.

        Raises
        ------
        OverflowError, ValueError
            As `table`.
        """
        schema = self._schema_of()
        for part in self._parts():
            found = part.batches(rows)
            yield from found if part is self._held else (_shaped(b, schema) for b in found)

    def top(self, measure: str, limit: int) -> pa.Table:
        """The groups with the largest measure, without a table of all.

        Parameters
        ----------
        measure : str
            Name of one of the measures.
        limit : int
            So many groups at most.

        Returns
        -------
        pyarrow.Table
            As `table`, the largest first. Among equals those whose keys are less, key after key;
            text by its bytes, and null after all others.

        Raises
        ------
        ValueError
            There is no such measure, or `limit` is negative.
        """
        if self._spill is None:
            return self._held.top(measure, limit)
        place = self._held.place(measure)
        winners = Held(*merging(self.keys, self.measures))
        for part in self._parts():
            for batch in part.top(f"m{place}", limit).to_batches():
                winners.add(batch)
        schema = self._schema_of()
        found = winners.top(f"m{place}", limit).to_batches()
        return pa.Table.from_batches([_shaped(batch, schema) for batch in found], schema)

    def total(self, measure: str) -> int:
        """The sum of a measure over all groups, however large; nulls are left out."""
        if self._spill is None:
            return self._held.total(measure)
        place = self._held.place(measure)
        return sum(part.total(f"m{place}") for part in self._parts())

    def _parts(self) -> Iterator[Held | Groups]:
        """Tables that are all of it together; no group is in two of them."""
        if self._spill is None:
            yield self._held
            return
        self._spill_held()
        for number in range(PARTS):
            part = Groups(
                *merging(self.keys, self.measures),
                memory_bytes=self.memory_bytes,
                spill_folder=self.spill_folder,
            )
            part._turn = self._turn + 1
            empty = True
            for batch in self._spill.read(number):
                part.add(batch)
                empty = False
            if not empty:
                yield part

    def _known(self) -> pa.Schema | None:
        return self._schema if self._spill is not None else self._held.known_schema()

    def _schema_of(self) -> pa.Schema:
        return self._held.schema() if self._schema is None else self._schema


def _shaped(batch: Any, schema: pa.Schema) -> pa.RecordBatch:
    """With the names and types of what was spilled."""
    columns = [
        array.dictionary_encode() if pa.types.is_dictionary(field.type) else array
        for array, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
