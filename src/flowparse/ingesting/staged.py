"""Floor 3: the files of one unit before anyone sees them. Stage "stage"."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from flowparse.writing.staging import StagedFile, naming

__all__ = ["Staged"]


class Staged:
    """A folder of files in the making; a context manager. Leaving it removes what is left.

    Parameters
    ----------
    folder : Path
        Of this unit alone. What a run that died has left in it is removed.

    Attributes
    ----------
    files : list of StagedFile
        Their `final`, relative to the folder, is their name below the destination.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[StagedFile] = []
        shutil.rmtree(folder, ignore_errors=True)
        with naming(folder, "cannot be written to"):
            folder.mkdir(parents=True)

    def file(self, final: Path) -> StagedFile:
        """A new file that will be `final`."""
        staged = StagedFile(self.folder / f"{len(self.files)}.new", final)
        with naming(staged.path, "cannot be written"):
            staged.path.touch()
        self.files.append(staged)
        return staged

    def seal(self) -> None:
        """Wait until all bytes are on disk.

        Raises
        ------
        DestinationError
            They cannot be: the disk is full, or broken.
        """
        for file in self.files:
            file.seal()

    def name_of(self, file: StagedFile) -> str:
        """Of a file below the destination, with `/`."""
        return file.final.relative_to(self.folder).as_posix()

    def listing(self) -> list[tuple[str, int]]:
        """Name and bytes of each file."""
        return [(self.name_of(file), file.size) for file in self.files]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
