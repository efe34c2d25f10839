"""Floor 4: an archive is walked, and all that is wrong with it is named."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

from flowparse.access import read_access
from flowparse.archive.checking import check_unit, read_manifests
from flowparse.archive.frozen import find_frozen
from flowparse.archive.manifest import Manifest
from flowparse.archive.result import Problem, VerifyResult, problem_table
from flowparse.archive.stores import BucketStore, FolderStore, open_store
from flowparse.errors import SourceError
from flowparse.request import Progress

__all__ = ["open_archive", "verify"]


def verify(
    archive: str | os.PathLike[str],
    *,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
    session: Any = None,
) -> VerifyResult:
    r"""Prove an archive against its manifests.

    Parameters
    ----------
    archive : str or path
        A folder, or `s3://bucket/prefix`.
    stop : threading.Event, optional
        Once it is set, the walk ends after the unit at hand.
    progress : callable, optional
        Called with the bytes read so far, and the bytes in all.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    VerifyResult
        Its `problems` have a row for each object that is not as its manifest says (`size`,
        `sha256`, `unreadable`), each manifest that is damaged (`manifest`), each object that no
        manifest lists (`unlisted`), and each input whose text cannot be made again (`text`).

    Raises
    ------
    SourceError
        There is no archive, or it cannot be listed.

    Notes
    -----
    Every object is read whole, one unit after another.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\n")
    >>> _ = flowparse.archive.archive(folder / "logs", folder / "kept")
    >>> [output] = (folder / "kept" / "rest").iterdir()
    >>> _ = output.write_bytes(output.read_bytes()[:-1])
    >>> flowparse.archive.verify(folder / "kept").problems["kind"].to_pylist()
    ['size']
    """
    store = open_archive(archive, session)
    problems: list[Problem] = []
    manifests = list(_manifests(store, problems))
    listed = {one.key for manifest in manifests for one in manifest.outputs}
    problems += _unlisted(store, listed)
    frozen = find_frozen(store, listed)
    total = sum(one.size for manifest in manifests for one in manifest.outputs)
    is_stopped = (stop or threading.Event()).is_set
    n_bytes = units = objects = outputs = 0
    for manifest in manifests:
        if is_stopped():
            break
        if any(one.key in frozen for one in manifest.outputs):
            continue
        n_read, found = check_unit(manifest, store)
        problems += found
        n_bytes += n_read
        units += 1
        bad = {one.object for one in found}
        outputs += sum(one.key not in bad for one in manifest.outputs)
        is_sound = not any(one.key in bad for one in manifest.outputs)
        objects += sum(one.key not in bad for one in manifest.inputs) if is_sound else 0
        if progress is not None:
            progress(n_bytes, total)
    return VerifyResult(
        units, objects, outputs, n_bytes, tuple(frozen.values()), problem_table(problems)
    )


def open_archive(archive: str | os.PathLike[str], session: Any) -> FolderStore | BucketStore:
    """The store of an archive that is there.

    Raises
    ------
    SourceError
        There is none.
    """
    store = open_store(archive, read_access(session))
    if isinstance(store, FolderStore) and not store.path.is_dir():
        raise SourceError(f"{store.path}: no such folder", source=str(store.path))
    if next(iter(store.list("")), None) is None:
        raise SourceError(f"{store.url}: there is no archive", source=store.url)
    return store


def _manifests(store: FolderStore | BucketStore, problems: list[Problem]) -> Iterator[Manifest]:
    for one in read_manifests(store):
        if isinstance(one, Problem):
            problems.append(one)
        else:
            yield one


def _unlisted(store: FolderStore | BucketStore, listed: set[str]) -> Iterator[Problem]:
    for below in ("data/", "rest/"):
        for one in store.list(below):
            if one.name not in listed:
                message = (
                    f"{one.name}: no sound manifest lists it: a run was stopped, and the next "
                    "one removes it; or its manifest is gone or damaged"
                )
                yield Problem(one.name, "unlisted", message)
