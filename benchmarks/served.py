"""A bucket far away: small objects under AWS's keys, with 50 ms before each answer."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from corpus import DEFAULT, Corpora, Objects
from flowparse.testing import Network, write_tree
from services.endpoint import Endpoint, isolate
from services.process import serve

__all__ = ["LATENCY_MS", "THREADS", "Served", "serve_bucket"]

LATENCY_MS = 50
THREADS = 64

_SERVER = Path(__file__).with_name("far.py")
_BUCKET = "logs"
_OBJECTS = 1000
_RECORDS = 200  # of each
_WINDOWS_PER_DAY = 288


@dataclass(frozen=True)
class Served:
    """The bucket, while it is served. The environment leads every AWS client to it."""

    url: str
    folder: Path
    objects: Objects
    client: Any

    def get_all(self) -> int:
        """The bytes of all objects, by bare GETs of known keys: nothing is listed or read."""
        keys = [path.relative_to(self.folder).as_posix() for path in self.objects.paths]
        with ThreadPoolExecutor(THREADS) as threads:
            return sum(threads.map(self._get, keys))

    def _get(self, key: str) -> int:
        return len(self.client.get_object(Bucket=_BUCKET, Key=key)["Body"].read())


@contextmanager
def serve_bucket(corpora: Corpora, log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Make the bucket if it is not there yet, and serve it."""
    count = max(int(_OBJECTS * corpora.scale), 20)
    home = corpora.folder / f"bucket-of-{count}-objects-of-{_RECORDS}-records"
    if not home.exists():
        _make(home, count)

    def command(port: int) -> list[str]:
        return [sys.executable, str(_SERVER), str(home), str(port), str(LATENCY_MS)]

    with serve(command, log) as url, closing(Endpoint(url)) as server:
        # AWS_ALLOW_HTTP is what polars wants before it speaks to a server without TLS.
        isolate(monkeypatch, server.environment() | {"AWS_ALLOW_HTTP": "true"})
        client = server.session().client("s3", config=Config(max_pool_connections=THREADS))
        yield Served(f"s3://{_BUCKET}/AWSLogs/", home / _BUCKET, _objects(home), client)


def _make(home: Path, count: int) -> None:
    aside = home.with_name(f"{home.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    network = Network(seed=1, interfaces=400)
    write_tree(aside / _BUCKET, network, days=count / _WINDOWS_PER_DAY, records=_RECORDS, bodies=8)
    aside.rename(home)


def _objects(home: Path) -> Objects:
    paths = tuple(sorted(home.rglob("*.log.gz")))
    text_bytes = sum(len(gzip.decompress(path.read_bytes())) for path in paths)
    return Objects(DEFAULT, paths, len(paths) * _RECORDS, text_bytes)
