"""Floor 4: small objects into an archive. The public face of archiving."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flowparse.access import Access, read_access
from flowparse.archive.checking import check_unit, read_manifests
from flowparse.archive.making import AHEAD, BEGUN, Making, Stopped, make_unit
from flowparse.archive.manifest import Manifest
from flowparse.archive.originals import open_originals
from flowparse.archive.plan import (
    UNIT_BYTES,
    UNIT_OBJECTS,
    Input,
    list_inputs,
    make_units,
    own_keys,
)
from flowparse.archive.result import ArchiveResult, Problem, originals_table, problem_table
from flowparse.archive.stores import BucketStore, FolderStore, PutOptions, open_store
from flowparse.archive.taking import Taker
from flowparse.errors import SourceError
from flowparse.ingesting.lock import hold
from flowparse.logformat import LogFormat
from flowparse.request import Progress, read_request

__all__ = ["archive"]

#: In S3 another run may be at work; nothing younger is taken for what a dead one left.
_DEAD_SECONDS: Final = 86_400
_DELETERS: Final = 16


def archive(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    verify: bool = False,
    delete_originals: bool = False,
    apply: bool = False,
    storage_class: str | None = None,
    sse: str | None = None,
    kms_key_id: str | None = None,
    log_format: LogFormat | str | None = None,
    unit_objects: int = UNIT_OBJECTS,
    unit_bytes: int = UNIT_BYTES,
    threads: int | None = None,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
    session: Any = None,
) -> ArchiveResult:
    r"""Make few large Parquet objects of many small ones, so that each can be had back.

    Objects of one account and day become *units*: Parquet with zstd, a file for each log format,
    sorted by interface and addresses; a file with all that its columns do not spell; and last a
    manifest, which proves both. An object that is archived is not read again; wherever a run is
    stopped, the next one goes on.

    Parameters
    ----------
    source : str or path
        A folder, a file, or `s3://bucket/prefix/`. Keys are kept as they are below it.
    destination : str or path
        A folder, or `s3://bucket/prefix`. Made if it is missing.
    verify : bool
        Read what was written back, from where it lies, and make every input's text again.
    delete_originals : bool
        Say which originals could go: those of units that are proved, which is done first, whether
        this run made them or an earlier one.
    apply : bool
        Remove them.
    storage_class : str, optional
        Of the objects in S3, such as `GLACIER_IR`; manifests stay in the bucket's own.
    sse : {"AES256", "aws:kms", "aws:kms:dsse"}, optional
    kms_key_id : str, optional
        Server-side encryption of the objects in S3.
    log_format : LogFormat or str, optional
        Of text without a header.
    unit_objects, unit_bytes : int
        Most objects of a unit, and bytes of them as stored.
    threads : int, optional
        Inputs that are read at a time; None is one for each core.
    stop : threading.Event, optional
        Once it is set the run ends; what it was at is left to the next run.
    progress : callable, optional
        Called with the bytes read so far, and the bytes in all.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    ArchiveResult

    Raises
    ------
    DestinationError
        Another run is at work, or objects cannot be put.
    SourceError
        The source cannot be listed; a manifest of the archive is damaged.
    ValueError
        An option is none that there is.

    Notes
    -----
    Text comes back byte for byte, whatever it is: lines that are no records, and records whose
    text is not what their columns spell, are kept as they stand. What holds Parquet or JSON is
    left where it is, and listed in the result's `left`.

    Before a file is removed, its size, time and inode are compared with what was read; before an
    object is, its ETag, which goes along with the request.

    Memory: the records of a unit, some 3 GiB of text at the most by default, and the text of as
    many inputs as there are threads.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\n02 443\nodd\n")
    >>> flowparse.archive.archive(folder / "logs", folder / "kept").records
    2
    >>> flowparse.archive.archive(folder / "logs", folder / "kept").known
    1
    >>> _ = flowparse.archive.restore(folder / "kept", folder / "back")
    >>> (folder / "back" / "a.log").read_text()
    'version dstport\n2 443\n02 443\nodd\n'
    """
    if apply and not delete_originals:
        raise ValueError("apply: it removes originals: pass delete_originals=True as well")
    for name, value in (("unit_objects", unit_objects), ("unit_bytes", unit_bytes)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}: expected 1 or more, got {value!r}")
    request = read_request(log_format=log_format, threads=threads, session=session)
    access = read_access(session)
    store = open_store(destination, access, PutOptions(storage_class, sse, kms_key_id))
    order = _Order(verify or delete_originals, delete_originals, apply)
    is_stopped = (stop or threading.Event()).is_set
    with ExitStack() as stack:
        if isinstance(store, FolderStore):
            stack.enter_context(hold(store.path / ".flowparse-lock", 0, is_stopped))
        is_far = isinstance(source, str) and source.startswith("s3://")
        readers = AHEAD if is_far else request.threads
        pool = stack.enter_context(ThreadPoolExecutor(readers, "flowparse-archive"))
        encoders = stack.enter_context(ThreadPoolExecutor(request.threads, "flowparse-encode"))
        making = Making(
            store=store,
            version=_version(),
            taker=Taker(request.log_format),
            pool=pool,
            encoders=encoders,
            threads=request.threads,
            is_stopped=is_stopped,
        )
        run = _Run(store, making, order, progress)
        return run.work(source, access, unit_objects, unit_bytes)


def _version() -> str:
    from importlib.metadata import version

    return version("flowparse")


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for beside archiving."""

    verify: bool
    delete: bool
    apply: bool


@dataclass(slots=True)
class _Run:
    """One run, and what it has done so far."""

    store: FolderStore | BucketStore
    making: Making
    order: _Order
    progress: Progress | None
    result: ArchiveResult = field(default_factory=ArchiveResult)
    left: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    made: list[Manifest] = field(default_factory=list)

    def work(
        self, source: str | os.PathLike[str], access: Access, n_objects: int, n_bytes: int
    ) -> ArchiveResult:
        manifests = list(_sound(read_manifests(self.store)))
        self._clear(manifests)
        inputs, odd = list_inputs(source, access, self.store.url)
        self.left += [Problem(name, "left", f"{name}: {reason}") for name, reason in odd]
        known = own_keys(manifests)
        new = [
            replace(one, edition=known[one.key][0] + 1) if one.key in known else one
            for one in inputs
            if known.get(one.key, (0, ""))[1] != one.version
        ]
        self.result = replace(self.result, known=len(inputs) - len(new))
        try:
            self._make(new, n_objects, n_bytes)
            proved = self._prove(manifests, inputs)
            if self.order.delete:
                self._delete(proved, inputs)
        except Stopped:
            pass
        return replace(
            self.result,
            left=problem_table(self.left),
            problems=problem_table(self.problems),
        )

    def _clear(self, manifests: list[Manifest]) -> None:
        """Remove what runs that died have begun and not committed."""
        self.store.clear_staging()
        listed = {one.unit for one in manifests}
        young = time.time() - _DEAD_SECONDS if isinstance(self.store, BucketStore) else None
        begun = {
            one.name.removeprefix(BEGUN)
            for one in self.store.list(BEGUN)
            if young is None or one.modified < young
        }
        dead = begun - listed
        for below in ("data/", "rest/") if dead else ():
            for one in list(self.store.list(below)):
                if _unit_of(one.name) in dead:
                    self.store.delete(one.name)
        for unit in begun:
            self.store.delete(BEGUN + unit)

    def _make(self, new: list[Input], n_objects: int, n_bytes: int) -> None:
        total, done = sum(one.size for one in new), 0
        for unit in make_units(new, n_objects, n_bytes):
            if self.making.is_stopped():
                raise Stopped
            made = make_unit(unit, self.making)
            self.left += made.left
            if made.manifest is not None:
                self.made.append(made.manifest)
                self._count(made.manifest)
            done += sum(one.size for one in unit.inputs)
            if self.progress is not None:
                self.progress(done, total)

    def _count(self, manifest: Manifest) -> None:
        before, inputs = self.result, manifest.inputs
        self.result = replace(
            before,
            units=before.units + 1,
            objects=before.objects + len(inputs),
            changed=before.changed + sum(one.edition > 1 for one in inputs),
            records=before.records + sum(one.records for one in inputs),
            rejects=before.rejects + sum(one.rejects for one in inputs),
            whole=before.whole + sum(one.lines > 0 and not _judged(one) for one in inputs),
            bytes_read=before.bytes_read + sum(one.size for one in inputs),
            bytes_text=before.bytes_text + sum(one.text_bytes for one in inputs),
            bytes_written=before.bytes_written + sum(one.size for one in manifest.outputs),
        )

    def _prove(self, manifests: list[Manifest], inputs: list[Input]) -> list[Manifest]:
        """Check the units of this run, and where originals go, earlier ones that have some."""
        if not self.order.verify:
            return []
        there = {(one.key, one.version) for one in inputs} if self.order.delete else set()
        earlier = [one for one in manifests if any((e.key, e.version) in there for e in one.inputs)]
        proved = []
        for manifest in [*earlier, *self.made]:
            if self.making.is_stopped():
                raise Stopped
            _, problems = check_unit(manifest, self.store)
            self.problems += problems
            if not problems:
                proved.append(manifest)
        self.result = replace(self.result, verified=len(proved))
        return proved

    def _delete(self, proved: list[Manifest], inputs: list[Input]) -> None:
        by_key = {(one.key, one.version): one for one in inputs}
        last = own_keys(proved)
        units = {
            (e.key, e.version): m.unit
            for m in proved
            for e in m.inputs
            if last[e.key] == (e.edition, e.version)  # the one that restore gives back
        }
        going = [(by_key[key], unit) for key, unit in units.items() if key in by_key]
        originals = open_originals([one for one, _ in going])
        kept: list[Problem] = []
        gone = going
        if self.order.apply:
            gone, kept = self._remove(going, originals.remove)
        rows = [{"object": one.key, "bytes": one.size, "unit": unit} for one, unit in gone]
        self.result = replace(
            self.result,
            originals=originals_table(rows),
            not_deleted=problem_table(kept),
            remains=originals.remains() if going else "",
        )

    def _remove(
        self, going: list[tuple[Input, str]], remove: Any
    ) -> tuple[list[tuple[Input, str]], list[Problem]]:
        gone, kept = [], []

        def remove_one(one: Input) -> Problem | str | None:
            return "stopped" if self.making.is_stopped() else remove(one)

        with ThreadPoolExecutor(_DELETERS, "flowparse-delete") as pool:
            found = pool.map(remove_one, [one for one, _ in going])
            for pair, problem in zip(going, found, strict=True):
                if problem is None:
                    gone.append(pair)
                elif isinstance(problem, Problem):
                    kept.append(problem)
        return gone, kept


def _judged(entry: Any) -> bool:
    return bool(entry.records or entry.rejects or entry.headers or entry.blank)


def _sound(manifests: Iterable[Manifest | Problem]) -> Iterator[Manifest]:
    for one in manifests:
        if isinstance(one, Problem):
            raise SourceError(
                f"{one.message}; 'flowparse verify' tells all that is wrong with the archive",
                source=one.object,
            )
        yield one


def _unit_of(name: str) -> str:
    """The unit of an object of the archive."""
    base = name.rpartition("/")[2].removesuffix(".parquet")
    return base.partition("-")[0]
