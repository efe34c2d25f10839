"""Floor 3: the records of staged files, for tables that keep files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa

from flowparse.ingesting.staged import Staged
from flowparse.writing.partition import DEFAULT_PARTITION

__all__ = ["read_rows"]

_FOLDER_TYPES: Final[dict[str, Any]] = {"day": pa.date32(), "hour": pa.int32()}


def read_rows(staged: Staged) -> pa.RecordBatchReader:
    """The records of a unit as a stream that any table format takes.

    Parameters
    ----------
    staged : Staged
        With one file at least.

    Returns
    -------
    pyarrow.RecordBatchReader
        Text without dictionaries, times in microseconds; what the names of folders say is a
        column: `day` a date, `hour` an int32, `account` and `region` text.
    """
    import pyarrow.parquet as pq  # here, because most runs need none of it

    folders = [_read_folder(staged.name_of(file)) for file in staged.files]
    first = pq.read_schema(staged.files[0].path)
    own = [field.with_type(_plain_type(field.type)) for field in first]
    extra = [pa.field(key, _FOLDER_TYPES.get(key, pa.string())) for key in folders[0]]
    schema = pa.schema([*own, *extra])

    def batches() -> Iterator[pa.RecordBatch]:
        for file, folder in zip(staged.files, folders, strict=True):
            with pq.ParquetFile(file.path, pre_buffer=False) as parquet:
                for batch in parquet.iter_batches():
                    yield _complete(batch, folder, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _read_folder(name: str) -> dict[str, Any]:
    """Keys and values of the folders of a file."""
    values: dict[str, Any] = {}
    for part in name.split("/")[:-1]:
        key, _, text = part.partition("=")
        values[key] = None if text == DEFAULT_PARTITION else _READ.get(key, str)(unquote(text))
    return values


_READ: Final[dict[str, Any]] = {"day": date.fromisoformat, "hour": int}


def _plain_type(type_: Any) -> Any:
    if pa.types.is_dictionary(type_):
        return type_.value_type
    return pa.timestamp("us", tz=type_.tz) if pa.types.is_timestamp(type_) else type_


def _complete(batch: pa.RecordBatch, folder: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """The batch in the types of the schema, with a column for each folder."""
    n = batch.num_columns
    own = [c.cast(f.type) for c, f in zip(batch.columns, list(schema)[:n], strict=True)]
    extra = [pa.repeat(pa.scalar(folder[f.name], f.type), batch.num_rows) for f in list(schema)[n:]]
    return pa.RecordBatch.from_arrays([*own, *extra], schema=schema)
