"""Floor 3: records to files. The public face of the writers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.errors import DestinationError
from flowparse.logformat import LogFormat
from flowparse.request import Progress, read_request
from flowparse.schema import SchemaName
from flowparse.times import Moment
from flowparse.writing.destination import Mode, Target, open_target
from flowparse.writing.encode import BLOCK_ROWS
from flowparse.writing.incoming import Incoming, is_arrow, open_arrow, open_source
from flowparse.writing.partition import (
    Partition,
    check_columns,
    read_partition_by,
    written_names,
)
from flowparse.writing.rowgroups import PartFiles, read_encoding
from flowparse.writing.staging import StagedFile, Staging, local_path
from flowparse.writing.textblocks import Block, compress, text_blocks

__all__ = ["WriteResult", "to_parquet", "write_text"]

_BATCH_ROWS: Final = 65536
_DEFAULTS: Final[dict[str, object]] = {"schema": "typed", "on_reject": "warn"}


@dataclass(frozen=True, slots=True)
class WriteResult:
    r"""What a writer has made.

    Attributes
    ----------
    files : tuple of Path
        The new files; none where a file object was written to.
    rows : int
        Records written.
    row_groups : int
        Of all files together; 0 for text.
    bytes : int
        Of all files together, as stored.
    counts : Counts
        What became of the lines that were read. Where Arrow data were given, the counts in
        their metadata; zeros where there are none.
    rejects : pyarrow.Table
        The lines read that are not records, as `FlowReader.rejects`.
    errors : pyarrow.Table
        The sources that could not be read to their end, as `FlowReader.errors`.

    Examples
    --------
    >>> import io, flowparse
    >>> table = flowparse.read_table(b"version dstport\n2 443\n2 22\n")
    >>> written = flowparse.write_text(table, io.BytesIO(), log_format="dstport version")
    >>> written.rows, written.bytes, written.files
    (2, 27, ())
    """

    files: tuple[Path, ...]
    rows: int
    row_groups: int
    bytes: int
    counts: Counts
    rejects: pa.Table = field(repr=False)
    errors: pa.Table = field(repr=False)


def to_parquet(
    source: object,
    destination: str | os.PathLike[str],
    *,
    partition_by: Sequence[Partition] = (),
    mode: Mode = "error",
    row_group_rows: int = 1_048_576,
    compression: str | None = "zstd",
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
) -> WriteResult:
    """Write flow logs as Parquet files, in bounded memory.

    Parameters
    ----------
    source : anything that `read_table` reads, or Arrow data
        A `pyarrow.Table`, a `FlowReader` and anything else with `__arrow_c_stream__` are Arrow
        data: they are written as they are, and of the options of reading only `threads`
        applies.
    destination : str or path
        A folder, made if it is missing; or one file, where the name ends with `.parquet` and
        there is no `partition_by`.
    partition_by : list of {"day", "hour", "account", "region"}
        Levels of Hive-style folders, outermost first: `day=2026-11-24/region=us-east-1`. Day
        and hour are those of `start` in UTC, or of `end` where a format has no start; the
        account is `account_id`; the region is the record's, else the one that the key of an
        object delivered by AWS names. Records without a value, and those of the account
        `unknown`, go to `__HIVE_DEFAULT_PARTITION__`. Columns needed for that are read, and
        written only if they were asked for; `region` never is, for its folder says it.
    mode : {"error", "append", "overwrite"}
        What to do with `*.parquet` files that the destination has: raise before anything is
        read, leave them and add new ones, or put the new ones in their place.
    row_group_rows : int
        Rows of each row group but a file's last.
    compression : {"zstd", "snappy", "gzip", "lz4", "brotli", "none"}
        Of the columns.
    columns, filters, since, until, log_format, schema, on_reject, progress, session
        As in `read_table`.
    threads : int, optional
        How many sources are parsed at a time, and how many columns of a row group are encoded
        meanwhile; None is one for each core. With 1 they take turns. The bytes written do not
        depend on it.

    Returns
    -------
    WriteResult

    Raises
    ------
    DestinationError
        The destination holds files that `mode` does not allow, or cannot be written to.
    LogFormatError, RecordError, InflateError, SourceError
        As `read_table`.
    ValueError
        An option that there is not; a partition that the data have no column for; no column
        is left to write.

    Notes
    -----
    Files are written in a hidden folder of the destination and renamed when all are complete:
    whatever stops the run, there is no half file, and after an error no file at all. The
    schema is fixed when the sources are opened, as in `open_reader`. Each file's schema
    metadata holds, under `flowparse`, JSON of the counts and the first reject of the run.

    Memory: the row groups that are being filled, one a file, 512 MiB in all where there are
    several. When that is reached, the fullest is written early, and is short. One row group at
    a time is encoded, while the next is filled, and is held until it is written.

    Examples
    --------
    >>> import flowparse, pyarrow.dataset, tempfile
    >>> log = b'''version account-id srcaddr start
    ... 2 011122223333 192.0.2.1 1795528800
    ... 2 011122223333 192.0.2.2 1795564800
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = flowparse.to_parquet(log, folder, partition_by=["day"])
    ...     print([file.parent.name for file in result.files], result.rows)
    ...     data = pyarrow.dataset.dataset(folder, partitioning="hive")
    ...     data.to_table(columns=["account_id", "day"]).to_pylist()[1]
    ['day=2026-11-24', 'day=2026-11-25'] 2
    {'account_id': '011122223333', 'day': '2026-11-25'}
    """
    keys = read_partition_by(partition_by)
    encoding = read_encoding(row_group_rows, compression)
    target = open_target(destination, keys, mode)
    options = {
        "columns": columns,
        "filters": filters,
        "since": since,
        "until": until,
        "log_format": log_format,
        "schema": schema,
        "on_reject": on_reject,
        "threads": threads,
        "progress": progress,
        "session": session,
    }
    n_threads = read_request(threads=threads).threads
    with _opened(source, keys, options) as incoming, ThreadPoolExecutor(n_threads) as pool:
        parts_of = partial(PartFiles, encoding=encoding, pool=pool, waits=n_threads == 1)
        return _write_parquet(incoming, target, keys, parts_of)


@contextmanager
def _opened(
    source: object, keys: Sequence[Partition], options: dict[str, Any]
) -> Iterator[Incoming]:
    """What is to be written; a reader of our own is closed in the end."""
    if not is_arrow(source):
        incoming = open_source(source, keys, options)
        assert incoming.reader is not None
        with incoming.reader:
            yield incoming
        return
    given = [name for name, value in options.items() if value not in (None, _DEFAULTS.get(name))]
    given = [name for name in given if name != "threads"]
    if given:
        raise ValueError(
            f"{', '.join(given)}: options of reading, and {type(source).__name__} is read "
            "already; select, filter or cast it first"
        )
    incoming = open_arrow(source, _BATCH_ROWS)
    check_columns(incoming.names, keys)
    yield incoming


def _write_parquet(
    incoming: Incoming,
    target: Target,
    keys: Sequence[Partition],
    parts_of: Callable[..., PartFiles],
) -> WriteResult:
    names = written_names(incoming.names, keys)
    schema = pa.schema([incoming.schema.field(n) for n in names], incoming.schema.metadata)
    with Staging(target.folder) as staging:
        single = target.path if target.single else None
        parts = parts_of(staging, single, schema)
        if not keys:
            parts.part("")  # one file, whether there are records or not
        parts.fill(incoming, keys)
        staging.commit(target.replaced())
    return _result(
        incoming,
        staging.files,
        rows=sum(part.footer.rows for part in parts),
        row_groups=sum(part.footer.row_groups for part in parts),
    )


def write_text(
    data: object,
    destination: str | os.PathLike[str] | BinaryIO,
    *,
    log_format: LogFormat | str,
    header: bool = True,
) -> WriteResult:
    r"""Write records as AWS writes them: the inverse of reading.

    Parameters
    ----------
    data : Table, RecordBatch, FlowReader, RecordBatchReader, or any `__arrow_c_stream__`
        Its columns are those of `log_format`, in any order. Numbers are integers; `start` and
        `end` are timestamps of whole seconds, or integers, which are written as they stand;
        all else is text, in dictionaries or not. `export_timestamp` is a timestamp of whole
        milliseconds.
    destination : str, path or binary file object
        A file that is there is replaced. A name that ends with `.gz` makes it gzip.
    log_format : LogFormat or str
        The fields of each line, in order. A field may stand twice.
    header : bool
        Begin with the line that names the fields. Without it, readers need `log_format`.

    Returns
    -------
    WriteResult
        Its `rows` are the records written; `row_groups` is 0.

    Raises
    ------
    ValueError
        A column that the format names is lacking, or one is there that it does not name; a
        column has another type; or text cannot carry a value: empty text, `-`, blanks and
        line breaks in a value, numbers out of the field's range, parts of a second, a line
        over 64 KiB, or one that reads as a header. It names column, row (from 0) and value.
    DestinationError
        The destination cannot be written to.
    LogFormatError
        `log_format` cannot be read.

    Notes
    -----
    Null is `-`; timestamps are epoch seconds, and from 10^11 on, where a number reads as such,
    milliseconds; `export-timestamp` is ISO. Each block of 16,384 lines is parsed again and
    compared with its columns before it is written, so what was written reads back as it was.
    A path is written aside and renamed at the end; in a file object, the blocks before a bad
    value stay.

    Examples
    --------
    >>> import io, flowparse
    >>> log = b"version dstport srcaddr\n2 443 192.0.2.1\n2 - 192.0.2.2\n"
    >>> out = io.BytesIO()
    >>> table = flowparse.read_table(log)
    >>> flowparse.write_text(table, out, log_format="srcaddr dstport version").rows
    2
    >>> out.getvalue()
    b'srcaddr dstport version\n192.0.2.1 443 2\n192.0.2.2 - 2\n'
    """
    if not isinstance(log_format, LogFormat):
        log_format = LogFormat.parse(log_format)
    incoming = open_arrow(data, BLOCK_ROWS)
    blocks = text_blocks(incoming, log_format, header=header)
    if not isinstance(destination, str | os.PathLike):
        return _write_stream(incoming, blocks, _check_binary(destination))
    return _write_file(incoming, blocks, local_path(destination))


def _check_binary(file: Any) -> BinaryIO:
    """Refuse what is no file, and a file object that encodes: those have an `encoding`."""
    if not hasattr(file, "write"):
        raise TypeError(
            f"destination: expected a path or a binary file object, got {type(file).__name__}"
        )
    if hasattr(file, "encoding"):
        raise TypeError("destination is open in text mode: open it in binary mode ('wb')")
    checked: BinaryIO = file
    return checked


def _write_stream(incoming: Incoming, blocks: Iterator[Block], file: BinaryIO) -> WriteResult:
    rows = n_bytes = 0
    for block in blocks:
        _write_all(file, block.text)
        rows += block.rows
        n_bytes += len(block.text)
    return _result(incoming, (), rows=rows, n_bytes=n_bytes)


def _write_all(file: BinaryIO, text: bytes | memoryview) -> None:
    """Write every byte: an unbuffered file may take fewer at a time."""
    left = memoryview(text)
    while left:
        left = left[file.write(left) :]


def _write_file(incoming: Incoming, blocks: Iterator[Block], path: Path) -> WriteResult:
    if path.is_dir():
        raise DestinationError(f"{path} is a folder: name a file in it", destination=str(path))
    rows = 0
    with Staging(path.parent) as staging:
        file = staging.file(path)
        for block in compress(blocks) if path.suffix == ".gz" else blocks:
            with file.opened():
                file.write(block.text)
            rows += block.rows
        staging.commit()
    return _result(incoming, staging.files, rows=rows)


def _result(
    incoming: Incoming,
    files: Sequence[StagedFile],
    *,
    rows: int,
    row_groups: int = 0,
    n_bytes: int = 0,
) -> WriteResult:
    return WriteResult(
        files=tuple(file.final for file in files),
        rows=rows,
        row_groups=row_groups,
        bytes=n_bytes + sum(file.size for file in files),
        counts=incoming.counts(),
        rejects=incoming.rejects(),
        errors=incoming.errors(),
    )
