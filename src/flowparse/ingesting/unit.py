"""Floor 3: what is ingested in one step: inputs in their versions, and what they become."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from flowparse.keys import Key, parse_key
from flowparse.sources import Source, as_text
from flowparse.sources.local import PathSource

__all__ = ["Input", "Published", "Status", "Unit", "read_input"]

#: `publishing`: its files may be seen, in whole or in part. `done`: they are the data set's.
#: `replaced`: a later unit took its place, and its files have to go.
Status = Literal["publishing", "done", "replaced"]

_ID_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Input:
    """One object in one version.

    Attributes
    ----------
    source : Source
    name : str
        What the object is known by: the absolute path of a file, links in its folders
        followed, or its URL.
    version : str
        Empty where the listing could not tell: reading it will say why.
    key : Key or None
        What its name says, if AWS delivered it.
    """

    source: Source = field(repr=False)
    name: str
    version: str
    key: Key | None = field(repr=False)

    @property
    def stamp(self) -> int | None:
        """Begin of the delivery window in epoch seconds."""
        return None if self.key is None else int(self.key.stamp.timestamp())

    @property
    def flow_log(self) -> str | None:
        """Whose delivery it belongs to."""
        key = self.key
        return None if key is None else f"{key.account}/{key.region}/{key.flow_log_id}"


def read_input(source: Source) -> Input:
    """A source as an input.

    Raises
    ------
    ValueError
        It cannot be read again, so nobody could tell whether it was ingested.
    """
    if not source.rereadable or not isinstance(source.name, str) or source.name == "<bytes>":
        raise ValueError(
            f"source: {source.name} has no lasting name: ingest takes files, folders and "
            "objects; to_parquet takes anything"
        )
    name = source.name
    if isinstance(source, PathSource):
        folder, base = os.path.split(name)
        name = os.path.join(_real_folder(folder), base)  # noqa: PTH118
    name = as_text(name)
    return Input(source, name, source.version or "", parse_key(name.replace(os.sep, "/")))


@lru_cache(maxsize=4096)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


@dataclass(frozen=True, slots=True)
class Unit:
    """Inputs that are ingested together, or not at all.

    Attributes
    ----------
    inputs : tuple of Input
    replaces : str or None
        The unit whose inputs these are in newer versions.
    id : str
        Of these inputs in these versions, wherever and whenever: files are named after it.
    """

    inputs: tuple[Input, ...]
    replaces: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        about = json.dumps([[one.name, one.version] for one in self.inputs])
        digest = hashlib.sha256(about.encode()).hexdigest()
        object.__setattr__(self, "id", digest[:_ID_DIGITS])

    @property
    def size(self) -> int:
        """Bytes as stored, as far as they are known."""
        return sum(one.source.size or 0 for one in self.inputs)

    def without(self, names: Collection[str]) -> Unit:
        """The unit without some of its inputs."""
        return replace(self, inputs=tuple(one for one in self.inputs if one.name not in names))


@dataclass(frozen=True, slots=True)
class Published:
    """What the state knows of a unit.

    Attributes
    ----------
    seq : int
        Its place among the units of the state that were published, from 1.
    rows : int
        Records that it has.
    files : tuple of (str, int)
        Their names below the destination, and their bytes.
    """

    id: str
    seq: int
    status: Status
    replaces: str | None
    rows: int
    files: tuple[tuple[str, int], ...]
