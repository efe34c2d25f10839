"""Floor 3: flow logs into a data set that grows. The public face of `ingesting`."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flowparse.access import Access, read_access
from flowparse.errors import RejectWarning
from flowparse.ingesting.lock import hold
from flowparse.ingesting.opening import SinkName, open_sink
from flowparse.ingesting.order import Reading, read_bounds, read_reading, state_folder
from flowparse.ingesting.plan import WINDOW_SECONDS, Bounds, Plan, make_plan
from flowparse.ingesting.rejects import Rejects
from flowparse.ingesting.result import IngestResult
from flowparse.ingesting.run import Run, errors_table
from flowparse.ingesting.settle import settle
from flowparse.ingesting.sinks import Sink
from flowparse.ingesting.stage import Making
from flowparse.ingesting.state import State
from flowparse.logformat import LogFormat
from flowparse.prune import EVERYTHING, Box, Scope
from flowparse.request import Progress
from flowparse.schema import SchemaName
from flowparse.sources import list_sources
from flowparse.times import Moment
from flowparse.writing.partition import Partition
from flowparse.writing.rowgroups import read_encoding

__all__ = ["IngestResult", "ingest"]

#: Most objects of a unit, and bytes as stored.
_UNIT_OBJECTS: Final = 1000
_UNIT_BYTES: Final = 256 << 20


def ingest(
    source: object,
    destination: str | os.PathLike[str],
    *,
    state: str | os.PathLike[str] | None = None,
    partition_by: Sequence[Partition] = (),
    since: Moment | None = None,
    look_back: str | float | timedelta | None = None,
    dry_run: bool = False,
    wait: float = 0,
    stop: threading.Event | None = None,
    unit_objects: int = _UNIT_OBJECTS,
    unit_bytes: int = _UNIT_BYTES,
    row_group_rows: int = 1_048_576,
    compression: str | None = "zstd",
    columns: Sequence[str] | None = None,
    filters: Sequence[Any] | None = None,
    log_format: LogFormat | str | None = None,
    schema: SchemaName = "typed",
    on_reject: Any = "warn",
    threads: int | None = None,
    progress: Progress | None = None,
    session: Any = None,
    sink: SinkName = "parquet",
    sink_options: Mapping[str, str] | None = None,
) -> IngestResult:
    r"""Add to a data set what it does not have yet, each object exactly once.

    A run lists the source, reads the objects that no run before has ingested, and adds their
    records. Whatever stops a run, the next one goes on so that no record is lost or doubled.

    Parameters
    ----------
    source : path, glob, folder, URL, or a list of these
        What `read_table` reads, if it has a lasting name: no bytes, no file object.
    destination : str or path
        A folder, or `s3://bucket/prefix`. Made if it is missing. For other sinks, see there.
    state : str or path, optional
        A folder on a local disk that keeps what was ingested. By default it stands beside the
        destination and has its name and `.ingest`; for one that is not a local path it must be
        given.
    partition_by : list of {"day", "hour", "account", "region"}
        As in `to_parquet`.
    since : datetime, date, ISO text, age or epoch seconds, optional
        Leave alone the objects whose delivery window ends before. Objects whose name does not
        tell it are always read. It chooses objects, not records.
    look_back : age such as "7d", timedelta or seconds, optional
        How long before the newest ingested window of a flow log objects may still appear; older
        ones are not looked for. None: no object is too late. A bucket is listed as far back as
        this (or `since`) goes for the flow log that is the farthest behind, and no farther.
    dry_run : bool
        Read nothing and change nothing: the result's `planned` says what would be read.
    wait : float
        Seconds to wait for another run on the same state to end.
    stop : threading.Event, optional
        Once it is set the run ends, at the next batch; what it was at is left to the next run.
    unit_objects, unit_bytes : int
        Objects are published together, as a unit: so many at most, and so many bytes as stored.
    row_group_rows, compression
        As in `to_parquet`.
    columns, filters, log_format, schema, threads, progress
        As in `read_table`. Columns, filters, schema, partitions and destination must be those of
        the runs before.
    on_reject : {"warn", "collect", "raise"}
        What a line does that is no record. Unless it is "raise", an object that cannot be read
        does not end the run: it is listed in the result's `errors`, nothing of it is published,
        and the next run tries it again.
    session : boto3.Session or flowparse.aws.Access, optional
        For objects, and for Parquet in S3.
    sink : {"parquet", "delta", "iceberg"}
        What the data set is. A Delta table has a path or a URL and needs `flowparse[delta]`; an
        Iceberg table is `CATALOG/NAMESPACE.TABLE` and needs `flowparse[iceberg]`. Units are
        appended to tables; an object that changed is listed in `errors`, and not replaced.
    sink_options : dict of str to str, optional
        Delta: storage options. Iceberg: properties of the catalog.

    Returns
    -------
    IngestResult

    Raises
    ------
    DestinationError
        Another run is at work, the destination holds files that the state knows nothing of, or
        files or state cannot be written. What was published is safe; run again.
    SourceError
        The source cannot be listed.
    ValueError
        An option is none that there is, or is not that of the runs before.
    RecordError, InflateError, SourceError, LogFormatError
        Under `on_reject="raise"`.

    Notes
    -----
    An object is known by its absolute path or URL, and its version (size, time of change and
    inode of a file, ETag in S3). One with a new version takes the place of the old one; one that
    is gone stays in the data set. The files of a unit are named after its objects and versions.
    What lies below the destination or the state is never a source.

    The rejected lines are kept in `rejects/*.parquet` in the folder of the state.

    Memory: as `to_parquet`, and the listing.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\n")
    >>> flowparse.ingest(folder / "logs", folder / "flows").rows
    1
    >>> _ = (folder / "logs" / "late.log").write_text("version dstport\n2 22\n")
    >>> result = flowparse.ingest(folder / "logs", folder / "flows")
    >>> result.rows, result.objects, result.known
    (1, 1, 1)
    """
    reading = read_reading(
        partition_by=partition_by,
        columns=columns,
        filters=filters,
        log_format=log_format,
        schema=schema,
        on_reject=on_reject,
        threads=threads,
        progress=progress,
    )
    encoding = read_encoding(row_group_rows, compression)
    bounds = read_bounds(since, look_back, unit_objects, unit_bytes)
    folder = state_folder(state, destination, is_path=sink != "iceberg")
    access = read_access(session)
    target = open_sink(sink, destination, reading.keys, access, sink_options or {})
    listing = Listing(source, access, bounds)
    reading.fixed["destination"] = target.url
    if dry_run:
        return _look(listing, folder, target, reading)
    is_stopped = (stop or threading.Event()).is_set
    with ExitStack() as stack:
        stack.enter_context(hold(folder, wait, is_stopped))
        kept = stack.enter_context(State(folder))
        pool = stack.enter_context(ThreadPoolExecutor(reading.threads))
        waits = reading.threads == 1
        making = Making(reading.options, reading.keys, encoding, pool, is_stopped, waits)
        result, first = _ingest(listing, kept, target, making, reading.fixed, progress)
    if first is not None and on_reject == "warn":
        _warn(result, first, folder)
    return result


@dataclass(frozen=True, slots=True)
class Listing:
    """What is looked at, and how far back."""

    source: object
    access: Access
    bounds: Bounds

    def plan(self, kept: State, sink: Sink) -> Plan:
        """What there is to do."""
        sources = list_sources(self.source, scope=self._scope(kept), access=self.access)
        return make_plan(
            sources,
            kept,
            self.bounds,
            replaces=sink.has_files,
            access=self.access,
            own=(sink.url, os.path.realpath(kept.path.parent)),
        )

    def _scope(self, kept: State) -> Scope:
        """What of a bucket has to be listed: as far back as any flow log is looked at."""
        firsts = [] if self.bounds.since is None else [self.bounds.since - WINDOW_SECONDS]
        newest = kept.newest().values() if self.bounds.look_back is not None else ()
        if newest and self.bounds.look_back is not None:
            firsts.append(min(newest) - self.bounds.look_back)
        if not firsts:
            return EVERYTHING
        return Scope((Box(first_stamp=datetime.fromtimestamp(max(firsts), UTC)),))


def _look(listing: Listing, folder: Path, sink: Sink, reading: Reading) -> IngestResult:
    """What there would be to do."""
    with State(folder, read_only=True) as kept:
        kept.check_options(reading.fixed)
        if kept.is_new():
            sink.check_new()
        plan = listing.plan(kept, sink)
    return IngestResult(
        known=plan.known,
        too_old=plan.too_old,
        failed=len(plan.failed),
        errors=errors_table(plan.failed),
        planned=plan.table(),
    )


def _ingest(
    listing: Listing,
    kept: State,
    sink: Sink,
    making: Making,
    fixed: dict[str, str],
    progress: Progress | None,
) -> tuple[IngestResult, str | None]:
    """A run under its lock; and the message on the first reject."""
    kept.check_options(fixed)
    if kept.is_new():
        sink.check_new()
    kept.fix_options(fixed)
    sink.open(kept.id)
    folder = kept.path.parent
    staging, rejects = sink.staging(folder), Rejects(folder)
    recovered = settle(kept, sink, staging, rejects)
    plan = listing.plan(kept, sink)
    run = Run(kept, sink, making, staging, rejects)
    try:
        run.work(plan, progress)
    finally:
        with suppress(OSError):  # it is empty unless another thing went wrong
            staging.rmdir()
    return run.result(plan, recovered), run.first_reject


def _warn(result: IngestResult, first: str, folder: Path) -> None:
    n = result.counts.rejects
    lines = "1 line was" if n == 1 else f"{n} lines were"
    warnings.warn(
        f"{lines} rejected, the first: {first}. All are in {folder / 'rejects'}",
        RejectWarning,
        stacklevel=3,
    )
