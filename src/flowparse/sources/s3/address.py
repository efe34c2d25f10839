"""Floor 2: `s3://bucket/prefix/` and `s3://bucket/key`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from flowparse.errors import SourceError

__all__ = ["Address", "is_s3", "read_address", "url_of"]

_SCHEMES: Final = ("s3://", "s3a://", "s3n://")
#: A bucket's name, or the ARN of an access point.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}|arn:[^/]+")


class Address(NamedTuple):
    """A bucket, and a key or the beginning of keys in it."""

    bucket: str
    key: str


def is_s3(text: str) -> bool:
    """Whether it is meant as an address in S3.

    Examples
    --------
    >>> is_s3("s3://bucket/AWSLogs/"), is_s3("logs/s3/")
    (True, False)
    """
    return text.lower().startswith(_SCHEMES)


def read_address(text: str) -> Address:
    """The parts of an address.

    Raises
    ------
    SourceError
        It names no bucket.

    Examples
    --------
    >>> read_address("s3://flow-logs/AWSLogs/111122223333/")
    Address(bucket='flow-logs', key='AWSLogs/111122223333/')
    """
    _, _, rest = text.partition("://")
    bucket, _, key = rest.partition("/")
    if bucket.startswith("arn:") and ":accesspoint/" in rest:  # the name follows a slash here
        name, _, key = key.partition("/")
        bucket = f"{bucket}/{name}"
    if not _BUCKET.fullmatch(bucket.partition("/")[0]):
        raise SourceError(
            f"{text}: no bucket named: expected s3://bucket/prefix/ or s3://bucket/key",
            source=text,
        )
    return Address(bucket, key)


def url_of(bucket: str, key: str) -> str:
    """What messages and the `source` column call an object."""
    return f"s3://{bucket}/{key}"
