"""Floor 4: whether an object of S3 is frozen, thawing, or can be read.

Source: Amazon S3 API Reference, "HeadObject": x-amz-restore, x-amz-archive-status,
x-amz-storage-class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, TypeVar

from flowparse.access import Access, read_access
from flowparse.archive import Frozen
from flowparse.sources.s3.address import read_address
from flowparse.sources.s3.faults import explain_error

__all__ = [
    "CLASSES",
    "State",
    "ThawState",
    "all_of",
    "client_of",
    "faults",
    "look",
    "look_at",
    "urls_of",
]

Answer = TypeVar("Answer")
State = Literal["frozen", "ongoing", "thawed", "readable"]

#: Storage classes that cannot be read without thawing.
CLASSES: Final = ("GLACIER", "DEEP_ARCHIVE")
_ATTEMPTS: Final = 8
_AT_ONCE: Final = 16
_ONGOING: Final = re.compile(r'ongoing-request="(true|false)"')
_EXPIRY: Final = re.compile(r'expiry-date="([^"]+)"')


@dataclass(frozen=True, slots=True)
class ThawState:
    """How an object of S3 stands.

    Attributes
    ----------
    url : str
    size : int
        Bytes.
    kind : str
        Its storage class; of one in an archive tier of INTELLIGENT_TIERING that tier:
        `ARCHIVE_ACCESS` or `DEEP_ARCHIVE_ACCESS`.
    state : {"frozen", "ongoing", "thawed", "readable"}
        Frozen, and nobody asked; being thawed; thawed for a time; of a class that is read at once.
    until : datetime or None
        When the copy of a thawed object goes, in UTC.

    Examples
    --------
    >>> from flowparse.thawing import ThawState
    >>> ThawState("s3://kept/data/a.parquet", 1024, "DEEP_ARCHIVE", "frozen").can_be_read
    False
    """

    url: str
    size: int
    kind: str
    state: State
    until: datetime | None = None

    @property
    def can_be_read(self) -> bool:
        """Whether a GET gives its bytes."""
        return self.state in ("thawed", "readable")


def look(objects: Iterable[str | Frozen | ThawState], *, session: Any = None) -> list[ThawState]:
    """Find out how objects stand.

    Parameters
    ----------
    objects : iterable of str, Frozen or ThawState
        Addresses, or what `RestoreResult.frozen` names.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    list of ThawState
        In the order of the objects.

    Raises
    ------
    SourceError
        One is not there, or S3 cannot be reached; the message names it.

    Notes
    -----
    One HEAD request each, sixteen at a time.

    Examples
    --------
    >>> from flowparse.thawing import look
    >>> look([])
    []
    """
    urls = urls_of(objects)
    if not urls:
        return []
    access = read_access(session)
    client = client_of(access)
    return all_of(lambda url: look_at(client, access, url), urls)


def look_at(client: Any, access: Access, url: str) -> ThawState:
    """How one object stands."""
    bucket, key = read_address(url)
    try:
        head = client.head_object(Bucket=bucket, Key=key, **access.payer)
    except faults() as error:
        raise explain_error(error, url, 1, listing=False) from error
    return _read_head(url, head)


def _read_head(url: str, head: dict[str, Any]) -> ThawState:
    kind = head.get("ArchiveStatus") or head.get("StorageClass") or "STANDARD"
    size = int(head.get("ContentLength", 0))
    given = head.get("Restore", "")
    ongoing = _ONGOING.search(given)
    if ongoing and ongoing[1] == "true":
        return ThawState(url, size, kind, "ongoing")
    if kind not in CLASSES and "ArchiveStatus" not in head:
        return ThawState(url, size, kind, "readable")
    if ongoing and "ArchiveStatus" not in head:
        return ThawState(url, size, kind, "thawed", _read_expiry(given))
    return ThawState(url, size, kind, "frozen")


def _read_expiry(given: str) -> datetime | None:
    found = _EXPIRY.search(given)
    if found is None:
        return None
    try:
        return parsedate_to_datetime(found[1]).astimezone(UTC)
    except ValueError:
        return None


def faults() -> tuple[type[Exception], ...]:
    """What a request to S3 may raise."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, OSError


def client_of(access: Access) -> Any:
    """A client that sends a request again where it fails in passing."""
    return access.client("s3", attempts=_ATTEMPTS)


def urls_of(objects: Iterable[str | Frozen | ThawState]) -> list[str]:
    """Their addresses, each once."""
    return list(dict.fromkeys(one if isinstance(one, str) else one.url for one in objects))


def all_of(ask: Callable[[str], Answer], urls: Sequence[str]) -> list[Answer]:
    """The answers for all objects, many asked at a time."""
    with ThreadPoolExecutor(min(_AT_ONCE, len(urls)) or 1) as pool:
        return list(pool.map(ask, urls))
