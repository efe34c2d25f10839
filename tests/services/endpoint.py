"""Where a server listens, and clients that reach it with made-up credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

REGION = "us-east-1"
ACCESS_KEY = "testing"
SECRET_KEY = "testing-secret"


class Endpoint:
    """A running server of AWS's protocols.

    Parameters
    ----------
    url : str
    access_key, secret_key : str
        Those that it accepts.
    """

    def __init__(
        self, url: str, *, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY
    ) -> None:
        self.endpoint = url
        self.access_key = access_key
        self.secret_key = secret_key
        self._sessions: list[LoopbackSession] = []
        self._clients: dict[str, Any] = {}

    def session(self, **credentials: str) -> LoopbackSession:
        """A boto3 session whose clients reach this server; other credentials on request."""
        given = {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": REGION,
        }
        session = LoopbackSession(self.endpoint, **(given | credentials))
        self._sessions.append(session)
        return session

    def client(self, name: str) -> Any:
        """A boto3 client of a service; the same one whenever asked."""
        if name not in self._clients:
            self._clients[name] = self.session().client(name)
        return self._clients[name]

    def new_bucket(self) -> str:
        """Make a bucket of a name that nobody else has."""
        name = f"flow-logs-{uuid4().hex[:12]}"
        self.client("s3").create_bucket(Bucket=name)
        return name

    def environment(self) -> dict[str, str]:
        """The variables that lead any AWS client here: for `monkeypatch`, or another process."""
        return ISOLATED | {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def close(self) -> None:
        """Close the connections of every client that was made."""
        for session in self._sessions:
            session.close()


class LoopbackSession(boto3.Session):
    """A session whose clients talk to one URL unless told otherwise."""

    def __init__(self, url: str, **arguments: str) -> None:
        super().__init__(**arguments)
        self._url = url
        self._made: list[Any] = []

    def client(self, service_name: str, *arguments: Any, **options: Any) -> Any:
        """As boto3's; buckets are part of the path, since loopback has no names for them."""
        config = Config(s3={"addressing_style": "path"})
        options["config"] = config.merge(options.get("config") or Config())
        options.setdefault("endpoint_url", self._url)
        client = super().client(service_name, *arguments, **options)
        self._made.append(client)
        return client

    def close(self) -> None:
        for client in self._made:
            client.close()


#: Nothing of this machine's AWS set-up, and no proxy before loopback.
ISOLATED = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def isolate(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str] = ISOLATED) -> None:
    """Leave no AWS variable of this machine in the environment, and set these."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
