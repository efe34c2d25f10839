"""Fetching small objects of S3 through boto3, and through obstore: the same keys and server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from contestant import Contestant, run_rounds
from corpus import Corpora
from race import Race
from report import Stage
from served import THREADS, serve_bucket


def bench_s3_get(
    race: Race, corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_bucket(corpora, tmp_path / "server.log", monkeypatch) as bucket:
        objects = bucket.objects
        keys = [path.relative_to(bucket.folder).as_posix() for path in objects.paths]
        store = S3Store(
            bucket.url.split("/")[2],
            endpoint=bucket.client.meta.endpoint_url,
            access_key_id="testing",
            secret_access_key="testing-secret",
            region="us-east-1",
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
        )

        def get_all() -> int:
            with ThreadPoolExecutor(THREADS) as threads:
                return sum(threads.map(get, keys))

        def get(key: str) -> int:
            return len(obstore.get(store, key).bytes())

        assert get_all() == bucket.get_all()
        # A "record" is an object here.
        boto3 = Contestant("boto3", bucket.get_all, len(keys), objects.text_bytes)
        rust = Contestant("obstore", get_all, len(keys), objects.text_bytes)
        run_rounds(race.benchmark, boto3, [rust], race.config.option.rounds or 5)
    race.report.stages.append(Stage("GET of an object, boto3", "", boto3, None))
    times = f"{rust.cpu_ns / boto3.cpu_ns:.2f} times that, wall {rust.ns / boto3.ns:.2f} times"
    race.report.stages.append(Stage("  beside it: obstore", "", rust, None, times))
