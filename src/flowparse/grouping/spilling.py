"""Floor 3: groups that memory does not hold, in files of a folder of their own.

Each spill writes what is held, a file a part. The part follows from the key, so the groups of one
part are put together without a look at any other.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.grouping.held import Held
from flowparse.grouping.spec import How, Key, Measure

__all__ = ["PARTS", "Spill", "merging"]

#: A table that is spilled is put together again in so many pieces.
PARTS: Final = 32
_ROWS: Final = 1 << 16
#: What puts partial measures together; all others are their own.
_AGAIN: Final[dict[str, How]] = {"count": "sum", "valid": "sum", "minutes": "or"}


class Spill:
    """Files of groups, by part.

    Parameters
    ----------
    folder : path or None
        Where a folder for the files is made; None is the system's for such things. It is removed
        with this object, or when the interpreter ends.
    """

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self._path = Path(tempfile.mkdtemp(prefix="flowparse-groups-", dir=folder))
        self._files: list[list[Path]] = [[] for _ in range(PARTS)]
        self._others: list[Spill] = []
        self._close = weakref.finalize(self, shutil.rmtree, self._path, ignore_errors=True)
        self._spills = 0

    def write(self, held: Held, turn: int) -> None:
        """All groups of a table, their columns named by place."""
        self._spills += 1
        parts = held.parts(PARTS, turn)
        writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        try:
            at = 0
            for batch in held.batches(_ROWS):
                plain = _plain(batch, len(held.keys))
                of_rows = parts.slice(at, batch.num_rows)
                at += batch.num_rows
                for part, rows in _by_part(plain, of_rows):
                    if part not in writers:
                        writers[part] = self._open(part, plain.schema)
                    writers[part].write_batch(rows)
        finally:
            for writer in writers.values():
                writer.close()

    def _open(self, part: int, schema: pa.Schema) -> pa.ipc.RecordBatchStreamWriter:
        path = self._path / f"{self._spills}-{part}.arrows"
        self._files[part].append(path)
        return pa.ipc.new_stream(str(path), schema)

    def read(self, part: int) -> Iterator[pa.RecordBatch]:
        """What was written of a part."""
        for path in self._files[part]:
            with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
                yield from stream
        for other in self._others:
            yield from other.read(part)

    def adopt(self, other: Spill) -> None:
        """Hold another's files, too."""
        self._others.append(other)

    def close(self) -> None:
        """Remove the files."""
        self._close()


def merging(
    keys: tuple[Key, ...], measures: tuple[Measure, ...]
) -> tuple[list[Key], list[Measure]]:
    """Keys and measures that put spilled groups together."""
    again = [
        Measure(_AGAIN.get(one.how, one.how), f"m{i}", f"m{i}") for i, one in enumerate(measures)
    ]
    return [Key(f"k{i}") for i in range(len(keys))], again


def _plain(batch: pa.RecordBatch, n_keys: int) -> pa.RecordBatch:
    """Without dictionaries: a stream has one for all its batches."""
    columns = [
        array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        for array in batch.columns
    ]
    names = [f"k{i}" for i in range(n_keys)] + [f"m{i}" for i in range(len(columns) - n_keys)]
    return pa.RecordBatch.from_arrays(columns, names)


def _by_part(batch: pa.RecordBatch, parts: pa.UInt8Array) -> Iterator[tuple[int, pa.RecordBatch]]:
    order = pc.sort_indices(parts)
    sorted_batch, sorted_parts = batch.take(order), parts.take(order)
    ends = pc.run_end_encode(sorted_parts)
    begin = 0
    for part, end in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
        yield part, sorted_batch.slice(begin, end - begin)
        begin = end
