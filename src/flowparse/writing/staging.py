"""Floor 3: a file comes into being whole, or not at all.

Stage "stage": files are written into a hidden folder beside their final places, on the same
file system, and renamed together when all of them are complete.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self

from flowparse.errors import DestinationError, FlowparseError

__all__ = ["Stage", "StagedFile", "Staging", "local_path", "naming", "sync_folder"]

_REMOTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def local_path(destination: str | os.PathLike[str]) -> Path:
    """The path that a caller means.

    Raises
    ------
    DestinationError
        It is empty or remote.
    TypeError
        It is no path.
    """
    if not isinstance(destination, str | os.PathLike):
        raise TypeError(f"destination: expected a path, got {type(destination).__name__}")
    text = os.fsdecode(destination)
    if _REMOTE.match(text):
        raise DestinationError(f"{text}: this version writes local files only", destination=text)
    if not text:
        raise DestinationError("destination: the path is empty", destination=text)
    return Path(text)


@contextmanager
def naming(path: Path, what: str) -> Iterator[None]:
    """Turn an error of the system into one that names the destination."""
    try:
        yield
    except FlowparseError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise DestinationError(f"{path}: {what}: {reason}", destination=str(path)) from error


class StagedFile:
    """A file in the making, open only inside `opened`, so that thousands need no descriptors.

    Attributes
    ----------
    path, final : Path
        Where it is written, and where it will stand.
    size : int
        Bytes written so far.
    """

    def __init__(self, path: Path, final: Path) -> None:
        self.path = path
        self.final = final
        self.size = 0
        self._file: BinaryIO | None = None

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Let `write` append inside the block."""
        with naming(self.final, "cannot be written"), self.path.open("ab") as self._file:
            try:
                yield self
            finally:
                self._file = None

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes."""
        if self._file is None:
            raise ValueError("a staged file is written inside opened() only")
        self._file.write(data)
        self.size += len(data)

    def hasten(self) -> None:
        """Let the system begin to bring the bytes to disk, so that `seal` waits for few.

        Linux does that, and goes on, where it is told that they will not be read soon.
        """
        if self._file is not None and hasattr(os, "posix_fadvise"):
            self._file.flush()
            with suppress(OSError):  # not all file systems know it
                os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def seal(self) -> None:
        """Wait until the bytes are on disk."""
        with self.opened():
            assert self._file is not None
            os.fsync(self._file.fileno())


class Stage(Protocol):
    """Where files come into being before they are seen."""

    @property
    def folder(self) -> Path:
        """Their final places are in it or below it."""

    def file(self, final: Path) -> StagedFile:
        """A new file that will be `final`."""


class Staging:
    """A hidden folder of files that are renamed together; a context manager.

    Leaving it removes the hidden folder. What was not committed by then is gone, and so are
    the folders that were made for it.

    Parameters
    ----------
    folder : Path
        Made if it is missing. The final places are in it or below it.

    Raises
    ------
    DestinationError
        The folder cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / f".flowparse-{secrets.token_hex(8)}"
        self.files: list[StagedFile] = []
        self._made: list[Path] = []
        try:
            with naming(folder, "cannot be written to"):
                self._make_folder(folder)
                self.path.mkdir()
        except BaseException:
            self._remove_made()
            raise

    def file(self, final: Path) -> StagedFile:
        """A new file that will be `final`."""
        staged = StagedFile(self.path / f"{len(self.files)}.new", final)
        staged.path.touch()
        self.files.append(staged)
        return staged

    def commit(self, replaced: Sequence[Path] = ()) -> None:
        """Rename every file to its final place; those replaced make way first.

        Raises
        ------
        DestinationError
            A rename failed. All that were done have been undone.
        """
        for file in self.files:
            file.seal()
        undo = ExitStack()
        try:
            with naming(self.folder, "the files cannot be put in place"):
                for number, path in enumerate(replaced):
                    _move(path, self.path / f"{number}.old", undo)
                for file in self.files:
                    self._make_folder(file.final.parent)
                    _move(file.path, file.final, undo)
                self._sync_folders(replaced)
        except BaseException:
            undo.close()
            raise
        undo.pop_all()
        self._made.clear()

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            self._made.append(folder)
            folder.mkdir(exist_ok=True)

    def _sync_folders(self, replaced: Sequence[Path]) -> None:
        changed = {path.parent for path in replaced} | {f.final.parent for f in self.files}
        for folder in changed | {path.parent for path in self._made}:
            sync_folder(folder)

    def _remove_made(self) -> None:
        for folder in reversed(self._made):
            with suppress(OSError):  # someone else put something there
                folder.rmdir()
        self._made.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._remove_made()


def _move(path: Path, place: Path, undo: ExitStack) -> None:
    """Rename, and note how to undo it before it is done: a stop may come in between.

    One file over another is one step: there is nothing to undo, and the name is never missing.
    """
    if not place.exists():
        undo.callback(_move_back, place, path)
    path.replace(place)


def _move_back(place: Path, path: Path) -> None:
    if not path.exists() and place.exists():
        place.replace(path)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's new names are on disk, where the system has that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
