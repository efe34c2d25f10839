"""Floor 2: what the caller has becomes a list of sources. Stage "open".

A listing touches no content.
"""

from __future__ import annotations

import os
from typing import Final

from flowparse.access import Access
from flowparse.prune import EVERYTHING, Scope
from flowparse.request import Request
from flowparse.sources.cloudwatch import LogGroupSource, is_log_group
from flowparse.sources.local import Source, bytes_source, file_source, list_path
from flowparse.sources.s3 import ObjectSource, is_s3, list_objects

__all__ = ["list_requested", "list_sources"]

_ACCEPTED: Final = (
    "a path (str or os.PathLike), a glob, a folder, an s3:// or logs:// address, bytes, bytearray, "
    "memoryview, a binary file object, or a list or tuple of these"
)


def list_sources(
    source: object,
    *,
    scope: Scope = EVERYTHING,
    access: Access | None = None,
    files_too: bool = False,
) -> list[Source]:
    """List the sources that the caller means, in the order in which they are read.

    Parameters
    ----------
    source : str, os.PathLike, bytes, bytearray, memoryview, binary file object, list or tuple
        A path; a glob (`*`, `?`, `[`, and `**` for folders of any depth); a folder, read with
        its sub-folders; an object or a prefix of S3; a log group, `logs://REGION/GROUP`; bytes; a
        binary file object; or a list of these. A path that exists is taken as it stands, whatever
        characters it has.
    scope : Scope
        What can be of use: of the objects below a prefix that AWS named, the others are left out.
    access : Access, optional
        How AWS is reached.
    files_too : bool
        The same holds for the files of a folder or a glob.

    Returns
    -------
    list of Source
        The files of a glob or a folder are sorted by path, objects by key. An empty folder or
        prefix is an empty list.

    Raises
    ------
    SourceError
        A path or object is missing, a glob matches nothing, or a folder or bucket cannot be
        listed. Nothing has been read by then.
    TypeError
        Something else was given, such as a file object in text mode or a list in a list.

    Notes
    -----
    In a folder, files and sub-folders whose names start with `.` or `_` are skipped, and so
    are `aws-logs-write-test`, which an export of CloudWatch Logs leaves there, and pipes, sockets
    and devices; links are followed, and a folder that links lead to twice is read once. A glob
    matches as in a shell; a folder that it matches is read like any folder. A file that cannot
    be looked at is listed: opening it tells why.

    Examples
    --------
    >>> [s.name for s in list_sources([b"2 - -", b""])]
    ['<bytes>', '<bytes>']
    >>> list_sources(b"2 - -")[0].size
    5
    """
    items = source if isinstance(source, list | tuple) else [source]
    access = access or Access()
    of_files = scope if files_too else EVERYTHING
    return [one for item in items for one in _list_one(item, scope, of_files, access)]


def list_requested(source: object, request: Request) -> list[Source]:
    """The sources that can hold what a request asks for; as `list_sources`."""
    return list_sources(source, scope=Scope.of(request), access=request.access, files_too=True)


def _list_one(source: object, scope: Scope, of_files: Scope, access: Access) -> list[Source]:
    if isinstance(source, str | os.PathLike):
        return _list_text(os.fsdecode(source), scope, of_files, access)
    if isinstance(source, bytes | bytearray | memoryview):
        return [bytes_source(source)]
    if hasattr(source, "read"):
        return [file_source(source)]
    if isinstance(source, ObjectSource):
        return [source]
    if isinstance(source, list | tuple):
        raise TypeError("a list of sources cannot hold a list: pass one flat list")
    raise TypeError(f"cannot read from {type(source).__name__}: expected {_ACCEPTED}")


def _list_text(text: str, scope: Scope, of_files: Scope, access: Access) -> list[Source]:
    if is_s3(text):
        return list(list_objects(text, access, scope))
    if is_log_group(text):
        return [LogGroupSource(text, access)]
    return list(list_path(text, of_files))
