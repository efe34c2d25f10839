"""Floor 3: sources to Arrow. Stage "gather": batches become a stream or a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from flowparse.logformat import LogFormat
from flowparse.reader import FlowReader, with_metadata
from flowparse.request import Progress, Request, read_request
from flowparse.schema import SchemaName, schema_of
from flowparse.sources import list_requested
from flowparse.times import Moment

__all__ = ["open_reader", "read_table"]


def open_reader(
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
) -> FlowReader:
    r"""Read flow logs as a stream of batches, in bounded memory.

    The parameters are those of `read_table`.

    Returns
    -------
    FlowReader
        Its schema is fixed now: the union of the formats of the sources' first lines, or the
        columns asked for. What a later header adds is left out, with one
        `FormatChangedWarning`.

    Raises
    ------
    SourceError, ValueError, LogFormatError
        As `read_table`; what is wrong inside a source is raised when it is reached.

    Notes
    -----
    Opening reads the beginning of every source, unless `columns` names what is wanted.
    Memory: batches of about 65,536 rows, a few of them made ahead of the caller.

    Examples
    --------
    >>> import flowparse
    >>> log = b"version srcaddr dstport\n2 192.0.2.1 443\n"
    >>> with flowparse.open_reader(log, columns=["dstport"]) as reader:
    ...     for batch in reader:
    ...         print(batch.to_pydict())
    {'dstport': [443]}
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
    return FlowReader(list_requested(source, request), request)


def read_table(
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
) -> pa.Table:
    """Read flow logs into one Arrow table.

    Parameters
    ----------
    source : str, path, bytes, binary file object, or list of these
        A file, a glob, a folder (read recursively), an object or prefix of S3
        (`s3://bucket/prefix/`), bytes or an open file. Gzip, Parquet or text, told by its
        first bytes.
    columns : list of str, optional
        Names, with hyphens or underscores, in the order wanted. A known field that a format
        lacks is a null column. On request also `source`, `line` and `export_timestamp`.
    filters : list, optional
        `[(column, op, value), …]` which must all hold, or a list of such lists one of which
        must. Ops: `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `is null`, `is not null`,
        `in network` (CIDR ranges). A null compares as false.
    since, until : datetime, str or number, optional
        Keep records whose window, start to end, overlaps [since, until). ISO text, epoch
        seconds, or an age such as `"1h"`.
    log_format : LogFormat or str, optional
        The fields of sources without a header. A source's own header wins.
    schema : {"typed", "aws"}
        `typed`: start and end are timestamp[s, UTC], text is a dictionary, addresses are
        strings. `aws`: the types of AWS's Parquet delivery.
    on_reject : {"warn", "collect", "raise"}
        What a line that is no record does: one `RejectWarning` in all, nothing, or
        `RecordError` at the first. `collect` also goes on after a damaged source.
    threads : int, optional
        Sources parsed at a time; None is one a core.
    progress : callable, optional
        Called with (bytes done, bytes in all or None).
    session : boto3.Session or flowparse.aws.Access, optional
        Reads S3. None: what the AWS command line would use.

    Returns
    -------
    pyarrow.Table
        The records in source order. Without `columns`, the union of the formats' columns, in
        the order in which they come; null where a format lacks one. `-` is null in every
        column. The schema's metadata holds, under `flowparse`, JSON of the counts, the
        first reject and the sources that failed.

    Raises
    ------
    LogFormatError
        A source has neither a header nor the default format, and no `log_format` was given.
    RecordError
        A line is no record, under `on_reject="raise"`.
    InflateError, SourceError
        A source is damaged, missing, or cannot be read.
    ValueError
        A column, filter or option that there is not.

    Notes
    -----
    The GIL is released while inflating and parsing. Memory: the table, and a block a thread;
    of S3 also what is fetched ahead, 16 MiB and 8 MiB a thread. Files and objects named as AWS
    names them are left out where their names rule out every record that is asked for.

    Examples
    --------
    >>> import flowparse
    >>> log = b'''version srcaddr dstaddr dstport action
    ... 2 192.0.2.1 198.51.100.7 443 ACCEPT
    ... 2 203.0.113.9 198.51.100.7 22 REJECT
    ... '''
    >>> t = flowparse.read_table(log, filters=[("action", "=", "REJECT")], columns=["srcaddr"])
    >>> t.to_pydict()
    {'srcaddr': ['203.0.113.9']}
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
    with FlowReader(list_requested(source, request), request, fixed=False) as reader:
        batches = list(reader)
        table = _gather(batches, list(reader._formats), request)
        return with_metadata(table, reader)


def _gather(batches: list[pa.RecordBatch], schemas: list[pa.Schema], request: Request) -> pa.Table:
    """One table of batches of several schemas; one dictionary a column."""
    if not schemas:
        nothing = request.log_format or LogFormat.default()
        schemas = [schema_of(request.columns_of(nothing))]
    schema = _unite(schemas)
    if len(schema) == 0:
        return pa.Table.from_batches(batches, schema=schema)
    table = pa.Table.from_batches([_widen(batch, schema) for batch in batches], schema=schema)
    return table.unify_dictionaries()


def _unite(schemas: list[pa.Schema]) -> pa.Schema:
    united: dict[str, pa.Field] = {}
    for schema in schemas:
        for column in schema:
            united.setdefault(column.name, column)
    return pa.schema(list(united.values()))


def _widen(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with a null column for each of the schema's that it lacks."""
    if batch.schema.names == schema.names:
        return batch
    has = set(batch.schema.names)
    arrays = [
        batch.column(column.name) if column.name in has else pa.nulls(len(batch), column.type)
        for column in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
