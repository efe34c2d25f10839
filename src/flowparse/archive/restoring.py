"""Floor 4: the text of each original comes back under its own key."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from isal import isal_zlib

from flowparse.access import read_access
from flowparse.archive.checking import read_manifests, read_outputs, texts_of
from flowparse.archive.frozen import find_frozen
from flowparse.archive.manifest import Entry, Manifest
from flowparse.archive.result import Frozen, Problem, RestoreResult, problem_table
from flowparse.archive.stores import BucketStore, FolderStore, PutOptions, open_store
from flowparse.archive.taking import inflated
from flowparse.archive.verifying import open_archive
from flowparse.errors import FlowparseError, SourceError
from flowparse.request import Progress

__all__ = ["WhenFrozen", "restore"]

_GZIP_WBITS: Final = 31

#: Told of the objects that have to be thawed; gives whether to look again at what can be read.
WhenFrozen = Callable[[Sequence[Frozen]], bool]


def restore(
    archive: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    keys: str | Iterable[str] | None = None,
    overwrite: bool = False,
    when_frozen: WhenFrozen | None = None,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
    session: Any = None,
) -> RestoreResult:
    r"""Give back each original object's text under its own key, byte for byte.

    Parameters
    ----------
    archive : str or path
        A folder, or `s3://bucket/prefix`.
    destination : str or path
        A folder, or `s3://bucket/prefix`. Made if it is missing.
    keys : str or list of str, optional
        Patterns of keys, such as `*/2026/11/24/*`, of which one has to match; `*` is anything,
        `/` among it.
    overwrite : bool
        Replace what is there with another text. Otherwise it is a problem.
    when_frozen : callable, optional
        Called once with the list of `Frozen` objects that are needed and cannot be read before
        they are thawed. Where it returns True, it is looked again at what can be read. What
        still cannot is in the result's `frozen`; run again when it is thawed.
    stop : threading.Event, optional
        Once it is set, the run ends after the object at hand.
    progress : callable, optional
        Called with the bytes of text made so far, and the bytes in all.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    RestoreResult

    Raises
    ------
    SourceError
        There is no archive.
    DestinationError
        The destination cannot be written to.

    Notes
    -----
    What was gzip is gzip again; its text is what it was, its compressed bytes need not be. Every
    object of the archive is compared with its manifest, and every text with its SHA-256, before
    it is written. An object that is there with its text is not written again, so a run that was
    stopped is simply run again. Of an object that was archived in several versions the last one
    comes back.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_bytes(b"version dstport\r\n2 443\r\n")
    >>> _ = flowparse.archive.archive(folder / "logs", folder / "kept")
    >>> flowparse.archive.restore(folder / "kept", folder / "back", keys="*.log").objects
    1
    >>> (folder / "back" / "a.log").read_bytes()
    b'version dstport\r\n2 443\r\n'
    """
    patterns = [keys] if isinstance(keys, str) else None if keys is None else list(keys)
    store = open_archive(archive, session)
    target = open_store(destination, read_access(session), PutOptions())
    problems: list[Problem] = []
    wanted, older = _wanted(store, patterns, problems)
    frozen = _thaw(store, wanted, when_frozen)
    run = _Run(store, target, overwrite, problems)
    run.total = sum(one.text_bytes for _, some in wanted for one in some)
    run.progress = progress
    is_stopped = (stop or threading.Event()).is_set
    for manifest, entries in wanted:
        if is_stopped():
            break
        if not any(one.key in frozen for one in manifest.outputs):
            run.unit(manifest, entries, is_stopped)
    target.sync()
    target.clear_staging()
    return replace(
        run.result,
        older=older,
        frozen=tuple(frozen.values()),
        problems=problem_table(problems),
    )


def _wanted(
    store: FolderStore | BucketStore, patterns: list[str] | None, problems: list[Problem]
) -> tuple[list[tuple[Manifest, list[Entry]]], int]:
    """Units with the inputs that are wanted of each; and how many are older editions."""
    manifests = []
    last: dict[str, int] = {}
    for one in read_manifests(store):
        if isinstance(one, Problem):
            problems.append(one)
            continue
        manifests.append(one)
        for entry in one.inputs:
            last[entry.key] = max(entry.edition, last.get(entry.key, 0))
    found, older = [], 0
    for manifest in manifests:
        asked = [one for one in manifest.inputs if _is_asked(one.key, patterns)]
        newest = [one for one in asked if one.edition == last[one.key]]
        older += len(asked) - len(newest)
        if newest:
            found.append((manifest, newest))
    return found, older


def _is_asked(key: str, patterns: list[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(key, pattern) for pattern in patterns)


def _thaw(
    store: FolderStore | BucketStore,
    wanted: list[tuple[Manifest, list[Entry]]],
    when_frozen: WhenFrozen | None,
) -> dict[str, Frozen]:
    """The objects that cannot be read, after the caller was told of them."""
    names = {one.key for manifest, _ in wanted for one in manifest.outputs}
    frozen = find_frozen(store, names)
    if frozen and when_frozen is not None and when_frozen(list(frozen.values())):
        return find_frozen(store, frozen)
    return frozen


@dataclass(slots=True)
class _Run:
    """One run, and what it has done so far."""

    store: FolderStore | BucketStore
    target: FolderStore | BucketStore
    overwrite: bool
    problems: list[Problem]
    total: int = 0
    done: int = 0
    progress: Progress | None = None
    result: RestoreResult = field(default_factory=RestoreResult)

    def unit(
        self, manifest: Manifest, entries: list[Entry], is_stopped: Callable[[], bool]
    ) -> None:
        """Restore inputs of one unit."""
        missing = {one.key for one in entries if not self._is_there(one)}
        if not missing:
            return
        outputs, problems = read_outputs(manifest, self.store)
        if problems:
            self.problems += problems
            return
        for entry, text in texts_of(manifest, outputs):
            if is_stopped():
                return
            if entry.key not in missing:
                continue
            if isinstance(text, Problem):
                self.problems.append(text)
            else:
                self._put(entry, text)
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        self.done += entry.text_bytes
        if self.progress is not None:
            self.progress(self.done, self.total)

    def _is_there(self, entry: Entry) -> bool:
        """Whether nothing is to be done for an input."""
        if isinstance(self.target, FolderStore) and not _is_safe(entry.key):
            message = f"{entry.key}: it leads out of the destination"
            self.problems.append(Problem(entry.key, "key", message))
            return True
        text = self._text_of(entry.key)
        if text is None:
            return False
        if hashlib.sha256(text).hexdigest() == entry.sha256:
            self.result = replace(self.result, known=self.result.known + 1)
            self._tell(entry)
            return True
        if not self.overwrite:
            message = f"{entry.key}: another text is there; overwrite=True replaces it"
            self.problems.append(Problem(entry.key, "there", message))
        return not self.overwrite

    def _text_of(self, key: str) -> bytes | None:
        if self.target.size(key) is None:
            return None
        try:
            return inflated(key, self.target.read(key))[1]
        except SourceError:
            return b""
        except FlowparseError:
            return b""

    def _put(self, entry: Entry, text: memoryview) -> None:
        is_gzip = entry.container == "gzip"
        data = isal_zlib.compress(text, wbits=_GZIP_WBITS) if is_gzip else bytes(text)
        self.target.put(data, entry.key)
        self.result = replace(
            self.result,
            objects=self.result.objects + 1,
            bytes_text=self.result.bytes_text + len(text),
        )


def _is_safe(key: str) -> bool:
    """A key of a manifest is a path below the destination, and no other."""
    parts = key.split("/")
    return not key.startswith("/") and "\\" not in key and not {"", ".", ".."}.intersection(parts)
