"""Floor 3: where files are put: a folder of this machine, or a prefix of a bucket."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from flowparse.access import Access
from flowparse.errors import DestinationError
from flowparse.writing.staging import local_path, naming, sync_folder

__all__ = ["Folder", "Place", "Prefix", "open_place"]

_S3: Final = re.compile(r"s3://([^/]+)/?(.*)", re.DOTALL)
_HIDDEN: Final = ".flowparse-ingest"
_ATTEMPTS: Final = 8


class Place(Protocol):
    """Files by name. A file is there whole, or not at all."""

    @property
    def url(self) -> str:
        """What messages call it."""

    def staging(self, state: Path) -> Path:
        """Where files are made that `put` will take, given the folder of the state."""

    def put(self, path: Path, name: str) -> None:
        """Make a local file, which is given up, the file of this name."""

    def delete(self, name: str) -> None:
        """Take a file away; one that is not there is no error."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def names(self) -> Iterator[str]:
        """The names of all Parquet files that are not hidden."""

    def sync(self) -> None:
        """Wait until all changes are durable."""


def open_place(destination: str | os.PathLike[str], access: Access | None = None) -> Place:
    """The place that a caller means.

    Parameters
    ----------
    destination : str or path
        A folder, or `s3://bucket/prefix`.
    access : Access, optional
        How S3 is reached.

    Raises
    ------
    DestinationError
        It is a file, or another kind of remote.
    """
    found = _S3.fullmatch(os.fspath(destination)) if isinstance(destination, str) else None
    if found:
        return Prefix(found[1], found[2].strip("/"), access or Access())
    path = local_path(destination)
    if os.path.lexists(path) and not path.is_dir():
        raise DestinationError(f"{path} is a file, and no folder", destination=str(path))
    return Folder(path)


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changed: set[Path] = set()

    @property
    def url(self) -> str:
        """The path, without links."""
        return os.path.realpath(self.path)

    def staging(self, state: Path) -> Path:
        """Beside the state, so that readers of the folder never meet it; hidden in the folder
        itself where that is another file system, from which nothing can be renamed.
        """
        with naming(self.path, "the folder cannot be made"):
            self.path.mkdir(parents=True, exist_ok=True)
        beside = state / "staging"
        is_same = self.path.stat().st_dev == state.stat().st_dev
        return beside if is_same else self.path / _HIDDEN

    def put(self, path: Path, name: str) -> None:
        """Rename it."""
        final = self.path / name
        with naming(final, "the file cannot be put in place"):
            self._make_folder(final.parent)
            path.replace(final)
        self._changed.add(final.parent)

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self._changed.add(folder.parent)

    def delete(self, name: str) -> None:
        """Remove it, and the folders that are empty then."""
        path = self.path / name
        with naming(path, "the file cannot be removed"):
            path.unlink(missing_ok=True)
        folder = path.parent
        with suppress(OSError):  # not empty
            while folder != self.path:
                folder.rmdir()
                folder = folder.parent
        self._changed.add(folder)

    def size(self, name: str) -> int | None:
        """Bytes of a file."""
        try:
            return (self.path / name).stat().st_size
        except FileNotFoundError:
            return None

    def names(self) -> Iterator[str]:
        """Parquet files at any depth."""
        for where, folders, names in os.walk(self.path):
            folders[:] = [name for name in folders if name[0] not in "._"]
            for name in names:
                if name.endswith(".parquet") and name[0] not in "._":
                    yield Path(where, name).relative_to(self.path).as_posix()

    def sync(self) -> None:
        """Wait until the folders that changed are on disk."""
        for folder in self._changed:
            if folder.is_dir():
                with naming(folder, "the folder cannot be brought to disk"):
                    sync_folder(folder)
        self._changed.clear()


class Prefix:
    """A prefix of a bucket. A `put` is whole or nothing: S3 shows an object when it has all."""

    def __init__(self, bucket: str, prefix: str, access: Access) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self._client = access.client("s3", attempts=_ATTEMPTS)

    @property
    def url(self) -> str:
        """As it is written."""
        return f"s3://{self.bucket}/{self.prefix}"

    def staging(self, state: Path) -> Path:
        """Beside the state."""
        return state / "staging"

    def put(self, path: Path, name: str) -> None:
        """Upload it, in parts if it is large."""
        with self._naming(name, "the object cannot be put"):
            self._client.upload_file(str(path), self.bucket, self.prefix + name)
        path.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Delete it, and what a run that died has left of its upload in parts."""
        key = self.prefix + name
        with self._naming(name, "the object cannot be deleted"):
            self._client.delete_object(Bucket=self.bucket, Key=key)
            begun = self._client.list_multipart_uploads(Bucket=self.bucket, Prefix=key)
            for upload in begun.get("Uploads", ()):
                self._client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )

    def size(self, name: str) -> int | None:
        """Bytes of an object."""
        from botocore.exceptions import ClientError

        with self._naming(name, "the object cannot be looked at"):
            try:
                found = self._client.head_object(Bucket=self.bucket, Key=self.prefix + name)
            except ClientError as error:
                if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise
            return int(found["ContentLength"])

    def names(self) -> Iterator[str]:
        """Parquet objects below the prefix."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._naming("", "the prefix cannot be listed"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for found in page.get("Contents", ()):
                    name = found["Key"].removeprefix(self.prefix)
                    is_hidden = any(part[:1] in (".", "_") for part in name.split("/"))
                    if name.endswith(".parquet") and not is_hidden:
                        yield name

    def sync(self) -> None:
        """Nothing to wait for: an answered request is durable."""

    @contextmanager
    def _naming(self, name: str, what: str) -> Iterator[None]:
        """Turn an error of S3 into one that names the destination."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError, OSError) as error:
            raise DestinationError(
                f"{self.url}{name}: {what}: {error}", destination=f"{self.url}{name}"
            ) from error
