"""Floor 3: where a run may write, and what stands there from earlier runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from flowparse.errors import DestinationError
from flowparse.writing.staging import local_path

__all__ = ["Mode", "Target", "open_target"]

Mode = Literal["error", "append", "overwrite"]

_SUFFIX: Final = ".parquet"


@dataclass(frozen=True, slots=True)
class Target:
    """The place of one run's files.

    Attributes
    ----------
    path : Path
        What the caller named.
    single : bool
        It is one file, not a folder.
    mode : {"error", "append", "overwrite"}
    keys : tuple of str
        Levels of folders.
    """

    path: Path
    single: bool
    mode: Mode
    keys: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """The folder that files come into, or under."""
        return self.path.parent if self.single else self.path

    def replaced(self) -> list[Path]:
        """The earlier files that make way for this run's; one file is renamed over.

        Raises
        ------
        DestinationError
            There are some and they may neither stay nor go, or are in other folders than
            this run would make.
        """
        earlier = list(self._earlier())
        if earlier and self.mode == "error":
            raise DestinationError(
                f'{earlier[0]} is there from an earlier run: pass mode="append" to add files, '
                'mode="overwrite" to replace them, or name another destination',
                destination=str(earlier[0]),
            )
        if self.mode == "append":
            for path in earlier:
                self._check_folders(path)
        return earlier if self.mode == "overwrite" and not self.single else []

    def _earlier(self) -> Iterator[Path]:
        if not self.single:
            yield from _parquet_files(self.path)
        elif os.path.lexists(self.path):
            yield self.path

    def _check_folders(self, path: Path) -> None:
        folders = path.relative_to(self.path).parts[:-1]
        keys = tuple(name.partition("=")[0] for name in folders if "=" in name)
        if keys != self.keys:
            raise DestinationError(
                f"{path} is partitioned by {_list(keys)}, and this run by {_list(self.keys)}: "
                "a data set needs one layout",
                destination=str(path),
            )


def _list(keys: Sequence[str]) -> str:
    return ", ".join(keys) or "nothing"


def _parquet_files(folder: Path) -> Iterator[Path]:
    """Parquet files at any depth; as for readers, no hidden ones, and none of `_` folders."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        for name in sorted(names):
            if name.endswith(_SUFFIX) and name[0] not in "._":
                yield Path(where, name)


def open_target(destination: str | os.PathLike[str], keys: tuple[str, ...], mode: Mode) -> Target:
    """The caller's destination, checked before anything is read.

    Raises
    ------
    ValueError
        `mode` is none that there is, or does not go with one file.
    DestinationError
        It is remote, is no folder, or holds files that the mode does not allow.
    """
    if mode not in get_args(Mode):
        known = ", ".join(get_args(Mode))
        raise ValueError(f"mode: expected one of {known}, got {mode!r}")
    path = local_path(destination)
    single = path.suffix == _SUFFIX and not keys and not path.is_dir()
    if single and mode == "append":
        raise ValueError(f'mode="append" adds files to a folder, and {path} is one file')
    if not single and os.path.lexists(path) and not path.is_dir():
        raise DestinationError(f"{path} is a file, and no folder", destination=str(path))
    target = Target(path, single, mode, keys)
    target.replaced()
    return target
