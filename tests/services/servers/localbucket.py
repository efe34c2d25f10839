"""localbucket: S3 over a folder, in plain Python. Checks no signature, ignores If-Match."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.endpoint import Endpoint
from services.process import HOST, serve


@contextmanager
def localbucket_server(folder: Path) -> Iterator[Endpoint]:
    """Run localbucket; its data and its log are in the folder."""
    data = folder / "data"
    data.mkdir()

    def command(port: int) -> list[str]:
        options = ["--host", HOST, "--port", str(port)]
        return [sys.executable, "-m", "localbucket", *options, str(data)]

    with serve(command, folder / "localbucket.log") as url:
        endpoint = Endpoint(url)
        try:
            yield endpoint
        finally:
            endpoint.close()
