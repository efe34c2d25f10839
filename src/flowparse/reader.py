"""Floor 3: one pass over sources. Stage "gather": batches of all of them, in order."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from flowparse import _core
from flowparse.counts import Counts
from flowparse.errors import FlowparseError, FormatChangedWarning, InflateError, RejectWarning
from flowparse.items import ColumnsUnread, Ended, FormatSeen, Item, Progressed
from flowparse.logformat import LogFormat
from flowparse.parsing import SourceParser
from flowparse.rejects import REJECTS_SCHEMA, Reject
from flowparse.request import Request
from flowparse.schema import Column, schema_of
from flowparse.sniff import Opened, sniff_formats
from flowparse.sources import (
    SMALL_BYTES,
    EventSource,
    Fetching,
    Small,
    Source,
    as_text,
    fetch_ahead,
)
from flowparse.workers import Spare, run_in_order

__all__ = ["ERRORS_SCHEMA", "FlowReader", "about_reading", "with_metadata"]

#: Schema of `FlowReader.errors`.
ERRORS_SCHEMA: Final = pa.schema(
    [
        ("source", pa.string()),
        ("kind", pa.string()),
        ("message", pa.string()),
        ("records_kept", pa.int64()),
    ]
)
#: Bytes of batches that workers may make ahead of the consumer of a stream.
_AHEAD_BYTES: Final = 32 << 20
#: Stored bytes of small sources that are read as one task.
_GROUP_BYTES: Final = 256 << 10
#: Of sources no larger than this, one thread reads all.
_TINY_BYTES: Final = 8 << 10
#: Text of small sources that is kept from opening until it is parsed.
_KEPT_BYTES: Final = 16 << 20
#: What any item takes beside its values: a million empty sources are not nothing.
_ITEM_BYTES: Final = 1024


class FlowReader:
    r"""One pass over flow logs: iterates `pyarrow.RecordBatch` in bounded memory.

    Made by `open_reader`. Use it as a context manager, or read it to its end.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of every batch; fixed when the reader opens.
    counts : Counts
        What became of the lines read so far; of the batches not yet taken, nothing.
    rejects : pyarrow.Table
        Lines that are not records: source, line, byte_offset, field, reason, text.
    errors : pyarrow.Table
        Sources that could not be read to their end, under `on_reject="collect"`: source, kind
        (the exception's name), message, records_kept.

    Notes
    -----
    Passing it to `polars.DataFrame`, `pyarrow.table` or DuckDB streams it: it has
    `__arrow_c_stream__`. A batch holds about 65,536 rows. Rejects are kept in memory.

    Examples
    --------
    >>> import flowparse
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n2 192.0.2.2 x\n"
    >>> with flowparse.open_reader(log, on_reject="collect") as reader:
    ...     rows = sum(batch.num_rows for batch in reader)
    ...     print(rows, reader.counts.rejects, reader.rejects["reason"][0])
    1 1 not-a-number
    """

    def __init__(
        self,
        sources: Sequence[Source],
        request: Request,
        *,
        fixed: bool = True,
        columns: tuple[Column, ...] | None = None,
    ) -> None:
        sources = [one.begin(request) if isinstance(one, EventSource) else one for one in sources]
        self._sources = sources
        self._request = request
        self._opened: dict[int, Opened | Small] = {}
        if columns is not None:  # fixed before, by whoever knows the names
            self._columns: tuple[Column, ...] | None = columns
        else:
            self._columns = self._fix_columns() if fixed else self._columns_asked()
        self._formats: dict[pa.Schema, None] = {}
        self._counts = Counts()
        self._rejects: list[pa.RecordBatch] = []
        self._first: Reject | None = None
        self._errors: list[dict[str, Any]] = []
        self._left_out: dict[str, None] = {}
        self._unread: dict[str, str] = {}
        self._bytes_done = 0
        self._bytes_all = _sum_sizes(sources)
        self._items = self._run(ahead_bytes=_AHEAD_BYTES if fixed else sys.maxsize)
        self._warned = False

    def _fix_columns(self) -> tuple[Column, ...]:
        """The union of the sources' formats, in the order in which they come."""
        request = self._request
        if request.columns is not None and not request.unknown_names:
            return request.columns
        formats = self._sniff_formats()
        request.check_names(formats)
        if request.columns is not None:
            return request.columns
        columns: dict[str, Column] = {}
        for log_format in formats:
            for column in request.columns_of(log_format):
                columns.setdefault(column.name, column)
        return tuple(columns.values())

    def _columns_asked(self) -> tuple[Column, ...] | None:
        if self._request.unknown_names:
            self._request.check_names(self._sniff_formats())
        return self._request.columns

    def _sniff_formats(self) -> list[LogFormat]:
        given, parser = self._request.log_format, _core.Parser()
        formats: dict[LogFormat, None] = {}
        kept_bytes = 0
        for number, log_format, opened in sniff_formats(self._sources, given, parser):
            if isinstance(opened, Small):
                kept_bytes += len(opened.text)
                opened = opened if kept_bytes <= _KEPT_BYTES else None
            if opened is not None:
                self._opened[number] = opened
            if log_format is not None:
                formats[log_format] = None
        return list(formats) or [given or LogFormat.default()]

    def _run(self, ahead_bytes: int) -> Iterator[Item]:
        # Workers must not hold the reader: one that is dropped unread could not end them.
        request, columns, opened = self._request, self._columns, self._opened
        early = ahead_bytes < sys.maxsize
        sources, fetching = fetch_ahead(self._sources, request.threads, without=opened)
        tasks = _group(sources)
        threads = _count_workers(sources, tasks, request.threads)
        spare = Spare(request.threads - threads)

        def make_work() -> Any:
            parser = SourceParser(request, columns, spare=spare)

            def work(task: slice) -> Iterator[Item]:
                numbers = range(task.start, task.stop)
                before = [opened.pop(number, None) for number in numbers]
                first = early and task.start == 0
                return parser.parse(sources[task], before, early=first)

            return work

        items = run_in_order(
            tasks,
            make_work,
            threads=threads,
            size_of=_size_of,
            budget_bytes=ahead_bytes,
            spare=spare,
        )
        return items if fetching is None else _close_after(items, fetching)

    @property
    def schema(self) -> pa.Schema:
        """Of every batch."""
        return schema_of(self._columns or ())

    @property
    def counts(self) -> Counts:
        """What became of every line of the sources read to their end so far."""
        return self._counts

    @property
    def rejects(self) -> pa.Table:
        """Lines that are not records."""
        return pa.Table.from_batches(self._rejects, schema=REJECTS_SCHEMA)

    @property
    def errors(self) -> pa.Table:
        """Sources that could not be read to their end."""
        return pa.Table.from_pylist(self._errors, schema=ERRORS_SCHEMA)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        for item in self._items:
            if isinstance(item, pa.RecordBatch):
                return item
            self._note(item)
        if not self._formats:
            self._check_window()
        self._warn()
        raise StopIteration

    def _check_window(self) -> None:
        """Without a single line, since and until must still fit the format of nothing."""
        nothing = self._request.log_format or LogFormat.default()
        self._request.window.terms(nothing, "log_format")

    def _note(self, item: Item) -> None:
        if isinstance(item, Progressed):
            self._bytes_done += item.bytes_read
            if self._request.progress is not None and item.bytes_read:
                self._request.progress(self._bytes_done, self._bytes_all)
        elif isinstance(item, FormatSeen):
            self._formats[item.schema] = None
            self._left_out.update(dict.fromkeys(item.left_out))
        elif isinstance(item, ColumnsUnread):
            for name in item.names:
                self._unread.setdefault(name, item.source)
        elif isinstance(item, Ended):
            self._counts += item.counts
            self._rejects += item.rejects
            self._first = self._first or item.first
            if item.error is not None:
                self._errors.append(_error_row(item.error, item))

    def read_all(self) -> pa.Table:
        """The batches not yet taken, as one table.

        Returns
        -------
        pyarrow.Table
            Its schema's metadata holds, under `flowparse`, JSON of the counts, the
            first reject and the sources that failed.
        """
        batches = list(self)
        return with_metadata(pa.Table.from_batches(batches, schema=self.schema), self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The batches not yet taken, as an Arrow C stream."""
        stream = pa.RecordBatchReader.from_batches(self.schema, self)
        return stream.__arrow_c_stream__(requested_schema)

    def close(self) -> None:
        """Stop reading; the workers end at their next batch."""
        self._items.close()  # type: ignore[attr-defined]
        for opened in self._opened.values():
            if not isinstance(opened, Small):
                opened.text.close()
        self._opened.clear()
        self._warn()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._warned = True  # the error says more
        self.close()

    def _warn(self) -> None:
        if self._warned:
            return
        self._warned = True
        if self._first is not None and self._request.on_reject == "warn":
            _warn_rejects(self._counts.rejects, self._first)
        if self._left_out:
            warnings.warn(
                "a later header has columns that the stream's schema lacks; left out: "
                f"{', '.join(self._left_out)}. Name them in columns, or use read_table.",
                FormatChangedWarning,
                stacklevel=_caller_level(),
            )
        if self._unread:
            names = ", ".join(f"{name} ({source})" for name, source in self._unread.items())
            warnings.warn(
                "columns of Parquet that no field of a flow log can be (they are nested, or not "
                f"named like a field) were left out: {names}",
                FormatChangedWarning,
                stacklevel=_caller_level(),
            )


def _close_after(items: Iterator[Item], fetching: Fetching) -> Iterator[Item]:
    """The items; in the end, or when nobody wants more of them, nothing more is fetched."""
    try:
        yield from items
    finally:
        fetching.close()


def _warn_rejects(n: int, first: Reject) -> None:
    lines = "1 line was" if n == 1 else f"{n} lines were"
    warnings.warn(
        f"{lines} rejected, the first: {first.message}. "
        'All are in open_reader(...).rejects; on_reject="raise" stops at the first, '
        '"collect" says nothing.',
        RejectWarning,
        stacklevel=_caller_level(),
    )


def _caller_level() -> int:
    """Stack level of the first frame outside this package, as `warnings.warn` counts."""
    level, frame = 1, sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame.f_back is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] != package:
            break
        frame, level = frame.f_back, level + 1
    return level


def _group(sources: Sequence[Source]) -> list[slice]:
    """Runs of sources to be read one after another: small ones together, each large one alone.

    They do not depend on the number of threads, so batches do not either.
    """
    groups: list[slice] = []
    begin = held_bytes = 0
    for number, source in enumerate(sources):
        size = source.size if source.rereadable else None
        is_small = size is not None and size <= SMALL_BYTES
        if not is_small or held_bytes >= _GROUP_BYTES:
            if number > begin:
                groups.append(slice(begin, number))
            begin, held_bytes = number, 0
        held_bytes += size if is_small and size is not None else _GROUP_BYTES
    if begin < len(sources):
        groups.append(slice(begin, len(sources)))
    return groups


def _count_workers(sources: Sequence[Source], tasks: Sequence[slice], threads: int) -> int:
    """How many threads parse. Of tiny sources most of the time is Python's, which has one thread
    at a time: two would only wait for each other.
    """
    sizes = [sources[task][0].size for task in tasks]
    tiny = sum(size is not None and size <= _TINY_BYTES for size in sizes)
    return max(1, min(threads, len(tasks) - tiny + (tiny > 0)))


def _sum_sizes(sources: Sequence[Source]) -> int | None:
    sizes = [source.size for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _size_of(item: Item) -> int:
    return _ITEM_BYTES + (int(item.nbytes) if isinstance(item, pa.RecordBatch) else 0)


def _error_row(error: FlowparseError, ended: Ended) -> dict[str, Any]:
    kept = error.records_kept if isinstance(error, InflateError) else ended.counts.records
    return {
        "source": as_text(ended.source),
        "kind": type(error).__name__,
        "message": as_text(str(error)),
        "records_kept": kept,
    }


def about_reading(reader: FlowReader) -> dict[str, Any]:
    """What was read and lost so far: counts, the first reject, the sources that failed."""
    first = reader._first
    about: dict[str, Any] = {
        "counts": reader.counts.as_dict(),
        "first_reject": None,
        "errors": reader._errors,
    }
    if first is not None:
        about["first_reject"] = {
            name: getattr(first, name)
            for name in ("source", "line", "byte_offset", "field", "reason", "message")
        }
    return about


def with_metadata(table: pa.Table, reader: FlowReader) -> pa.Table:
    """What was read and lost, kept with the table."""
    metadata = {"flowparse": json.dumps(about_reading(reader))}
    if table.num_columns == 0:  # pyarrow would forget the number of rows
        schema = table.schema.with_metadata(metadata)
        return pa.Table.from_batches(table.to_batches(), schema=schema)
    return table.replace_schema_metadata(metadata)
