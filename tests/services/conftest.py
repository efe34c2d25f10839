"""Real servers for tests, each on loopback and stopped by its own id."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("boto3", reason="boto3 is not installed")

from services.servers.endpoint import Endpoint
from services.servers.proxy import Proxy
from services.servers.simple import run_hadro, run_localbucket, run_moto

NAMES = itertools.count()


@pytest.fixture(autouse=True)
def no_aws_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither credentials nor settings of whoever runs the tests."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Many services of AWS."""
    with run_moto(tmp_path_factory.mktemp("moto") / "log") as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def localbucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A second S3."""
    folder = tmp_path_factory.mktemp("localbucket")
    (folder / "data").mkdir()
    with run_localbucket(folder / "data", folder / "log") as endpoint:
        yield endpoint


@pytest.fixture
def start_hadro(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    """Starts a read-only S3 over a folder, with options such as `--latency-ms 50`."""
    with ExitStack() as stack:

        def start(folder: Path, *options: str) -> Endpoint:
            log = tmp_path / f"hadro-{next(NAMES)}.log"
            return stack.enter_context(run_hadro(folder, log, *options))

        yield start


S3_SERVERS = [
    pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("moto", "localbucket")
]


@pytest.fixture(params=S3_SERVERS)
def s3_server(request: pytest.FixtureRequest) -> Endpoint:
    """Each S3 server that can be written to."""
    return request.getfixturevalue(request.param)


class TestBucket:
    """A bucket of its own for a test."""

    __test__ = False

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.client = endpoint.client()
        self.name = f"flow-logs-{next(NAMES):04}"
        self.client.create_bucket(Bucket=self.name)

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def url(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}"

    def access(self, **options: Any) -> Any:
        return self.endpoint.access(**options)


@pytest.fixture
def bucket(s3_server: Endpoint) -> Iterator[TestBucket]:
    """A fresh bucket on each of the servers."""
    made = TestBucket(s3_server)
    yield made
    made.client.close()


@pytest.fixture(params=[pytest.param("moto", marks=pytest.mark.moto)])
def object_store(request: pytest.FixtureRequest) -> Iterator[TestBucket]:
    """A fresh bucket on each server whose keys are no paths of files."""
    made = TestBucket(request.getfixturevalue(request.param))
    yield made
    made.client.close()


@pytest.fixture
def moto_bucket(moto: Endpoint) -> Iterator[TestBucket]:
    """A fresh bucket on moto."""
    made = TestBucket(moto)
    yield made
    made.client.close()


@pytest.fixture
def proxy(moto: Endpoint) -> Iterator[Proxy]:
    """A way to moto that counts, refuses and cuts."""
    made = Proxy(moto.url)
    yield made
    made.close()
