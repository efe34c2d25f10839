"""Floor 2: columns of a row group, so many rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from flowparse.delivered.groups import DamageError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = ["GroupColumns"]


class GroupColumns:
    """Some columns of one row group, read as far as they are asked for.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
    group : int
    names : sequence of str
        Of columns in the file.
    rows : int
        At a time.
    use_threads : bool
        Columns may be decoded side by side.
    """

    def __init__(
        self,
        file: pq.ParquetFile,
        group: int,
        names: Sequence[str],
        rows: int,
        *,
        use_threads: bool,
    ) -> None:
        self._batches: Iterator[pa.RecordBatch] = file.iter_batches(
            rows, row_groups=[group], columns=list(names), use_threads=use_threads
        )
        self._left: pa.RecordBatch | None = None

    def next(self) -> pa.RecordBatch | None:
        """Rows as they come; None at the end."""
        left, self._left = self._left, None
        return next(self._batches, None) if left is None else left

    def skip(self, rows: int) -> None:
        """Pass over so many rows."""
        for _ in self._pieces(rows):
            pass

    def take(self, rows: int) -> pa.RecordBatch:
        """So many rows.

        Raises
        ------
        DamageError
            There are not as many.
        """
        pieces = list(self._pieces(rows))
        if sum(piece.num_rows for piece in pieces) < rows:
            raise DamageError("its columns are not all as long")
        if len(pieces) == 1:
            return pieces[0]
        whole = pa.Table.from_batches(pieces).combine_chunks().to_batches()
        return whole[0]

    def _pieces(self, rows: int) -> Iterator[pa.RecordBatch]:
        while rows > 0 and (batch := self.next()) is not None:
            if batch.num_rows > rows:
                batch, self._left = batch.slice(0, rows), batch.slice(rows)
            rows -= batch.num_rows
            yield batch
