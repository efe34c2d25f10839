"""Floor 3: what is to be written, as one stream of batches. Stage "gather", the other way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.items import FormatSeen, Item
from flowparse.reader import ERRORS_SCHEMA, FlowReader
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.request import Request, read_request
from flowparse.schema import Column, named_column
from flowparse.sources import Source, list_requested
from flowparse.writing.footer import COUNTS_KEY
from flowparse.writing.partition import Partition, check_time, key_columns, time_column

__all__ = ["Incoming", "PartitionedReader", "is_arrow", "open_arrow", "open_source"]


def is_arrow(data: object) -> bool:
    """Is it Arrow data, and not something to be read?"""
    return hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")


class PartitionedReader(FlowReader):
    """A reader whose batches also have the columns that folders are named after.

    Attributes
    ----------
    asked : tuple of str
        The columns that the caller wants.
    time : str or None
        The column that places the records of the batch last taken.
    """

    def __init__(
        self, sources: Sequence[Source], request: Request, partition_by: Sequence[Partition]
    ) -> None:
        self.asked: tuple[str, ...] = ()
        self.time: str | None = None
        self._partition_by = partition_by
        super().__init__(sources, request)

    def _fix_columns(self) -> tuple[Column, ...]:
        columns = super()._fix_columns()
        self.asked = tuple(column.name for column in columns)
        extra = [name for name in key_columns(self._partition_by) if name not in self.asked]
        return columns + tuple(named_column(name, self._request.schema) for name in extra)

    def _note(self, item: Item) -> None:
        super()._note(item)
        if isinstance(item, FormatSeen):
            self.time = time_column(item.log_format.columns)
            check_time(self._partition_by, self.time, item.log_format.header)
            self._note_left_out(item.log_format.columns)

    def _note_left_out(self, names: Sequence[str]) -> None:
        """A later header's column may be read for the folders, and still not be written."""
        if self._request.columns is None:
            self._left_out.update(dict.fromkeys(name for name in names if name not in self.asked))


@dataclass(frozen=True, slots=True)
class Incoming:
    """Batches on their way into files, and what is known of the lines they come from.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of every batch.
    names : tuple of str
        The columns that are to be written.
    batches : iterator of pyarrow.RecordBatch
        To be taken once.
    reader : FlowReader or None
        What reads them; None where they were there already.
    """

    schema: pa.Schema
    names: tuple[str, ...]
    batches: Iterator[pa.RecordBatch]
    reader: FlowReader | None = None

    def time(self) -> str | None:
        """The column that places the records of the batch last taken."""
        if isinstance(self.reader, PartitionedReader):
            return self.reader.time
        return time_column(self.schema.names)

    def about(self) -> bytes | None:
        """JSON of the counts and the first reject, once all batches were taken."""
        schema = self.schema if self.reader is None else self.reader.read_all().schema
        found: bytes | None = (schema.metadata or {}).get(COUNTS_KEY)
        return found

    def counts(self) -> Counts:
        """What became of the lines; zeros where the data say nothing of lines."""
        if self.reader is not None:
            return self.reader.counts
        try:
            return Counts(**json.loads(self.about() or b"")["counts"])
        except (ValueError, KeyError, TypeError):
            return Counts()

    def rejects(self) -> pa.Table:
        """The lines that are not records, if they were read now."""
        return REJECTS_SCHEMA.empty_table() if self.reader is None else self.reader.rejects

    def errors(self) -> pa.Table:
        """The sources that failed, if they were read now."""
        return ERRORS_SCHEMA.empty_table() if self.reader is None else self.reader.errors


def open_source(
    source: object, partition_by: Sequence[Partition], options: Mapping[str, Any]
) -> Incoming:
    """Flow logs as a stream of batches, with the columns that folders are named after.

    Raises
    ------
    SourceError, ValueError, LogFormatError
        As `flowparse.open_reader`.
    """
    request = read_request(**options)
    reader = PartitionedReader(list_requested(source, request), request, partition_by)
    return Incoming(reader.schema, reader.asked, reader, reader)


def open_arrow(data: Any, rows: int) -> Incoming:
    """Arrow data as a stream of batches of at most `rows` rows.

    Parameters
    ----------
    data : Table, RecordBatch, RecordBatchReader, FlowReader, or anything with the protocol
        `__arrow_c_stream__` or `__arrow_c_array__`.
    rows : int

    Raises
    ------
    TypeError
        It is none of these.
    ValueError
        Two columns have one name.
    """
    reader = data if isinstance(data, FlowReader) else None
    stream = data if reader is not None else _open_stream(data)
    names = tuple(stream.schema.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the data have columns twice: {', '.join(twice)}")
    schema = _without_views(stream.schema)
    batches = stream if schema.equals(stream.schema) else _cast(stream, schema)
    return Incoming(schema, names, _slices(batches, rows), reader)


def _open_stream(data: Any) -> Any:
    if isinstance(data, pa.Table):  # through C, pyarrow 18 to 23 crash at dictionaries of views
        return data.to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    if hasattr(data, "__arrow_c_array__"):
        batch = pa.record_batch(data)
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])
    raise TypeError(
        f"cannot write {type(data).__name__}: expected a pyarrow.Table, a RecordBatch, a "
        "FlowReader, or anything with __arrow_c_stream__"
    )


def _without_views(schema: pa.Schema) -> pa.Schema:
    """The schema with plain text for text views, which much of `pyarrow.compute` lacks."""
    fields = [field.with_type(_without_view(field.type)) for field in schema]
    return pa.schema(fields, schema.metadata)


def _without_view(type_: Any) -> Any:
    if pa.types.is_dictionary(type_):
        return pa.dictionary(type_.index_type, _without_view(type_.value_type), type_.ordered)
    return pa.string() if pa.types.is_string_view(type_) else type_


def _cast(batches: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        arrays = [
            array.cast(field.type) for array, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _slices(batches: Any, rows: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for at in range(0, batch.num_rows, rows):
            yield batch.slice(at, rows)
