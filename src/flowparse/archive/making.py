"""Floor 4: one unit, from its inputs to its objects, and to the manifest that proves them."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from flowparse.archive.laying import lay
from flowparse.archive.manifest import Entry, Manifest, Output
from flowparse.archive.plan import Input, Unit
from flowparse.archive.rest import encode_rest, rest_batch
from flowparse.archive.result import Problem
from flowparse.archive.stores import Store
from flowparse.archive.taking import LeftAlone, Rows, Taken, Taker, read_stored
from flowparse.errors import FlowparseError, InflateError, SourceError
from flowparse.schema import FIRST_MILLISECONDS
from flowparse.sources import version_of
from flowparse.sources.local import PathSource

__all__ = ["AHEAD", "BEGUN", "Made", "Making", "Stopped", "make_unit"]

#: What a run has begun, and not yet committed.
BEGUN: Final = "begun/"
#: Most inputs that are read ahead, which a network needs, and bytes of them as stored.
AHEAD: Final = 32
_SMALL_BYTES: Final = 8 << 20
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]+")
_UNKNOWN: Final = "unknown"


class Stopped(Exception):  # noqa: N818  it is no error
    """The run was asked to end."""


@dataclass(frozen=True, slots=True)
class Making:
    """How units are made.

    Attributes
    ----------
    store : Store
    version : str
        Of flowparse.
    taker : Taker
    pool, encoders : Executor
        Read inputs, and encode columns.
    threads : int
        Inputs that are read at a time where they are large; small ones are many.
    is_stopped : callable
    """

    store: Store
    version: str
    taker: Taker
    pool: Executor
    encoders: Executor
    threads: int
    is_stopped: Callable[[], bool]


@dataclass(slots=True)
class Made:
    """What a unit has become."""

    manifest: Manifest | None = None
    left: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Gathered:
    """What the inputs of a unit have brought so far."""

    entries: list[Entry] = field(default_factory=list)
    rest: list[pa.RecordBatch] = field(default_factory=list)
    files: dict[tuple[str, str, str], list[tuple[int, Rows]]] = field(default_factory=dict)

    def add(self, one: Input, taken: Taken) -> None:
        number = len(self.entries)
        self.entries.append(_entry(one, taken))
        if len(taken.rest[0]):
            self.rest.append(rest_batch(number, *taken.rest))
        account, day = one.group if one.named else _placed(taken)
        for rows in taken.rows:
            key = (account, day, rows.log_format.header)
            self.files.setdefault(key, []).append((number, rows))


def make_unit(unit: Unit, making: Making) -> Made:
    """Read the inputs of a unit, put its objects, and last of all its manifest.

    Raises
    ------
    Stopped
        The run was asked to end; no manifest is there.
    DestinationError
        The objects cannot be put.
    """
    made, gathered = Made(), _Gathered()
    for one, found in _take_ahead(unit, making):
        if making.is_stopped():
            raise Stopped
        if isinstance(found, Problem):
            made.left.append(found)
        else:
            gathered.add(one, found)
    if gathered.entries:
        made.manifest = _put(unit.id, gathered, making)
    return made


def _put(name: str, gathered: _Gathered, making: Making) -> Manifest:
    store = making.store
    store.put(b"", BEGUN + name)
    store.sync()
    outputs = [_put_file(name, n, key, rows, making) for n, (key, rows) in _numbered(gathered)]
    if gathered.rest:
        outputs.append(_put_rest(name, gathered.rest, store))
    store.sync()
    manifest = Manifest(name, gathered.entries, outputs)
    store.put(manifest.to_bytes(making.version), manifest.name)
    store.sync()
    store.delete(BEGUN + name)
    return manifest


def _numbered(gathered: _Gathered) -> Iterator[tuple[int, tuple[tuple[str, str, str], Any]]]:
    """The files, each given up when it is put."""
    for n, key in enumerate(list(gathered.files)):
        yield n, (key, gathered.files.pop(key))


def _put_file(
    name: str, n: int, key: tuple[str, str, str], rows: list[tuple[int, Rows]], making: Making
) -> Output:
    account, day, header = key
    laid = lay(rows, making.pool, making.encoders)
    place = f"data/account={account}/day={day}/{name}-{n}.parquet"
    making.store.put(laid.data, place)
    return Output(
        key=place,
        size=len(laid.data),
        sha256=laid.sha256,
        rows=laid.rows,
        row_groups=laid.row_groups,
        first=laid.first,
        last=laid.last,
        log_format=header,
    )


def _put_rest(name: str, batches: list[pa.RecordBatch], store: Store) -> Output:
    data, rows, groups = encode_rest(batches)
    place = f"rest/{name}.parquet"
    store.put(data, place)
    return Output(place, len(data), hashlib.sha256(data).hexdigest(), rows, groups)


def _take_ahead(unit: Unit, making: Making) -> Iterator[tuple[Input, Taken | Problem]]:
    """The inputs in their order, some of them read ahead."""
    waiting: deque[tuple[Input, Future[Taken | Problem]]] = deque()
    size = 0
    try:
        for one in unit.inputs:
            waiting.append((one, making.pool.submit(_take_one, one, making.taker)))
            size += one.size
            while len(waiting) > (AHEAD if size < _SMALL_BYTES else making.threads):
                first, future = waiting.popleft()
                size -= first.size
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _take_one(one: Input, taker: Taker) -> Taken | Problem:
    try:
        taken = taker.take(one.source, read_stored(one.source))
    except LeftAlone as error:
        return Problem(one.key, "left", str(error))
    except (InflateError, SourceError) as error:
        return Problem(one.key, type(error).__name__, str(error))
    except FlowparseError as error:
        return Problem(one.key, type(error).__name__, str(error))
    if isinstance(one.source, PathSource) and version_of(one.source.name) != one.version:
        message = f"{one.key}: it changed while it was read; the next run reads it anew"
        return Problem(one.key, "SourceError", message)
    return taken


def _entry(one: Input, taken: Taken) -> Entry:
    counts = taken.counts
    return Entry(
        key=one.key,
        size=one.size,
        version=one.version,
        container=taken.container,
        sha256=taken.sha256,
        text_bytes=taken.text_bytes,
        lines=taken.lines,
        records=counts.records,
        rejects=counts.rejects,
        headers=counts.headers,
        blank=counts.blank,
        bytes=taken.volume,
        formats=list(taken.formats),
        edition=one.edition,
    )


def _placed(taken: Taken) -> tuple[str, str]:
    """Account and day of an input whose key does not tell: those of its first record."""
    if not taken.rows:
        return _UNKNOWN, _UNKNOWN
    first = taken.rows[0].batch.slice(0, 1).to_pylist()[0]
    account = first.get("account_id") or ""
    time = first.get("end", first.get("start"))
    day = _UNKNOWN if time is None else _day(time)
    return account if _ACCOUNT.fullmatch(account) else _UNKNOWN, day


def _day(time: int) -> str:
    seconds = time // 1000 if time >= FIRST_MILLISECONDS else time
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return _UNKNOWN
