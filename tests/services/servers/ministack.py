"""ministack: many AWS APIs in memory. Keeps lifecycle rules as they were written; runs none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.endpoint import Endpoint
from services.process import HOST, serve

#: It has no options. Its broker for devices would take a port that others have.
_START = """\
import os, runpy, sys
port, host = sys.argv[1:]
del sys.argv[1:]
os.environ.update(GATEWAY_PORT=port, BIND_HOST=host, IOT_MTLS_ENABLED="0")
runpy.run_module("ministack", run_name="__main__")
"""


@contextmanager
def ministack_server(folder: Path) -> Iterator[Endpoint]:
    """Run ministack, which takes half a gigabyte; its log is in the folder."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-c", _START, str(port), HOST]

    log = folder / "ministack.log"
    with serve(command, log, path="/_ministack/health") as url:
        endpoint = Endpoint(url)
        try:
            yield endpoint
        finally:
            endpoint.close()
