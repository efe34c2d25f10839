"""Floor 3: one unit, from its inputs to files that nobody sees yet. Stage "stage"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.errors import InflateError, LogFormatError, RecordError, SourceError
from flowparse.ingesting.staged import Staged
from flowparse.ingesting.state import Failure
from flowparse.ingesting.unit import Input, Unit
from flowparse.request import read_request
from flowparse.sniff import find_format
from flowparse.sources import as_text, version_of
from flowparse.sources.local import PathSource
from flowparse.writing.incoming import Incoming, PartitionedReader
from flowparse.writing.partition import Partition, check_time, time_column, written_names
from flowparse.writing.rowgroups import Encoding, PartFiles

__all__ = ["Making", "Stopped", "Stowed", "stage_unit"]


class Stopped(Exception):  # noqa: N818  it is no error
    """The run was asked to end."""


@dataclass(frozen=True, slots=True)
class Making:
    """How units become files.

    Attributes
    ----------
    options : dict
        Of reading, as `read_request` takes them.
    keys : tuple of str
        Levels of folders.
    encoding : Encoding
    pool : concurrent.futures.Executor
        Encodes columns.
    is_stopped : callable
        Asked between batches whether to give up.
    waits : bool
        Nothing is read while columns are encoded.
    """

    options: Mapping[str, Any]
    keys: tuple[Partition, ...]
    encoding: Encoding
    pool: Executor
    is_stopped: Callable[[], bool]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Stowed:
    """What a unit has become.

    Attributes
    ----------
    rows : int
        Records in its files.
    counts : Counts
    rejects : pyarrow.Table
    first_reject : str or None
        The message on the first reject.
    failures : tuple of Failure
        Inputs that could not be read to their end. Where there is one, the files are of no use.
    """

    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    rejects: pa.Table | None = None
    first_reject: str | None = None
    failures: tuple[Failure, ...] = ()


def stage_unit(unit: Unit, staged: Staged, making: Making, progress: Any = None) -> Stowed:
    """Read the inputs of a unit into files.

    Raises
    ------
    Stopped
        The run was asked to end.
    DestinationError
        The files cannot be written.
    RecordError, SourceError, InflateError
        Under `on_reject="raise"`.
    ValueError
        The options do not fit the formats.
    """
    try:
        return _read(unit, staged, making, progress)
    except RecordError:
        raise
    except ValueError:  # one object of another kind must not hold up all others
        failures = tuple(_find_misfits(unit, making))
        if not failures:
            raise
        return Stowed(failures=failures)


def _read(unit: Unit, staged: Staged, making: Making, progress: Any) -> Stowed:
    request = read_request(**{**making.options, "progress": progress})
    sources = [one.source for one in unit.inputs]
    with PartitionedReader(sources, request, making.keys) as reader:
        batches = _until_stopped(reader, making.is_stopped)
        incoming = Incoming(reader.schema, reader.asked, batches, reader)
        names = written_names(incoming.names, making.keys)
        schema = pa.schema([incoming.schema.field(n) for n in names], incoming.schema.metadata)
        encoding, pool = making.encoding, making.pool
        parts = PartFiles(staged, None, schema, encoding, pool, waits=making.waits, run=unit.id)
        parts.fill(incoming, making.keys)
        about = json.loads(incoming.about() or b"{}")
    first = about.get("first_reject")
    return Stowed(
        rows=sum(part.footer.rows for part in parts),
        counts=reader.counts,
        rejects=reader.rejects,
        first_reject=first and first["message"],
        failures=(*_failures(unit, reader.errors), *_find_changed(unit)),
    )


def _until_stopped(
    reader: PartitionedReader, is_stopped: Callable[[], bool]
) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        if is_stopped():
            raise Stopped
        yield batch


def _failures(unit: Unit, errors: pa.Table) -> Iterator[Failure]:
    by_source = {as_text(one.source.name): one for one in unit.inputs}
    for row in errors.to_pylist():
        one = by_source[row["source"]]
        yield Failure(one.name, one.version, row["kind"], row["message"])


def _find_changed(unit: Unit) -> Iterator[Failure]:
    """The files that were written to while they were read: their records may be of no version."""
    for one in unit.inputs:
        if isinstance(one.source, PathSource) and version_of(one.source.name) != one.version:
            message = f"{one.name}: it changed while it was read; the next run reads it anew"
            yield Failure(one.name, one.version, "SourceError", message)


def _find_misfits(unit: Unit, making: Making) -> Iterator[Failure]:
    """The inputs whose format is not known, or lacks what the folders are named after."""
    for one in unit.inputs:
        try:
            found = find_format(one.source, making.options["log_format"])
            if found is not None:
                names, header = found.log_format.columns, found.log_format.header
                check_time(making.keys, time_column(names), f"{header} ({one.name})")
        except LogFormatError as error:
            yield _failure(one, error)
        except (InflateError, SourceError):  # its reading will say so
            pass
        except ValueError as error:
            yield _failure(one, error)


def _failure(one: Input, error: Exception) -> Failure:
    return Failure(one.name, one.version, type(error).__name__, as_text(str(error)))
