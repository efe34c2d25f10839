"""Real servers on loopback, for tests that need one.

A server starts when the first test asks for it and lives until the last. A test has the marker
of every server that it uses. Where a server's program is missing, its tests are skipped with
the reason; with `FLOWPARSE_SERVICES=moto,rgw` in the environment those named must be there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from services.cutting import Cut, CuttingProxy, cutting_proxy
from services.endpoint import Endpoint, isolate
from services.servers.hadro import hadro_server
from services.servers.localbucket import localbucket_server
from services.servers.ministack import ministack_server
from services.servers.moto import Moto, moto_server
from services.servers.rgw import PROGRAMS as RGW_PROGRAMS
from services.servers.rgw import rgw_server

#: How each server comes onto the machine.
INSTALL = {
    "moto": "pip install 'moto[server]'",
    "hadro": "pip install hadro",
    "localbucket": "pip install localbucket",
    "ministack": "pip install ministack",
    "rgw": "apt-get install ceph-mon ceph-osd ceph-mgr radosgw ceph-common",
}
#: The fixtures that start one.
FIXTURES = {
    "moto": "moto",
    "start_hadro": "hadro",
    "localbucket": "localbucket",
    "ministack": "ministack",
    "rgw": "rgw",
}
WRITABLE = ("moto", "localbucket", "rgw")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test with the servers that it uses."""
    for item in items:
        call = getattr(item, "callspec", None)
        used = {*getattr(item, "fixturenames", ()), call.params.get("s3_server") if call else None}
        for fixture in sorted(used & FIXTURES.keys()):
            item.add_marker(FIXTURES[fixture])


@pytest.fixture(scope="module", autouse=True)
def _isolated() -> Iterator[None]:
    """No AWS variable of this machine is seen by the code under test."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch)
        yield


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A moto server. What other tests made is in it until `moto.reset()`."""
    need("moto")
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def localbucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A localbucket server."""
    need("localbucket")
    with localbucket_server(tmp_path_factory.mktemp("localbucket")) as server:
        yield server


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A ministack server."""
    need("ministack")
    with ministack_server(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture(scope="session")
def rgw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A Ceph cluster's S3 gateway."""
    need("rgw")
    with rgw_server(tmp_path_factory.mktemp("rgw")) as server:
        yield server


@pytest.fixture
def start_hadro(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    """Serve a folder, each sub-folder a bucket: `start_hadro(folder, latency_ms=50)`."""
    need("hadro")
    with ExitStack() as servers:

        def start(folder: Path, **faults: Any) -> Endpoint:
            return servers.enter_context(hadro_server(folder, tmp_path / "hadro.log", **faults))

        yield start


@pytest.fixture
def start_proxy() -> Iterator[Callable[..., CuttingProxy]]:
    """A proxy before a server: `start_proxy(server, Cut(after_bytes=100))`."""
    with ExitStack() as proxies:

        def start(server: Endpoint, cut: Cut | None = None) -> CuttingProxy:
            return proxies.enter_context(cutting_proxy(server, cut))

        yield start


@pytest.fixture(params=WRITABLE)
def s3_server(request: pytest.FixtureRequest) -> Endpoint:
    """Each S3 server that can be written to, in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(s3_server: Endpoint) -> str:
    """An empty bucket on `s3_server`, for one test."""
    return s3_server.new_bucket()


def need(name: str) -> None:
    """Skip the test where a server's program is missing; fail it where it must be there."""
    missing = _missing(name)
    if not missing:
        return
    reason = f"{name} is not installed ({', '.join(missing)} missing): {INSTALL[name]}"
    if name in os.environ.get("FLOWPARSE_SERVICES", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


def _missing(name: str) -> list[str]:
    if name == "rgw":
        return [program for program in RGW_PROGRAMS if shutil.which(program) is None]
    needed = ("moto", "flask", "flask_cors") if name == "moto" else (name,)
    return [module for module in needed if importlib.util.find_spec(module) is None]
