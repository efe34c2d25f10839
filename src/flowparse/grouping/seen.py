"""Floor 3: records that came before, so that a delivery that came twice counts once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.grouping.columns import key_column
from flowparse.grouping.fold import Prelude

__all__ = ["Once", "Seen"]

#: Of the saved form; another one, should hashes ever be made in another way.
_MAGIC: Final = b"flowparse seen 1\n"


class Seen:
    """A set of records, by hashes of 96 bits of all the columns that are named.

    A record takes 16 bytes in tables that are a half to three quarters full: 21 to 32 bytes of
    memory, beside 16 KiB for all. Two different records have one hash, so that the
    second is taken for the first, with a probability of 1 in 10^11 for all of a billion records.
    (Hashes of 64 bits would do so once in 37 times.) Nobody can choose records to do so without
    knowing the seed, which is random, and saved along.

    Parameters
    ----------
    columns : sequence of str
        Equal in all of these, two records are one. Text is equal by its bytes, whether it comes
        as text or as a dictionary; numbers and times are by their value in the first batch's
        unit; null is equal to null.
    time : str, optional
        One of them, a time: its hour is kept with each record, for `forget`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowparse.grouping import Seen
    >>> seen = Seen(["srcaddr", "bytes"])
    >>> batch = pa.record_batch({"srcaddr": ["10.0.0.1", None, "10.0.0.1"], "bytes": [1, 1, 1]})
    >>> seen.add(batch).to_pylist()
    [True, True, False]
    >>> Seen.from_buffer(seen.to_buffer()).add(batch).to_pylist()
    [False, False, False]
    """

    def __init__(self, columns: Sequence[str], time: str | None = None) -> None:
        if not columns or (time is not None and time not in columns):
            raise ValueError(f"columns: expected names, {time!r} among them, got {columns!r}")
        self.columns = tuple(columns)
        self.time = time
        self._seed = secrets.randbits(64)
        self._types: pa.Schema | None = None
        self._rows: _core.SeenRows | None = None

    def add(self, batch: pa.RecordBatch) -> pa.BooleanArray | None:
        """Take the rows of a batch, and tell which of them are new.

        Returns
        -------
        pyarrow.BooleanArray or None
            One value a row, never null; None where all of them are new.

        Raises
        ------
        ValueError
            A column is of a type that has no hash, or cannot be cast to that of the first batch.
        """
        batch.validate()
        schema = self._types or pa.schema([batch.schema.field(name) for name in self.columns])
        cores = [key_column(f.name, f.type, every=False) for f in schema]
        if self._rows is None:
            kinds = [core.kind for core in cores]
            self._types, self._rows = schema, _core.SeenRows(kinds, self._seed)
        arrays = [
            core.encode(batch.column(name)) for name, core in zip(self.columns, cores, strict=True)
        ]
        buffer, n = self._rows.add(arrays, self._hours(batch), batch.num_rows)
        if n == batch.num_rows:
            return None
        return pa.Array.from_buffers(pa.bool_(), batch.num_rows, [None, buffer], 0)

    def _hours(self, batch: Any) -> Any:
        if self.time is None:
            return None
        times = batch.column(self.time)
        if not pa.types.is_integer(times.type):
            times = times.cast(pa.timestamp("s", getattr(times.type, "tz", None)), safe=False)
        return pc.divide(times.cast(pa.int64()), 3600)

    def __len__(self) -> int:
        return 0 if self._rows is None else len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the set takes."""
        return 0 if self._rows is None else self._rows.nbytes

    def forget(self, before: int) -> None:
        """Drop the records whose hour has ended by then; those without a time stay.

        Parameters
        ----------
        before : int
            Seconds since 1970.
        """
        if self._rows is not None:
            self._rows.forget(before // 3600)

    def to_buffer(self) -> pa.Buffer:
        """The whole set, to be saved: 16 bytes a record, and its columns, types and seed.

        Whoever can read it can make records that are taken for others: keep it as private as
        the logs.
        """
        types = self._types or pa.schema([])
        about = {"columns": self.columns, "time": self.time, "seed": self._seed}
        about["types"] = types.serialize().to_pybytes().hex()
        head = _MAGIC + json.dumps(about).encode() + b"\n"
        rows = b"" if self._rows is None else self._rows.save().to_pybytes()
        return pa.py_buffer(head + rows)

    @classmethod
    def from_buffer(cls, buffer: Any) -> Self:
        """The set that `to_buffer` gave.

        Raises
        ------
        ValueError
            It is not one, or not whole.
        """
        data = pa.py_buffer(buffer)
        whole = data.to_pybytes()
        end = whole.find(b"\n", len(_MAGIC)) + 1
        if not whole.startswith(_MAGIC) or not end or (len(whole) - end) % 16:
            raise ValueError("these bytes are no set of seen records, or not all of it")
        about = json.loads(whole[len(_MAGIC) : end])
        found = cls(about["columns"], about["time"])
        found._seed = about["seed"]
        types = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(about["types"])))
        if len(types):
            kinds = [key_column(f.name, f.type, every=False).kind for f in types]
            found._types, found._rows = types, _core.SeenRows(kinds, found._seed)
            found._rows.load(data.slice(end))
        return found


class Once(Prelude):
    """The prelude of a pass that lets each record through once.

    Parameters
    ----------
    seen : Seen
        What came before, from another pass perhaps.

    Attributes
    ----------
    dropped : int
        Records that were there before.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.dropped = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that make a record the same."""
        return self.seen.columns

    def choose(self, batch: pa.RecordBatch) -> pa.BooleanArray | None:
        """The rows that are new, or None for all."""
        fresh = self.seen.add(batch)
        if fresh is not None:
            self.dropped += batch.num_rows - fresh.true_count
        return fresh
