"""hadro: S3 to read from, over a folder, with latency, slow links and 503s on request.

Each sub-folder is a bucket. It checks signatures, ignores If-Match, and never cuts a body:
`services.cutting` does that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint
from services.process import HOST, serve


@contextmanager
def hadro_server(
    folder: Path,
    log: Path,
    *,
    latency_ms: float = 0,
    latency_jitter_ms: float = 0,
    bandwidth_mbps: float = 0,
    total_bandwidth_mbps: float = 0,
    error_rate: float = 0,
    fault_seed: int = 0,
) -> Iterator[Endpoint]:
    """Serve a folder.

    Parameters
    ----------
    folder : Path
    log : Path
    latency_ms, latency_jitter_ms : float
        Before each answer, and at random up to so much more.
    bandwidth_mbps, total_bandwidth_mbps : float
        Megabits a second of one answer, and of all together; 0 is no limit.
    error_rate : float
        The share of requests that are answered `503 SlowDown`.
    fault_seed : int
        The n-th request has the same fate in every run with the same seed.
    """
    options = {
        "host": HOST,
        "access-key": ACCESS_KEY,
        "secret-key": SECRET_KEY,
        "latency-ms": latency_ms,
        "latency-jitter-ms": latency_jitter_ms,
        "bandwidth-mbps": bandwidth_mbps,
        "total-bandwidth-mbps": total_bandwidth_mbps,
        "error-rate": error_rate,
        "fault-seed": fault_seed,
        "log-level": "warning",
    }
    given = [f"--{name}={value}" for name, value in options.items()]

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "hadro", str(folder), f"--port={port}", *given]

    with serve(command, log, path="/health") as url:
        endpoint = Endpoint(url)
        try:
            yield endpoint
        finally:
            endpoint.close()
