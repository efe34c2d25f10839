"""Floor 4: what is new in a source becomes units: inputs of one account and day."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from flowparse.access import Access
from flowparse.archive.manifest import Manifest
from flowparse.errors import SourceError
from flowparse.keys import Key, parse_key
from flowparse.sources import Source, list_sources
from flowparse.sources.local import PathSource
from flowparse.sources.s3 import ObjectSource

__all__ = ["Input", "Unit", "list_inputs", "make_units", "own_keys"]

UNIT_OBJECTS: Final = 10_000
UNIT_BYTES: Final = 64 << 20
_ID_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Input:
    """One object in one version.

    Attributes
    ----------
    source : Source
    key : str
        Below the source that the caller named.
    version : str
    size : int
    named : Key or None
        What its key says, if AWS delivered it.
    edition : int
        1, or more for an object that changed after it was archived.
    """

    source: Source = field(repr=False)
    key: str
    version: str
    size: int
    named: Key | None = field(repr=False)
    edition: int = 1

    @property
    def group(self) -> tuple[str, str]:
        """Account and day, as far as the key tells."""
        key = self.named
        return ("", "") if key is None else (key.account, key.day.isoformat())


@dataclass(frozen=True, slots=True)
class Unit:
    """Inputs that are archived together, or not at all."""

    inputs: tuple[Input, ...]

    @property
    def id(self) -> str:
        """Of these inputs in these versions, wherever and whenever."""
        about = json.dumps([[one.key, one.version, one.edition] for one in self.inputs])
        return hashlib.sha256(about.encode()).hexdigest()[:_ID_DIGITS]


def list_inputs(
    source: str | os.PathLike[str], access: Access, own: str
) -> tuple[list[Input], list[tuple[str, str]]]:
    """The objects of a source; and those that have no name to keep, each with the reason.

    Parameters
    ----------
    source : str or path
        A folder, a file, an object or a prefix.
    access : Access
    own : str
        Where the archive lies: what is below it is no input.

    Raises
    ------
    SourceError
        It is missing, or cannot be listed.
    ValueError
        It is no folder, file or S3 URL.
    """
    if not isinstance(source, str | os.PathLike):
        raise ValueError(
            f"source: expected a folder or an s3:// URL, got {type(source).__name__}: keys are "
            "kept below it"
        )
    text = os.fsdecode(source)
    sources = list_sources(text, access=access)
    prefix = _prefix_of(text)
    inputs, odd = [], []
    for one in sources:
        if _is_below(one.name, own):
            continue
        reason = _why_not(one)
        if reason:
            odd.append((one.name.encode("utf-8", "backslashreplace").decode(), reason))
            continue
        key = _key_of(one, prefix)
        size = one.size or 0
        inputs.append(Input(one, key, one.version or "", size, parse_key(one.name)))
    return inputs, odd


def _prefix_of(text: str) -> str:
    if text.startswith("s3://"):
        return text if text.endswith("/") else text + "/"
    if not Path(text).exists():
        raise SourceError(f"{text}: no such file or folder", source=text)
    return text


def _why_not(source: Source) -> str:
    """Why an object cannot be archived under its key."""
    if not isinstance(source, PathSource | ObjectSource) or not source.rereadable:
        return "it is no file or object"
    if not source.version:
        return "it cannot be looked at"
    try:
        source.name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return ""


def _key_of(source: Source, prefix: str) -> str:
    name = source.name
    if isinstance(source, ObjectSource):
        return name.removeprefix(prefix) if name.startswith(prefix) else name.rpartition("/")[2]
    path, root = Path(name), Path(prefix)
    return path.relative_to(root).as_posix() if root.is_dir() else path.name


def _is_below(name: str, own: str) -> bool:
    if name.startswith("s3://") or own.startswith("s3://"):
        return name.startswith(own)
    return os.path.realpath(name).startswith(own + os.sep)


def own_keys(manifests: Iterable[Manifest]) -> dict[str, tuple[int, str]]:
    """What is archived: by key, its last edition, and the version of that."""
    found: dict[str, tuple[int, str]] = {}
    for manifest in manifests:
        for one in manifest.inputs:
            found[one.key] = max((one.edition, one.version), found.get(one.key, (0, "")))
    return found


def make_units(inputs: Sequence[Input], n_objects: int, n_bytes: int) -> Iterator[Unit]:
    """Units, in the order of accounts and days; in each, keys rise."""
    ordered = sorted(inputs, key=lambda one: (one.group, one.key))
    for _, group in groupby(ordered, key=lambda one: one.group):
        taken: list[Input] = []
        size = 0
        for one in group:
            if taken and (len(taken) >= n_objects or size + one.size > n_bytes):
                yield Unit(tuple(taken))
                taken, size = [], 0
            taken.append(one)
            size += one.size
        yield Unit(tuple(taken))
