"""Floor 3: flow logs as a dataset: lazy, and read as often as asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from pyarrow.fs import PyFileSystem

from flowparse.counts import Counts
from flowparse.errors import SourceError
from flowparse.keys import parse_key
from flowparse.logformat import LogFormat
from flowparse.prune import Scope, moment_of
from flowparse.reader import ERRORS_SCHEMA, FlowReader
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.request import Progress, Request, read_request
from flowparse.scanning.fragments import FRAGMENT_BYTES, TASK_BYTES, TaskFiles, split_sources
from flowparse.scanning.plan import Columns, Content, plan_scan
from flowparse.scanning.scan import FlowScan
from flowparse.scanning.scanner import FlowScanner
from flowparse.schema import Column, SchemaName, named_column, schema_of
from flowparse.sources import EventSource, Source, list_sources
from flowparse.times import Moment

__all__ = ["FlowDataset", "dataset"]


def dataset(
    source: object,
    *,
    columns: Sequence[str] | None = None,
    filters: Sequence[Any] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    log_format: LogFormat | str | None = None,
    schema: SchemaName = "typed",
    on_reject: Any = "warn",
    threads: int | None = None,
    progress: Progress | None = None,
    session: Any = None,
) -> FlowDataset:
    r"""Flow logs that are read when a query asks for them, and only what it asks for.

    The parameters are those of `read_table`. What they leave out is not in the dataset.

    Returns
    -------
    FlowDataset
        A `pyarrow.dataset.Dataset`. Its sources are listed and its schema is fixed now, as
        those of `open_reader`.

    Raises
    ------
    SourceError
        As `open_reader`; and for a file object or a pipe, which cannot be read twice.
    ValueError, LogFormatError
        As `open_reader`. What is wrong inside a source is raised when it is read.

    Notes
    -----
    The beginning of every source is read, unless `columns` names what is wanted. Of the objects
    that since, until and filters exclude by their keys, one a flow log is.

    Examples
    --------
    >>> import flowparse
    >>> import pyarrow.compute as pc
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n2 192.0.2.2 22\n"
    >>> ds = flowparse.dataset(log)
    >>> ds.count_rows(filter=pc.field("dstport") < 100)
    1
    >>> ds.to_table(columns=["srcaddr"], filter=pc.field("dstport") < 100).to_pylist()
    [{'srcaddr': '192.0.2.2'}]
    """
    request = read_request(
        columns=columns,
        filters=filters,
        since=since,
        until=until,
        log_format=log_format,
        schema=schema,
        on_reject=on_reject,
        threads=threads,
        progress=progress,
        session=session,
    )
    scope = Scope.of(request)
    sources = tuple(list_sources(source, scope=scope, access=request.access))
    for one in sources:
        if not (one.rereadable or isinstance(one, EventSource)):
            raise SourceError(
                f"{one.name}: a dataset is read as often as asked, and this can be read only "
                "once: pass a path or bytes, or use open_reader or read_table",
                source=one.name,
            )
    needed = {} if scope.is_everything else {s.name: scope.may_hold_name(s.name) for s in sources}
    kept = tuple(one for one in sources if needed.get(one.name, True))
    told_by = sources if len(kept) == len(sources) else _telling(sources, needed)
    return FlowDataset(Content(kept, request, _fix_columns(told_by, request)))


def _telling(sources: Sequence[Source], needed: dict[str, bool]) -> list[Source]:
    """Sources that tell all formats: those needed, and one of each flow log that is not.

    A flow log cannot change its format. So the schema does not depend on the time range.
    """
    told: set[str] = set()
    telling = []
    for source in sorted(sources, key=lambda one: not needed[one.name]):
        key = parse_key(source.name.replace("\\", "/"))
        if needed[source.name] or key is None or key.flow_log_id not in told:
            telling.append(source)
        if key is not None:
            told.add(key.flow_log_id)
    place = {id(source): number for number, source in enumerate(sources)}
    return sorted(telling, key=lambda one: place[id(one)])


def _fix_columns(sources: Sequence[Source], request: Request) -> tuple[Column, ...]:
    """Those of a stream over the sources."""
    with FlowReader(sources, request) as reader:
        return reader._columns or ()


class FlowDataset(pads.FileSystemDataset):  # type: ignore[misc]
    r"""Flow logs as a `pyarrow.dataset.Dataset`. Made by `dataset`.

    DuckDB, polars and whatever else queries a dataset hand it the columns and the filter of a
    query. Filters are decided by the native core before a column is built, and objects whose
    keys (account, region, time) exclude them are not opened. What the core cannot decide,
    pyarrow does afterwards: the result is always that of reading all and filtering then.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of all columns; fixed when the dataset was made.
    files : list of str
        Names of the sources, in order.
    counts, rejects, errors
        As those of `FlowReader`, of the pass begun last by a method of this object, as far as it
        has come. Under `on_reject="collect"` look there after a query.

    Notes
    -----
    Every query reads anew, and warns of rejects anew. It can be pickled, without `progress`.
    Of a table that comes out, the schema's metadata has the counts, as that of `read_table`.
    A query may also name the columns on request, such as `source` and `line`, and known fields
    that no format here has, which are null.

    Examples
    --------
    >>> import flowparse
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n2 192.0.2.2 22\n"
    >>> ds = flowparse.dataset(log)
    >>> ds.head(1, columns=["dstport", "line"]).to_pylist()
    [{'dstport': 443, 'line': 2}]
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._passes: deque[FlowReader] = deque(maxlen=1)
        scan = plan_scan(content)
        tasks = scan.split(split_sources(scan.sources, FRAGMENT_BYTES))
        files, arrow = PyFileSystem(TaskFiles(tasks)), pads.IpcFileFormat()
        fragments = [arrow.make_fragment(str(number), files) for number in range(len(tasks))]
        super().__init__(fragments, content.schema, arrow, files)

    def __reduce__(self) -> tuple[type[FlowDataset], tuple[Content]]:
        return FlowDataset, (self._content,)

    def __repr__(self) -> str:
        return "\n".join(_describe(self._content))

    @property
    def schema(self) -> pa.Schema:
        """Of all columns."""
        return self._content.schema

    @property
    def files(self) -> list[str]:
        """Names of the sources: paths, or keys of objects."""
        return [source.name for source in self._content.sources]

    @property
    def counts(self) -> Counts:
        """What became of every line, in the pass begun last."""
        return self._passes[0].counts if self._passes else Counts()

    @property
    def rejects(self) -> pa.Table:
        """Lines that are not records, in the pass begun last."""
        return self._passes[0].rejects if self._passes else REJECTS_SCHEMA.empty_table()

    @property
    def errors(self) -> pa.Table:
        """Sources that could not be read to their end, in the pass begun last."""
        return self._passes[0].errors if self._passes else ERRORS_SCHEMA.empty_table()

    def scanner(
        self,
        columns: Columns | None = None,
        filter: pc.Expression | None = None,
        batch_size: int | None = None,
        batch_readahead: int | None = None,
        fragment_readahead: int | None = None,
        fragment_scan_options: object = None,
        use_threads: bool = True,
        cache_metadata: bool | None = None,
        memory_pool: pa.MemoryPool | None = None,
    ) -> FlowScanner:
        """What a query asks for, not read yet.

        Parameters
        ----------
        columns : list of str, or dict of str to pyarrow.compute.Expression, optional
            Names in the order wanted, or what each column is computed from; None: all.
        filter : pyarrow.compute.Expression, optional
            Keep records for which this is true: neither false nor null.
        batch_size : int, optional
            Rows of a batch at most.
        use_threads : bool
            False: one thread.
        batch_readahead, fragment_readahead, fragment_scan_options, cache_metadata, memory_pool
            Taken for pyarrow's sake. They bound what it reads ahead and where; this reads a
            few batches ahead whatever they say.

        Returns
        -------
        FlowScanner

        Raises
        ------
        ValueError
            There is no such column, or `batch_size` is below 1.
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, pyarrow.ArrowTypeError
            pyarrow cannot evaluate the filter on these columns.
        """
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size: expected 1 or more, got {batch_size}")
        options: dict[str, Any] = {"threads": None if use_threads else 1}
        options["on_open"] = self._passes.append
        scan = plan_scan(self._content, columns, filter, batch_rows=batch_size, **options)
        return FlowScanner(scan, plan_scan(self._content, (), filter, **options), self.schema)

    def tasks(
        self,
        columns: Columns | None = None,
        filter: pc.Expression | None = None,
        *,
        task_bytes: int = TASK_BYTES,
    ) -> list[FlowScan]:
        r"""A query in pieces that can be pickled, read anywhere, and put together in order.

        Parameters
        ----------
        columns, filter
            As of `scanner`.
        task_bytes : int
            Sources are read together up to so many stored bytes; none is divided.

        Returns
        -------
        list of FlowScan
            Calling one gives an iterator of its batches. Its `keys` tell what it reads, its
            `schema` what comes out. Objects that the filter excludes are in none.

        Examples
        --------
        >>> import flowparse
        >>> logs = [b"version srcaddr dstport\n2 192.0.2.1 443\n"] * 3
        >>> tasks = flowparse.dataset(logs).tasks(columns=["dstport"], task_bytes=1)
        >>> [batch.num_rows for task in tasks for batch in task()]
        [1, 1, 1]
        """
        scan = plan_scan(self._content, columns, filter)
        return scan.split(split_sources(scan.sources, task_bytes))

    def to_batches(self, columns: Columns | None = None, **options: Any) -> Iterator[Any]:
        """The batches of a query. Parameters: those of `scanner`."""
        return self.scanner(columns, **options).to_batches()

    def to_table(self, columns: Columns | None = None, **options: Any) -> pa.Table:
        """The table of a query. Parameters: those of `scanner`."""
        return self.scanner(columns, **options).to_table()

    def count_rows(self, filter: pc.Expression | None = None, **options: Any) -> int:
        """How many records there are, or pass the filter. Parameters: those of `scanner`."""
        return self.scanner((), filter, **options).count_rows()

    def head(self, num_rows: int, columns: Columns | None = None, **options: Any) -> pa.Table:
        """The first records. Parameters: those of `scanner`."""
        return self.scanner(columns, **options).head(num_rows)

    def take(self, indices: Any, columns: Columns | None = None, **options: Any) -> pa.Table:
        """Records by their numbers, from 0, in the order given. Parameters: of `scanner`."""
        return self.scanner(columns, **options).take(indices)

    def filter(self, expression: pc.Expression) -> FlowDataset:
        """A dataset of those records for which an expression is true."""
        plan_scan(self._content, (), expression)  # says what is wrong with it
        return FlowDataset(self._content.narrowed(expression))

    def get_fragments(self, filter: pc.Expression | None = None) -> Iterator[pads.Fragment]:
        """Pieces for engines that ask for fragments: each is in memory as a whole when read.

        `tasks` has pieces into which columns and filters are pushed down.
        """
        if filter is not None:
            return self.filter(filter).get_fragments()
        fragments: Iterator[pads.Fragment] = super().get_fragments()
        return fragments

    def replace_schema(self, schema: pa.Schema) -> FlowDataset:
        """The dataset with other columns, of the same types.

        Raises
        ------
        ValueError
            There is no such column, or it has another type.
        """
        own = {column.name: column for column in self._content.columns}
        columns = [own.get(name) or self._named(name) for name in schema.names]
        for column, wanted in zip(columns, schema, strict=True):
            if column.type != wanted.type:
                raise ValueError(
                    f"{column.name} is {column.type} and cannot become {wanted.type} here: cast it "
                    f'in a query: scanner({{"{column.name}": pc.field("{column.name}").cast(...)}})'
                )
        return FlowDataset(self._content.with_columns(tuple(columns)))

    def _named(self, name: str) -> Column:
        plan_scan(self._content, [name])  # says that there is no such column
        return named_column(name, self._content.request.schema)

    def sort_by(self, sorting: Any, **options: Any) -> pads.InMemoryDataset:
        """All records in another order, in memory."""
        return pads.InMemoryDataset(self.to_table().sort_by(sorting, **options))

    def join(self, right_dataset: Any, *args: Any, **options: Any) -> pads.InMemoryDataset:
        """Joined in memory. Parameters: those of `pyarrow.dataset.Dataset.join`."""
        return pads.InMemoryDataset(self.to_table().join(_table(right_dataset), *args, **options))

    def join_asof(self, right_dataset: Any, *args: Any, **options: Any) -> pads.InMemoryDataset:
        """Joined in memory. Parameters: those of `pyarrow.dataset.Dataset.join_asof`."""
        joined = self.to_table().join_asof(_table(right_dataset), *args, **options)
        return pads.InMemoryDataset(joined)

    def __arrow_c_schema__(self) -> object:
        """The schema, for the Arrow C Data Interface."""
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A new stream of all records, cast to a requested schema."""
        return self.scanner().__arrow_c_stream__(requested_schema)


def _table(data: Any) -> pa.Table:
    return data.to_table() if isinstance(data, pads.Dataset) else data


def _describe(content: Content) -> Iterator[str]:
    """How a dataset shows itself: what it is read from, what is left out, and its columns."""
    sizes = [source.size for source in content.sources]
    n_bytes = sum(size for size in sizes if size is not None)
    one = len(sizes) == 1
    yield f"<flowparse.FlowDataset: {len(sizes):,} source{'' if one else 's'}, {n_bytes:,} bytes>"
    request = content.request
    for group in request.filters:
        yield "filters: " + " and ".join(f"{c.column} {c.op} {c.value!r}" for c in group)
    for name, bound in (("since", request.window.since), ("until", request.window.until)):
        if bound is not None:
            yield f"{name}: {moment_of(bound).isoformat()}"
    if content.expression is not None:
        yield f"filter: {content.expression}"
    yield schema_of(content.columns).to_string()
