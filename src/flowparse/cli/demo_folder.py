"""Floor 5: the folder of the demo, which replaces its own files and never those of others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

__all__ = ["own_folder"]

#: Lists what the demo made. Readers skip it: its name begins with a dot.
_MARK: Final = ".flowparse-demo"


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make the folder, or empty it of what the demo made before.

    At the end, however it ends, what is in the folder is noted as the demo's.

    Raises
    ------
    click.BadParameter
        The folder holds what the demo did not make. Nothing was changed.
    """
    if folder.exists():
        _empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _note(folder)
    try:
        yield
    finally:
        _note(folder)


def _empty(folder: Path) -> None:
    """Remove the files that the demo noted; refuse where there are others."""
    if not folder.is_dir():
        raise _refusal(f"{folder} is no folder: name another one")
    there = set(_list_files(folder))
    if not there:
        return
    noted = _read_note(folder)
    if noted is None:
        raise _refusal(f"{folder} was not made by this demo: name another folder, or remove it")
    others = sorted(there - noted - {_MARK})
    if others:
        raise _refusal(
            f"{folder} holds files that the demo did not make, such as {others[0]}: "
            "name another folder, or remove them"
        )
    for name in there:
        (folder / name).unlink()
    _remove_empty_folders(folder)


def _list_files(folder: Path) -> Iterator[str]:
    """All that is no folder, links to folders too, relative and with `/`."""
    for where, folders, names in os.walk(folder):
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in (*names, *links):
            yield Path(where, name).relative_to(folder).as_posix()


def _remove_empty_folders(folder: Path) -> None:
    for where, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            Path(where, name).rmdir()


def _note(folder: Path) -> None:
    files = sorted(set(_list_files(folder)) - {_MARK})
    (folder / _MARK).write_text(json.dumps({"made by": "flowparse demo", "files": files}))


def _read_note(folder: Path) -> set[str] | None:
    """The files that the demo made; None where it did not make the folder."""
    try:
        return set(json.loads((folder / _MARK).read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refusal(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="FOLDER")
