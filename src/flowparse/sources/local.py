"""Floor 2: what the caller has becomes a list of sources.

Stage "open": paths, globs, folders, bytes and binary file objects of this machine. A listing
touches no content; a `Reader` is one pass over the bytes of one source.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Final, Protocol

from flowparse.errors import SourceError
from flowparse.prune import EVERYTHING, Scope

__all__ = [
    "BytesSource",
    "FileSource",
    "PathSource",
    "Reader",
    "Source",
    "as_text",
    "bytes_source",
    "file_source",
    "is_shown",
    "list_path",
    "version_of",
]

#: What an export of CloudWatch Logs leaves beside its logs, to see whether it may write there.
_WRITE_TEST: Final = "aws-logs-write-test"
_SHOWN_CHARACTERS: Final = 200


class _BinaryFile(Protocol):
    """What a `Reader` needs of a file object."""

    def read(self, size: int, /) -> object: ...


class Reader:
    """One pass over the bytes of a source.

    Parameters
    ----------
    name : str
        Name of the source, for errors.
    file : binary file object
        Its `read` may give fewer bytes than asked; none mean the end.
    close : callable
        What ends the pass. A file object that the caller opened stays open.

    Attributes
    ----------
    taken : int
        Bytes read so far.
    """

    def __init__(self, name: str, file: _BinaryFile, close: Callable[[], object]) -> None:
        self.taken = 0
        self._name = name
        self._file = file
        self._close = close

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end.

        Raises
        ------
        SourceError
            The system, or the file object, could not read on.
        TypeError
            The file object gives text.
        """
        try:
            data = self._file.read(size)
        except SourceError:  # it says all there is to say
            raise
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self._name, error) from error
        if not isinstance(data, bytes):
            data = self._as_bytes(data)
        self.taken += len(data)
        return data

    def close(self) -> None:
        """End the pass."""
        self._close()

    def seekable_file(self) -> Any | None:
        """What is read from, where it can seek."""
        seekable = getattr(self._file, "seekable", None)
        return self._file if seekable is not None and seekable() else None

    def _as_bytes(self, data: object) -> bytes:
        if isinstance(data, bytearray | memoryview):
            return bytes(data)
        if data is None:
            raise SourceError(
                f"{self._name}: cannot be read: no data yet; it must be in blocking mode",
                source=self._name,
            )
        raise TypeError(
            f"{self._name}: read() gave {type(data).__name__}, not bytes: open it in binary mode"
        )


class Source(Protocol):
    """Anything whose bytes can be read."""

    @property
    def name(self) -> str:
        """What messages and the `source` column call it."""

    @property
    def size(self) -> int | None:
        """Bytes in all; None where that is not known before reading."""

    @property
    def rereadable(self) -> bool:
        """Whether `open` may be called again, and gives the same bytes."""

    @property
    def version(self) -> str | None:
        """What differs when the bytes do; None where nothing tells."""

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass at a byte offset."""


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file by its path. A pipe or device has no size and can be read only once.

    Its version is what its status said when it was listed: see `version_of`.
    """

    name: str
    size: int | None
    rereadable: bool = True
    version: str | None = None

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass at a byte offset.

        Raises
        ------
        SourceError
            The file cannot be opened: denied, gone, or a folder. The message has the
            system's reason.
        """
        try:
            file = FileIO(self.name)
            if offset:
                file.seek(offset)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        return Reader(self.name, file, file.close)


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory, read where they lie."""

    data: bytes | bytearray | memoryview = field(repr=False)
    name: str = "<bytes>"
    rereadable: bool = True
    version: None = None

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def open(self, offset: int = 0) -> Reader:
        """Begin a pass at a byte offset."""
        return Reader(self.name, _ViewFile(memoryview(self.data), offset), _leave_open)

    def __reduce__(self) -> tuple[type[BytesSource], tuple[bytes, str, bool]]:
        """A view of memory cannot be pickled; its bytes can."""
        return BytesSource, (bytes(self.data), self.name, self.rereadable)


class FileSource:
    """A binary file object, read from where it stands, once, and left open."""

    size: None = None
    rereadable = False
    version: None = None

    def __init__(self, file: _BinaryFile) -> None:
        name = getattr(file, "name", None)
        self.name = name if isinstance(name, str) else "<file>"
        self._file = file
        self._opened = False

    def open(self, offset: int = 0) -> Reader:
        """Begin the one pass.

        Raises
        ------
        SourceError
            It has begun before.
        """
        if self._opened or offset:
            raise SourceError(
                f"{self.name}: a file object can be read only once; pass its path to read it again",
                source=self.name,
            )
        self._opened = True
        return Reader(self.name, self._file, _leave_open)


def bytes_source(data: bytes | bytearray | memoryview) -> BytesSource:
    """Bytes as a source."""
    return BytesSource(_flat(data))


def file_source(file: _BinaryFile) -> FileSource:
    """A binary file object as a source.

    Raises
    ------
    TypeError
        It is open in text mode.
    """
    return FileSource(_check_binary(file))


def _flat(data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    """The same bytes with one byte an item; only a view with gaps is copied."""
    if not isinstance(data, memoryview):
        return data
    return data.cast("B") if data.c_contiguous else data.tobytes()


def _check_binary(file: _BinaryFile) -> _BinaryFile:
    """Refuse a file object that decodes: those have an `encoding`."""
    if hasattr(file, "encoding"):
        raise TypeError(
            f"{getattr(file, 'name', '<file>')} is open in text mode: "
            "open it in binary mode ('rb'), or pass sys.stdin.buffer for sys.stdin"
        )
    return file


def as_text(name: str) -> str:
    """The name of a source as text that Arrow can hold: a file's name may be any bytes."""
    return name.encode("utf-8", "backslashreplace").decode()


def version_of(path: str) -> str | None:
    """The version of a file as it is now: size, time of change and inode; None if it is gone.

    A file that was written anew under its name has another one, whatever its size.
    """
    try:
        return _version(Path(path).stat())
    except OSError:
        return None


def _version(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def list_path(path: str, scope: Scope = EVERYTHING) -> list[PathSource]:
    """The files that a path, glob or folder means, sorted by path.

    Parameters
    ----------
    path : str
        One that exists is taken as it stands, whatever characters it has.
    scope : Scope
        Of the files that AWS named and that were not named here, those are passed over that
        cannot hold what is wanted.

    Raises
    ------
    SourceError
        It is missing, or a folder cannot be listed.
    """
    found = [path] if _exists(path) else _expand(path)
    if not found:
        raise _missing(path)
    listed = {file.name: file for one in found for file in _list_at(one, set())}
    if not scope.is_everything:
        named = {one for one in found if one == path}
        listed = {n: one for n, one in listed.items() if n in named or scope.may_hold_name(n)}
    return sorted(listed.values(), key=_key)


def _exists(path: str) -> bool:
    """Whether something is there, even if this user may not look at it."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return path != ""


def _expand(pattern: str) -> list[str]:
    """What a glob matches; nothing where it is none."""
    if not glob.has_magic(pattern):
        return []
    # pathlib normalizes what the caller wrote, and its final `**` leaves out files.
    return glob.glob(pattern, recursive=True)  # noqa: PTH207


def _list_at(path: str, folders: set[tuple[int, int]]) -> Iterator[PathSource]:
    """The file at `path`, or the files below it. `folders` are those already listed."""
    yield from _list_status(path, Path(path).stat, folders)


def _list_status(
    path: str, stat_it: Callable[[], os.stat_result], folders: set[tuple[int, int]]
) -> Iterator[PathSource]:
    try:
        status = stat_it()
    except OSError:
        yield PathSource(path, None)
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _list_folder(path, status, folders)
    elif stat.S_ISREG(status.st_mode):
        yield PathSource(path, status.st_size, version=_version(status))
    elif not folders:
        yield PathSource(path, None, rereadable=False)


def _list_folder(
    path: str, status: os.stat_result, folders: set[tuple[int, int]]
) -> Iterator[PathSource]:
    identity = (status.st_dev, status.st_ino)
    if identity in folders:
        return
    folders.add(identity)
    for entry in _entries(path):
        yield from _list_status(entry.path, entry.stat, folders)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder, without what is hidden, in order."""
    try:
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if is_shown(entry.name)]
        return sorted(shown, key=lambda entry: entry.path)
    except OSError as error:
        raise SourceError(
            f"{folder}: the folder cannot be listed: {_reason(error)}", source=folder
        ) from error


def is_shown(name: str) -> bool:
    """Whether a name in a folder, or below a prefix, is not that of something else."""
    return name[:1] not in (".", "_") and name != _WRITE_TEST


def _key(file: PathSource) -> bytes:
    """Order of an S3 listing: by the bytes of the whole path."""
    return os.fsencode(file.name.replace(os.sep, "/"))


def _missing(path: str) -> SourceError:
    shown = path if len(path) <= _SHOWN_CHARACTERS else path[:_SHOWN_CHARACTERS] + "…"
    if "\n" in path:
        return SourceError(f"{shown!r}: no such file; pass text as bytes", source=path)
    what = "no file matches" if glob.has_magic(path) else "no such file or folder"
    return SourceError(f"{shown}: {what}", source=path)


def _unreadable(name: str, error: Exception) -> SourceError:
    return SourceError(f"{name}: cannot be read: {_reason(error)}", source=name)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _ViewFile:
    """Reads bytes in memory, a copy of one piece at a time."""

    def __init__(self, view: memoryview, offset: int) -> None:
        self._view = view
        self._at = offset

    def read(self, size: int, /) -> bytes:
        piece = bytes(self._view[self._at : self._at + size])
        self._at += len(piece)
        return piece


def _leave_open() -> None:
    """Close nothing: the caller opened it."""
