"""Floor 4: what a unit holds, and the proof of it: the commit point of an archive."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from flowparse.errors import SourceError

__all__ = ["Entry", "Manifest", "Output", "manifest_name", "read_manifest"]

_FOLDER: Final = "manifests/"
_KIND: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One input.

    Attributes
    ----------
    key : str
        Below the source.
    size : int
        Bytes as it was stored.
    version : str
        The ETag; of a file size, time of change and inode.
    container : str
        `gzip` or `text`.
    sha256 : str
        Of the text.
    text_bytes, lines : int
        Of the text.
    records, rejects, headers, blank : int
        What its lines are. All zero where no format is known: then all of it is in the rest.
    bytes : int
        Sum of the records' `bytes`.
    formats : list of str
        Of its records, as headers.
    edition : int
        From 1; a later one is of an object that changed after it was archived.
    """

    key: str
    size: int
    version: str
    container: str
    sha256: str
    text_bytes: int
    lines: int
    records: int
    rejects: int
    headers: int
    blank: int
    bytes: int
    formats: list[str]
    edition: int = 1


@dataclass(frozen=True, slots=True)
class Output:
    """One object of the archive.

    Attributes
    ----------
    key : str
        Below the archive.
    size : int
    sha256 : str
    rows, row_groups : int
    first, last : int or None
        The least `start` and the greatest `end`, in epoch seconds; None where there are none.
    log_format : str or None
        Of its records; None: it is the rest.
    """

    key: str
    size: int
    sha256: str
    rows: int
    row_groups: int
    first: int | None = None
    last: int | None = None
    log_format: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One unit.

    Attributes
    ----------
    unit : str
    inputs : list of Entry
        `archived_input` counts them, from 0.
    outputs : list of Output
    """

    unit: str
    inputs: list[Entry]
    outputs: list[Output]

    @property
    def name(self) -> str:
        """Below the archive."""
        return manifest_name(self.unit)

    def to_bytes(self, version: str) -> bytes:
        """JSON, with a hash of its own text."""
        members: dict[str, Any] = {
            "manifest": _KIND,
            "flowparse": version,
            "unit": self.unit,
            "inputs": [asdict(one) for one in self.inputs],
            "outputs": [asdict(one) for one in self.outputs],
        }
        members["sha256"] = _digest(members)
        return json.dumps(members, indent=1, ensure_ascii=True).encode() + b"\n"


def manifest_name(unit: str) -> str:
    """Where the manifest of a unit lies below the archive."""
    return f"{_FOLDER}{unit}.json"


def _digest(members: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON without the hash itself."""
    told = {name: value for name, value in members.items() if name != "sha256"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(data: bytes, place: str) -> Manifest:
    """A manifest from its bytes.

    Parameters
    ----------
    data : bytes
    place : str
        Where they lie, for messages.

    Raises
    ------
    SourceError
        They are not what was written.
    """
    try:
        members = json.loads(data)
        if members["manifest"] != _KIND:
            raise SourceError(
                f"{place}: its kind is {members['manifest']!r}: a newer flowparse made it",
                source=place,
            )
        if members["sha256"] != _digest(members):
            raise ValueError("its own SHA-256 is another")
        found = Manifest(
            members["unit"],
            [Entry(**one) for one in members["inputs"]],
            [Output(**one) for one in members["outputs"]],
        )
        # Blanks between members, and what no member holds, are no part of the hash.
        if found.to_bytes(members["flowparse"]) != data:
            raise ValueError("it is spelled in another way than it was written")
    except SourceError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{place}: the manifest is damaged: {error}", source=place) from error
    if place.rpartition("/")[2] != f"{found.unit}.json":
        raise SourceError(f"{place}: it is the manifest of unit {found.unit}", source=place)
    return found
