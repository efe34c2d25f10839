"""Floor 3: what one call of `ingest` asks for, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from flowparse.errors import DestinationError
from flowparse.ingesting.plan import Bounds
from flowparse.logformat import LogFormat
from flowparse.request import Progress, read_request
from flowparse.schema import SchemaName
from flowparse.times import Moment, read_age, read_bound
from flowparse.writing.partition import Partition, read_partition_by

__all__ = ["Reading", "read_bounds", "read_reading", "state_folder"]

_SUFFIX: Final = ".ingest"


@dataclass(frozen=True, slots=True)
class Reading:
    """How objects are read.

    Attributes
    ----------
    options : dict
        As `read_request` takes them.
    threads : int
    fixed : dict of str to str
        What must be the same in every run, as text for people.
    keys : tuple of str
        Levels of folders.
    """

    options: dict[str, Any]
    threads: int
    fixed: dict[str, str]
    keys: tuple[Partition, ...]


def read_reading(
    *,
    partition_by: Sequence[Partition],
    columns: Sequence[str] | None,
    filters: Sequence[Any] | None,
    log_format: LogFormat | str | None,
    schema: SchemaName,
    on_reject: Any,
    threads: int | None,
    progress: Progress | None,
) -> Reading:
    """The caller's options of reading, checked.

    Raises
    ------
    ValueError, LogFormatError
        As `read_request` and `read_partition_by`.
    """
    keys = read_partition_by(partition_by)
    options: dict[str, Any] = {
        "columns": columns,
        "filters": filters,
        "log_format": log_format,
        "schema": schema,
        "on_reject": on_reject,
        "threads": threads,
    }
    request = read_request(**options, progress=progress)
    # An object that fails must not end the run, nor may a part of it be published.
    options["on_reject"] = "raise" if on_reject == "raise" else "collect"
    options["log_format"] = request.log_format
    named = None if request.columns is None else [column.name for column in request.columns]
    fixed = {
        "partition_by": ", ".join(keys) or "nothing",
        "columns": "all" if named is None else ", ".join(named),
        "filters": repr(list(filters)) if filters else "none",
        "schema": schema,
    }
    return Reading(options, request.threads, fixed, keys)


def read_bounds(
    since: Moment | None,
    look_back: str | float | timedelta | None,
    unit_objects: int,
    unit_bytes: int,
) -> Bounds:
    """The caller's bounds, checked.

    Raises
    ------
    ValueError
        One of them is no time, no age, or not positive.
    """
    for name, value in (("unit_objects", unit_objects), ("unit_bytes", unit_bytes)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}: expected 1 or more, got {value!r}")
    return Bounds(
        since=None if since is None else float(read_bound(since, "since")),
        look_back=None if look_back is None else float(read_age(look_back, "look_back")),
        unit_objects=unit_objects,
        unit_bytes=unit_bytes,
    )


def state_folder(
    state: str | os.PathLike[str] | None,
    destination: str | os.PathLike[str],
    *,
    is_path: bool,
) -> Path:
    """Where the state is kept: where the caller says, or beside a local destination.

    Raises
    ------
    DestinationError
        The destination is remote, so that there is no place beside it.
    """
    if state is not None:
        return Path(os.fsdecode(state))
    if not is_path or "://" in os.fsdecode(destination):
        raise DestinationError(
            f"{os.fsdecode(destination)} is not on this machine: pass state, a folder on a local "
            "disk that keeps what was ingested",
            destination=os.fsdecode(destination),
        )
    path = Path(os.path.realpath(destination))
    return path.with_name(path.name + _SUFFIX)
