"""What the tests of the command line share: a small flow log, and ways to run a command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flowparse.cli.app import app

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
# 1700000000 is 2023-11-14T22:13:20Z.
RECORDS = (
    "2 012345678901 eni-0a1b 10.0.0.1 10.0.1.2 49152 443 6 10 5000 1700000000 1700000059 ACCEPT OK",
    "2 012345678901 eni-0a1b 203.0.113.9 10.0.0.1 51000 22 6 1 60 1700000060 1700000061 REJECT OK",
    "2 012345678901 eni-0a1b - - - - - - - 1700000120 1700000179 - NODATA",
    "2 012345678901 eni-0a1b 2001:db8::1 2001:db8::2 0 0 58 2 144 1700000180 1700000181 ACCEPT OK",
)
BAD_PORT = (
    "2 012345678901 eni-0a1b 10.0.0.1 10.0.1.2 70000 443 6 10 5000 1700000000 1700000059 ACCEPT OK"
)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A header and four records, one of them NODATA."""
    path = tmp_path / "flow.log"
    path.write_text("\n".join([HEADER, *RECORDS]) + "\n")
    return path


@pytest.fixture
def bad_log(tmp_path: Path) -> Path:
    """A header, a record, a line whose srcport is 70000, and another record."""
    path = tmp_path / "bad.log"
    path.write_text("\n".join([HEADER, RECORDS[0], BAD_PORT, RECORDS[1]]) + "\n")
    return path


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command in this process; standard output is no terminal."""
    try:
        runner = CliRunner(mix_stderr=False)  # click 8.1
    except TypeError:
        runner = CliRunner()

    def run(*arguments: object, **options: object) -> Result:
        texts = [str(argument) for argument in arguments]
        return runner.invoke(app, texts, prog_name="flowparse", **options)

    return run


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Start `python -m flowparse`."""

    def start(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "flowparse", *map(str, arguments)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}
        return subprocess.Popen(command, env=environment, **streams)

    return start
