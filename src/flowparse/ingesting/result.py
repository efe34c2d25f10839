"""Floor 3: what a run of `ingest` has done."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.ingesting.plan import PLANNED_SCHEMA
from flowparse.reader import ERRORS_SCHEMA

__all__ = ["IngestResult"]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one run of `ingest` has done.

    Attributes
    ----------
    objects : int
        Ingested by this run.
    known : int
        Objects of the listing that were ingested before, in the version that is there.
    too_old : int
        Objects that are not ingested, and are older than `since` or `look_back` let the run look.
    failed : int
        Objects that could not be ingested: see `errors`. The next run tries them again.
    replaced : int
        Of `objects`, those that took the place of an earlier version, or were read again beside
        one that did.
    recovered : int
        Units of a run that died, which this one has brought to an end.
    units : int
        Steps in which objects were published.
    rows : int
        Records published, after filters.
    counts : Counts
        What became of the lines of the objects that were ingested.
    files : tuple of str
        The new files, by their names below the destination.
    errors : pyarrow.Table
        The objects that failed: source, kind, message, records_kept (0: nothing of them is
        published).
    planned : pyarrow.Table
        What was to be read: object, bytes, why.
    stopped : bool
        The run was asked to end before it had done all.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("what is this")
    >>> result = flowparse.ingest(folder / "logs", folder / "flows")
    >>> result.objects, result.failed, result.errors["kind"][0].as_py()
    (0, 1, 'LogFormatError')
    """

    objects: int = 0
    known: int = 0
    too_old: int = 0
    failed: int = 0
    replaced: int = 0
    recovered: int = 0
    units: int = 0
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    files: tuple[str, ...] = field(default=(), repr=False)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table, repr=False)
    planned: pa.Table = field(default_factory=PLANNED_SCHEMA.empty_table, repr=False)
    stopped: bool = False
