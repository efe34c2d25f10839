"""Floor 4: originals are removed: only what a proved manifest holds, and only as it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from flowparse.archive.plan import Input
from flowparse.archive.result import Problem
from flowparse.sources import version_of
from flowparse.sources.local import PathSource
from flowparse.sources.s3 import ObjectSource

__all__ = ["Originals", "open_originals"]


class Originals(Protocol):
    """What can be removed."""

    def remove(self, one: Input) -> Problem | None:
        """Remove an original; or why it is still there."""

    def remains(self) -> str:
        """What a removal leaves behind."""


def open_originals(inputs: list[Input]) -> Originals:
    """The originals of one source."""
    for one in inputs:
        if isinstance(one.source, ObjectSource):
            return _Objects(one.source)
    return _Files()


class _Files:
    """Files of this machine."""

    def remove(self, one: Input) -> Problem | None:
        assert isinstance(one.source, PathSource)
        now = version_of(one.source.name)
        if now is None:
            return None  # it is gone
        if now != one.version:
            return Problem(one.key, "changed", f"{one.key}: it is not what was archived")
        try:
            Path(one.source.name).unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            return Problem(one.key, "denied", f"{one.key}: cannot be removed: {reason}")
        return None

    def remains(self) -> str:
        return ""


class _Objects:
    """Objects of a bucket."""

    def __init__(self, one: ObjectSource) -> None:
        self.bucket = one.bucket.name
        self._client = one.bucket.access.client("s3", attempts=8)
        model = self._client.meta.service_model.operation_model("DeleteObject")
        self._matches = "IfMatch" in model.input_shape.members

    def remove(self, one: Input) -> Problem | None:
        """The ETag is compared, and sent along, so that S3 compares it again as it deletes."""
        from botocore.exceptions import BotoCoreError, ClientError

        assert isinstance(one.source, ObjectSource)
        where: dict[str, Any] = {"Bucket": self.bucket, "Key": one.source.key}
        try:
            head = self._client.head_object(**where)
            if head["ETag"] != one.version:
                return Problem(one.key, "changed", f"{one.key}: it is not what was archived")
            self._delete(where, one.version)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("404", "NoSuchKey", "NotFound"):
                return None
            kind = "changed" if code in ("412", "PreconditionFailed") else "denied"
            return Problem(one.key, kind, f"{one.key}: cannot be removed: {error}")
        except BotoCoreError as error:
            return Problem(one.key, "denied", f"{one.key}: cannot be removed: {error}")
        return None

    def _delete(self, where: dict[str, Any], etag: str) -> None:
        from botocore.exceptions import ClientError

        if self._matches:
            try:
                self._client.delete_object(**where, IfMatch=etag)
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != "NotImplemented":
                    raise
                self._matches = False  # not every server knows it
        self._client.delete_object(**where)

    def remains(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.get_bucket_versioning(Bucket=self.bucket)
        except (BotoCoreError, ClientError) as error:
            return f"whether {self.bucket} keeps versions is not known: {error}"
        status = found.get("Status")
        if status not in ("Enabled", "Suspended"):
            return ""
        return (
            f"versioning of {self.bucket} is {status.lower()}: the versions of deleted objects "
            "remain, and cost, as noncurrent ones, until a lifecycle rule "
            "(NoncurrentVersionExpiration) or a deletion by version removes them"
        )
