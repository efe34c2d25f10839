"""Floor 4: tables as batches."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from flowparse.grouping import Groups

__all__ = ["empty_batch", "group_batches", "whole_batch"]


def empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    """No rows, so that whoever takes it knows the types."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, one.type) for one in schema], schema=schema)


def whole_batch(table: pa.Table) -> pa.RecordBatch:
    """All rows of a table as one batch."""
    batches = table.combine_chunks().to_batches()
    if len(batches) > 1:  # text of over 2 GiB does not fit in one array
        raise MemoryError(f"{table.num_rows:,} rows are too many for one answer: set filters")
    return batches[0] if batches else empty_batch(table.schema)


def group_batches(groups: Groups) -> Iterator[pa.RecordBatch]:
    """The groups; an empty batch where there are none."""
    if len(groups) == 0:
        yield empty_batch(groups.table().schema)
    yield from groups.batches()
