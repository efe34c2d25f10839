"""Floor 1: with whose rights, and at which endpoint, AWS is asked.

boto3 is imported when the first client is made, and not before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

__all__ = ["CONNECTIONS", "Access", "read_access"]

#: Requests at a time: over a thousand small objects a second where each takes 50 ms.
CONNECTIONS: Final = 64
_CONNECTIONS_MAX: Final = 1024
_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Access:
    """How AWS is reached: what `session=` takes beside a `boto3.Session`.

    Parameters
    ----------
    session : boto3.Session, optional
        Gives credentials and region, assumed roles among them. None: what `boto3.Session()`
        finds, as the AWS command line does.
    profile : str, optional
        Of the AWS configuration; one that names a role is assumed.
    region : str, optional
        Of the requests; of a bucket elsewhere it is found out.
    endpoint_url : str, optional
        Of another server that speaks S3.
    requester_pays : bool
        Agree to pay for reading buckets of others.
    connections : int
        Requests at a time, 1 to 1024.

    Raises
    ------
    ValueError
        A session beside a profile, or connections out of range.

    Notes
    -----
    A session of a profile is kept as long as neither the AWS_* variables nor the files of the
    configuration change. It can be pickled unless it has a session, whose credentials are its own.

    Examples
    --------
    >>> Access(profile="security-audit", requester_pays=True).connections
    64
    """

    session: Any = field(default=None, repr=False)
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    requester_pays: bool = False
    connections: int = CONNECTIONS

    def __post_init__(self) -> None:
        if self.session is not None and self.profile is not None:
            raise ValueError("Access: a session has its profile already: pass one of the two")
        n = self.connections
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _CONNECTIONS_MAX:
            raise ValueError(f"Access: connections: expected 1..{_CONNECTIONS_MAX}, got {n!r}")

    def client(self, service: str, *, region: str | None = None, attempts: int = 1) -> Any:
        """A new client of boto3, which may be used by any number of threads.

        Parameters
        ----------
        service : str
            Such as `s3` or `logs`.
        region : str, optional
            Instead of the one above.
        attempts : int
            How often a request is sent where it fails in passing. One: whoever asks decides.

        Raises
        ------
        botocore.exceptions.BotoCoreError
            There is no such profile, or no region where one is needed.
        """
        from botocore.config import Config  # here, because whoever reads files needs none of it

        session = self.open_session()
        config = Config(
            max_pool_connections=self.connections,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
        )
        given = {"region_name": region or self.region, "endpoint_url": self.endpoint_url}
        given = {name: value for name, value in given.items() if value is not None}
        return session.client(service, config=config, **given)

    def open_session(self) -> Any:
        """The session, or a new one of the profile.

        Raises
        ------
        botocore.exceptions.ProfileNotFound
            There is no such profile.
        """
        return self.session or _open_session(self.profile, _settings())

    @property
    def payer(self) -> dict[str, str]:
        """What a request for S3 says about who pays."""
        return {"RequestPayer": "requester"} if self.requester_pays else {}

    @property
    def timeouts(self) -> dict[str, timedelta]:
        """How long a request may take, for clients other than boto3's."""
        return {
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
            "timeout": timedelta(seconds=_READ_SECONDS),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        if self.session is not None:
            raise TypeError(
                "a boto3.Session cannot be sent to another process: "
                "pass flowparse.aws.Access(profile=...) or set the AWS_* variables there"
            )
        given = (None, self.profile, self.region, self.endpoint_url)
        return Access, (*given, self.requester_pays, self.connections)


def _settings() -> tuple[object, ...]:
    """What a new session depends on: when it changes, the one before is of no use."""
    names = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    defaults = ("~/.aws/config", "~/.aws/credentials")
    files = [Path(os.environ.get(*pair)).expanduser() for pair in zip(names, defaults, strict=True)]
    changed = [file.stat().st_mtime_ns if file.is_file() else 0 for file in files]
    variables = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return (*variables, *changed)


@lru_cache(maxsize=8)
def _open_session(profile: str | None, settings: tuple[object, ...]) -> Any:
    """A session, once for the same settings: its first client takes a tenth of a second."""
    import boto3  # here, because whoever reads files needs none of it

    return boto3.Session(profile_name=profile)


def read_access(session: object) -> Access:
    """What a caller passed as `session=`.

    Parameters
    ----------
    session : boto3.Session, Access or None

    Raises
    ------
    ValueError
        It is neither.
    """
    if session is None:
        return Access()
    if isinstance(session, Access):
        return session
    if hasattr(session, "client") and hasattr(session, "get_credentials"):
        return Access(session)
    raise ValueError(
        f"session: expected a boto3.Session or a flowparse.aws.Access, got {type(session).__name__}"
    )
