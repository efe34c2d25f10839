"""Floor 3: what a query holds before it reads. It can read as often as it likes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from flowparse.scanning.scan import FlowScan

__all__ = ["FlowScanner", "take_rows"]


class FlowScanner:
    r"""Columns of the records that pass a filter, not read yet. Made by `FlowDataset.scanner`.

    It has the methods of `pyarrow.dataset.Scanner`. Each of them is a pass of its own: what was
    read once is not kept.

    Attributes
    ----------
    projected_schema : pyarrow.Schema
        Of what comes out.
    dataset_schema : pyarrow.Schema
        Of the dataset.

    Examples
    --------
    >>> import flowparse
    >>> import pyarrow.compute as pc
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n2 192.0.2.2 22\n"
    >>> scanner = flowparse.dataset(log).scanner(["srcaddr"], filter=pc.field("dstport") == 22)
    >>> scanner.count_rows(), scanner.to_table().to_pylist()
    (1, [{'srcaddr': '192.0.2.2'}])
    """

    def __init__(self, scan: FlowScan, counting: FlowScan, dataset_schema: pa.Schema) -> None:
        self._scan = scan
        self._counting = counting
        self.dataset_schema = dataset_schema

    @property
    def projected_schema(self) -> pa.Schema:
        """Of what comes out."""
        return self._scan.schema

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, in the records' order, read as they are asked for."""
        return self._scan()

    def scan_batches(self) -> Iterator[Any]:
        """Refused: batches here belong to no fragment.

        Raises
        ------
        NotImplementedError
            Always; `to_batches` has the batches.
        """
        raise NotImplementedError(
            "scan_batches tells the fragment of each batch, and a batch of flow logs may hold "
            'many small objects: use to_batches, with the column "source" where it matters'
        )

    def to_reader(self) -> pa.RecordBatchReader:
        """The batches as a stream. Nothing is read before the first is asked for."""
        return pa.RecordBatchReader.from_batches(self._scan.schema, self._scan())

    def to_table(self) -> pa.Table:
        """All of it. The counts are in the schema's metadata, under `flowparse`."""
        return self._scan.read_table()

    def count_rows(self) -> int:
        """How many rows come out; only the columns of the filter are made."""
        return sum(batch.num_rows for batch in self._counting())

    def head(self, num_rows: int) -> pa.Table:
        """The first rows, and not much more is read than they need.

        Raises
        ------
        ValueError
            A number below 0.
        """
        if num_rows < 0:
            raise ValueError(f"head: expected 0 rows or more, got {num_rows}")
        taken: list[pa.RecordBatch] = []
        lacking = num_rows
        batches = self._scan()
        while lacking > 0 and (batch := next(batches, None)) is not None:
            taken.append(batch.slice(0, lacking))
            lacking -= taken[-1].num_rows
        batches.close()  # type: ignore[attr-defined]
        return pa.Table.from_batches(taken, schema=self._scan.schema)

    def take(self, indices: Any) -> pa.Table:
        """The rows of these numbers, from 0, in the order given; a number may come twice.

        Raises
        ------
        IndexError
            There is no such row.
        """
        return take_rows(self._scan, pa.array(indices).cast(pa.int64()).to_pylist())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A new stream of the batches."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        scan = self._scan
        return f"<flowparse.FlowScanner of {len(scan.sources)} sources: {scan.schema.names}>"


def take_rows(scan: FlowScan, numbers: list[int]) -> pa.Table:
    """Rows by their numbers; only those are held. Reading ends at the last of them."""
    wanted = sorted(set(numbers))
    if wanted and wanted[0] < 0:
        raise IndexError(f"take: there is no row {wanted[0]}")
    held: list[pa.RecordBatch] = []
    begin = at = 0
    batches = scan()
    while at < len(wanted) and (batch := next(batches, None)) is not None:
        first = at
        while at < len(wanted) and wanted[at] < begin + batch.num_rows:
            at += 1
        if at > first:
            held.append(batch.take(pa.array([n - begin for n in wanted[first:at]], pa.int64())))
        begin += batch.num_rows
    batches.close()  # type: ignore[attr-defined]
    if at < len(wanted):
        raise IndexError(f"take: there is no row {wanted[at]}: there are {begin}")
    place = {number: row for row, number in enumerate(wanted)}
    table = pa.Table.from_batches(held, schema=scan.schema)
    return table.take(pa.array([place[number] for number in numbers], pa.int64()))
