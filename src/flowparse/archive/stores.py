"""Floor 4: where an archive lies: a folder, or a prefix of a bucket."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from flowparse.access import Access
from flowparse.errors import DestinationError, SourceError
from flowparse.ingesting.places import Folder, Prefix, open_place
from flowparse.writing.staging import StagedFile, naming

__all__ = ["FROZEN", "PutOptions", "Store", "Stored", "open_store"]

#: Storage classes whose objects may have to be thawed before they can be read.
FROZEN: Final = ("GLACIER", "DEEP_ARCHIVE", "INTELLIGENT_TIERING")
_STAGING: Final = ".flowparse-archive"


@dataclass(frozen=True, slots=True)
class PutOptions:
    """How objects of the archive are stored in S3.

    Attributes
    ----------
    storage_class : str or None
    sse : {"AES256", "aws:kms", "aws:kms:dsse"} or None
    kms_key_id : str or None
    """

    storage_class: str | None = None
    sse: str | None = None
    kms_key_id: str | None = None

    def __post_init__(self) -> None:
        if self.kms_key_id is not None and not (self.sse or "").startswith("aws:kms"):
            raise ValueError('kms_key_id: it needs sse="aws:kms"')

    def arguments(self, *, is_manifest: bool) -> dict[str, str]:
        """Of a PUT. A manifest stays readable, whatever class the records have."""
        given = {
            "StorageClass": None if is_manifest else self.storage_class,
            "ServerSideEncryption": self.sse,
            "SSEKMSKeyId": self.kms_key_id,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was listed."""

    name: str
    size: int
    modified: float = 0.0
    storage_class: str = "STANDARD"


class Store(Protocol):
    """Objects by name. One is there whole, or not at all."""

    @property
    def url(self) -> str:
        """What messages call it."""

    def list(self, below: str) -> Iterator[Stored]:
        """What lies below a name, in order."""

    def read(self, name: str) -> bytes:
        """The whole of an object."""

    def put(self, data: bytes, name: str) -> None:
        """Make or replace one."""

    def size(self, name: str) -> int | None:
        """Bytes of an object; None where there is none."""

    def delete(self, name: str) -> None:
        """Take one away; one that is not there is no error."""

    def sync(self) -> None:
        """Wait until all changes are durable."""


def open_store(
    destination: str | os.PathLike[str], access: Access, options: PutOptions | None = None
) -> FolderStore | BucketStore:
    """The store that a caller means.

    Raises
    ------
    DestinationError
        It is a file, or another kind of remote.
    ValueError
        Options of S3 for a folder.
    """
    place = open_place(destination, access)
    options = options or PutOptions()
    if isinstance(place, Prefix):
        return BucketStore(place, access, options)
    assert isinstance(place, Folder)
    if options != PutOptions():
        raise ValueError("storage_class, sse, kms_key_id: they are options of S3, not of a folder")
    return FolderStore(place)


class FolderStore:
    """A folder of this machine."""

    def __init__(self, place: Folder) -> None:
        self.place = place
        self.path = place.path

    @property
    def url(self) -> str:
        """The path, without links."""
        return self.place.url

    def list(self, below: str) -> Iterator[Stored]:
        """Files, at any depth."""
        root = self.path / below
        found = []
        for where, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name[0] != "."]
            found += [Path(where, name) for name in names if name[0] != "."]
        for path in sorted(found):
            status = path.stat()
            name = path.relative_to(self.path).as_posix()
            yield Stored(name, status.st_size, status.st_mtime)

    def read(self, name: str) -> bytes:
        """The whole of a file.

        Raises
        ------
        SourceError
            It is not there, or cannot be read.
        """
        path = self.path / name
        try:
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(f"{path}: cannot be read: {reason}", source=str(path)) from error

    def put(self, data: bytes, name: str) -> None:
        """Write it aside, bring it to disk, rename it."""
        folder = self.path / _STAGING
        with naming(self.path, "the folder cannot be made"):
            folder.mkdir(parents=True, exist_ok=True)
        file = StagedFile(folder / f"{secrets.token_hex(8)}.new", self.path / name)
        try:
            with file.opened():
                file.write(data)
            file.seal()
            self.place.put(file.path, name)
        finally:
            file.path.unlink(missing_ok=True)

    def clear_staging(self) -> None:
        """Remove what a run that died has left in the making."""
        folder = self.path / _STAGING
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            folder.rmdir()

    def size(self, name: str) -> int | None:
        """Bytes of it; None where it is not there."""
        return self.place.size(name)

    def delete(self, name: str) -> None:
        """Remove it, and the folders that are empty then."""
        self.place.delete(name)

    def sync(self) -> None:
        """Wait until the folders that changed are on disk."""
        self.place.sync()


class BucketStore:
    """A prefix of a bucket."""

    def __init__(self, place: Prefix, access: Access, options: PutOptions) -> None:
        self.place = place
        self.bucket = place.bucket
        self.prefix = place.prefix
        self.options = options
        self.client = access.client("s3", attempts=8)

    @property
    def url(self) -> str:
        """As it is written."""
        return self.place.url

    def list(self, below: str) -> Iterator[Stored]:
        """Objects, by key."""
        pages = self.client.get_paginator("list_objects_v2")
        with _naming(self.url + below, "the prefix cannot be listed", SourceError):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + below):
                for one in page.get("Contents", ()):
                    name = one["Key"].removeprefix(self.prefix)
                    modified = one["LastModified"].timestamp()
                    kind = one.get("StorageClass", "STANDARD")
                    yield Stored(name, int(one["Size"]), modified, kind)

    def read(self, name: str) -> bytes:
        """The whole of an object.

        Raises
        ------
        SourceError
            It is not there, denied or frozen, or S3 cannot be reached.
        """
        with _naming(self.url + name, "cannot be read", SourceError):
            found = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
            data: bytes = found["Body"].read()
            return data

    def put(self, data: bytes, name: str) -> None:
        """Upload it in one request.

        Raises
        ------
        DestinationError
            It cannot be put.
        """
        arguments = self.options.arguments(is_manifest=name.startswith("manifests/"))
        with _naming(self.url + name, "the object cannot be put", DestinationError):
            self.client.put_object(
                Bucket=self.bucket, Key=self.prefix + name, Body=data, **arguments
            )

    def can_be_read(self, name: str) -> bool:
        """Whether an object of such a class, or a copy of it, can be read now."""
        with _naming(self.url + name, "cannot be looked at", SourceError):
            head = self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        if head.get("StorageClass") == "INTELLIGENT_TIERING":
            return "ArchiveStatus" not in head
        return 'ongoing-request="false"' in head.get("Restore", "")

    def size(self, name: str) -> int | None:
        """Bytes of it; None where it is not there."""
        return self.place.size(name)

    def delete(self, name: str) -> None:
        """Delete it."""
        with _naming(self.url + name, "the object cannot be deleted", DestinationError):
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def sync(self) -> None:
        """Nothing to wait for: an answered request is durable."""

    def clear_staging(self) -> None:
        """Nothing is staged."""


class _naming:  # noqa: N801  it is used as a function
    """Turn an error of S3 into one that names the object; a context manager."""

    def __init__(self, url: str, what: str, kind: type[SourceError] | type[DestinationError]):
        self.url, self.what, self.kind = url, what, kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, BotoCoreError | ClientError | OSError):
            message = f"{self.url}: {self.what}: {error}"
            if self.kind is SourceError:
                raise SourceError(message, source=self.url) from error
            raise DestinationError(message, destination=self.url) from error
