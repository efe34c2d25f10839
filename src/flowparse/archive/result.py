"""Floor 4: what archive, restore and verify have done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pyarrow as pa

__all__ = ["ArchiveResult", "Frozen", "Problem", "RestoreResult", "VerifyResult", "problem_table"]

_PROBLEMS: Final = pa.schema(
    [("object", pa.string()), ("kind", pa.string()), ("message", pa.string())]
)
_ORIGINALS: Final = pa.schema(
    [("object", pa.string()), ("bytes", pa.int64()), ("unit", pa.string())]
)


class Problem(NamedTuple):
    """What is wrong with one object."""

    object: str
    kind: str
    message: str


def problem_table(problems: Iterable[Problem] = ()) -> pa.Table:
    """One row each."""
    rows = [one._asdict() for one in problems]
    return pa.Table.from_pylist(rows, schema=_PROBLEMS)


def originals_table(rows: Iterable[dict[str, Any]] = ()) -> pa.Table:
    """Originals that a verified manifest holds."""
    return pa.Table.from_pylist(list(rows), schema=_ORIGINALS)


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    r"""What a run of `archive` has done.

    Attributes
    ----------
    units, objects : int
        Archived by this run.
    known : int
        Objects that the archive had.
    changed : int
        Of `objects`, those that were archived before in another version: records of both are
        there.
    records, rejects : int
        Of the objects of this run.
    whole : int
        Objects of this run that are no flow logs: their text is kept, and nothing else.
    bytes_read, bytes_text, bytes_written : int
        As stored, of their text, and of the objects of the archive.
    left : pyarrow.Table
        Objects that were left where they are: object, kind, message.
    verified : int
        Units whose objects were read back and proved.
    problems : pyarrow.Table
        What that found: object, kind, message. Nothing of such a unit is deleted.
    originals : pyarrow.Table
        What was removed, or without `apply` would be: object, bytes, unit.
    not_deleted : pyarrow.Table
        Originals that could not be removed: object, kind, message.
    remains : str
        What a deletion leaves behind; empty where there is nothing.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\nodd\n")
    >>> result = flowparse.archive.archive(folder / "logs", folder / "kept", verify=True)
    >>> result.objects, result.records, result.rejects, result.verified
    (1, 1, 1, 1)
    """

    units: int = 0
    objects: int = 0
    known: int = 0
    changed: int = 0
    records: int = 0
    rejects: int = 0
    whole: int = 0
    bytes_read: int = 0
    bytes_text: int = 0
    bytes_written: int = 0
    left: pa.Table = field(default_factory=problem_table, repr=False)
    verified: int = 0
    problems: pa.Table = field(default_factory=problem_table, repr=False)
    originals: pa.Table = field(default_factory=originals_table, repr=False)
    not_deleted: pa.Table = field(default_factory=problem_table, repr=False)
    remains: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """An object of an archive whose storage class cannot be read before it is thawed.

    Attributes
    ----------
    url : str
    size : int
    storage_class : str

    Examples
    --------
    >>> from flowparse.archive import Frozen
    >>> Frozen("s3://bucket/kept/data/a.parquet", 1024, "DEEP_ARCHIVE").size
    1024
    """

    url: str
    size: int
    storage_class: str


@dataclass(frozen=True, slots=True)
class RestoreResult:
    r"""What a run of `restore` has done.

    Attributes
    ----------
    objects : int
        Restored by this run.
    known : int
        There already, with this text.
    older : int
        Archived in an older version than the one that is restored.
    bytes_text : int
        Of the objects of this run.
    frozen : tuple of Frozen
        Objects of the archive that have to be thawed first; what needs them is not restored.
    problems : pyarrow.Table
        What could not be restored: object, kind, message.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\nodd\n")
    >>> _ = flowparse.archive.archive(folder / "logs", folder / "kept")
    >>> flowparse.archive.restore(folder / "kept", folder / "back").objects
    1
    """

    objects: int = 0
    known: int = 0
    older: int = 0
    bytes_text: int = 0
    frozen: tuple[Frozen, ...] = ()
    problems: pa.Table = field(default_factory=problem_table, repr=False)


@dataclass(frozen=True, slots=True)
class VerifyResult:
    r"""What a walk through an archive has found.

    Attributes
    ----------
    units : int
        Manifests read.
    objects : int
        Inputs whose text was made again and compared.
    outputs : int
        Objects of the archive that are as their manifests say.
    bytes_read : int
    frozen : tuple of Frozen
        Objects that cannot be read before they are thawed: nothing is known of them.
    problems : pyarrow.Table
        object, kind, message; no row where all is well.

    Examples
    --------
    >>> import flowparse, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "logs").mkdir()
    >>> _ = (folder / "logs" / "a.log").write_text("version dstport\n2 443\n")
    >>> _ = flowparse.archive.archive(folder / "logs", folder / "kept")
    >>> result = flowparse.archive.verify(folder / "kept")
    >>> result.objects, result.problems.num_rows
    (1, 0)
    """

    units: int = 0
    objects: int = 0
    outputs: int = 0
    bytes_read: int = 0
    frozen: tuple[Frozen, ...] = ()
    problems: pa.Table = field(default_factory=problem_table, repr=False)
