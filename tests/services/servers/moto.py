"""moto: most AWS APIs in memory. Checks no signature, and delivers no flow log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from services.endpoint import Endpoint
from services.process import HOST, serve


class Moto(Endpoint):
    """A moto server."""

    def reset(self) -> None:
        """Forget everything that any test has made."""
        with urlopen(Request(f"{self.endpoint}/moto-api/reset", method="POST"), timeout=30):
            pass


@contextmanager
def moto_server(folder: Path) -> Iterator[Moto]:
    """Run moto; its log is in the folder."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]

    with serve(command, folder / "moto.log", path="/moto-api/") as url:
        moto = Moto(url)
        try:
            yield moto
        finally:
            moto.close()
