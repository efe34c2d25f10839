"""Floor 2: judged values get the type that their column has. Stage "convert"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from flowparse.delivered.keep import scaled
from flowparse.schema import Column

__all__ = ["shape_batch"]


def shape_batch(
    columns: tuple[Column, ...],
    schema: pa.Schema,
    values: Mapping[str, pa.Array],
    numbers: Callable[[], pa.Int64Array],
    source: str,
    n: int,
) -> pa.RecordBatch:
    """Rows as they are handed out.

    Parameters
    ----------
    columns : tuple of Column
    schema : pyarrow.Schema
        Of the columns.
    values : mapping of str to pyarrow.Array
        Judged columns of these rows, by the AWS name of their field. One that is not there is
        null.
    numbers : callable
        Gives the numbers of the rows.
    source : str
    n : int
        Of the rows.
    """
    if not columns:
        rows = pa.StructArray.from_buffers(pa.struct([]), n, [None])
        return pa.RecordBatch.from_struct_array(rows)
    arrays = [_column(column, values, numbers, source, n) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(
    column: Column,
    values: Mapping[str, pa.Array],
    numbers: Callable[[], pa.Int64Array],
    source: str,
    n: int,
) -> pa.Array:
    if column.name == "line" and column.field is None:
        return numbers()
    if column.name == "source" and column.field is None:
        name = source.encode("utf-8", "backslashreplace").decode()
        indices = pa.repeat(pa.scalar(0, pa.int32()), n)
        return pa.DictionaryArray.from_arrays(indices, pa.array([name], pa.string()))
    if column.field is None or column.field not in values:
        return pa.nulls(n, column.type)
    return _typed(values[column.field], column.type)


def _typed(values: pa.Array, type_: Any) -> pa.Array:
    if values.type == type_:
        return values
    if pa.types.is_timestamp(type_):
        times = scaled(values) if type_.unit == "s" else values
        return times.cast(pa.int64()).cast(type_)
    if pa.types.is_dictionary(type_):
        return values.dictionary_encode()
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values.cast(type_)
