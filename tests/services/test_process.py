"""Servers start on a free port, tell why they do not, and are gone when they should be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.process import Process, StartError, answers_http, clean_environment, run, serve

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups are of POSIX")

SERVER = """
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()
"""


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended, but that nobody has asked after, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_server_answers_while_it_is_wanted(tmp_path: Path) -> None:
    """A server answers inside the block, and its port is silent after it."""
    with serve(lambda port: python(SERVER, port), tmp_path / "log") as url:
        port = int(url.rpartition(":")[2])
        assert answers_http(port)
    assert not answers_http(port)


def test_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    """A server that ends at once is an error with its status and its last words."""
    code = "print('first'); raise SystemExit('no such folder: /data')"
    server = serve(lambda port: python(code), tmp_path / "log")
    with pytest.raises(StartError, match=r"(?s)ended with 1.*first.*no such folder: /data"):
        server.__enter__()


def test_silent_server_is_an_error(tmp_path: Path) -> None:
    """A server that never answers is an error when the time is over."""
    process = Process(python("import time; print('busy'); time.sleep(60)"), tmp_path / "log")
    try:
        with pytest.raises(StartError, match=r"gave no answer in 0\.5 s"):
            process.wait_until(lambda: False, seconds=0.5)
    finally:
        process.stop()
    assert not process.running


def test_taken_port_is_given_up_for_another(tmp_path: Path) -> None:
    """Where another was faster to take the port, the next one is tried."""
    tries: list[int] = []

    def command(port: int) -> list[str]:
        tries.append(port)
        return python(SERVER if len(tries) == 2 else "raise OSError('address in use')", port)

    with serve(command, tmp_path / "log") as url:
        assert url.endswith(f":{tries[1]}")


def test_stop_ends_the_whole_group(tmp_path: Path) -> None:
    """A child of the server is ended with it, though it has been left to itself."""
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    process = Process(python(code), tmp_path / "log")
    process.wait_until(lambda: process.log.read_text().endswith("\n"))
    child = int(process.log.read_text())
    assert runs(child)
    process.stop()
    deadline = time.monotonic() + 10
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(child)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_server_ends_when_we_are_killed(tmp_path: Path) -> None:
    """A server that ignores the polite signal is gone when its starter has been killed."""
    ready = tmp_path / "ready"
    server = (
        "import pathlib, os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(ready)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    starter = (
        "import os, pathlib, signal, sys, time; "
        f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r}); "
        "from services.process import Process; "
        f"process = Process([sys.executable, '-c', {server!r}], "
        f"pathlib.Path({str(tmp_path / 'log')!r})); "
        f"ready = pathlib.Path({str(ready)!r}); "
        "process.wait_until(lambda: ready.exists() and ready.read_text()); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run(python(starter), timeout=60).returncode == -signal.SIGKILL
    pid = int(ready.read_text())
    deadline = time.monotonic() + 10
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(pid)


def test_stubborn_server_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ignores the polite signal is ended by force."""
    monkeypatch.setattr("services.process._STOP_SECONDS", 0.3)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(60)"
    )
    process = Process(python(code), tmp_path / "log")
    process.wait_until(lambda: "ready" in process.log.read_text())
    process.stop()
    assert not process.running


def test_server_sees_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an AWS variable, nor a proxy, nor a preloaded library is passed on."""
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "http_proxy", "LD_PRELOAD"):
        monkeypatch.setenv(name, "")
    seen = run(python("import os; print(*sorted(os.environ))"), {"GIVEN": "1"}).split()
    assert set(seen) <= {*clean_environment(tmp_path), "GIVEN", "LC_CTYPE"}
    assert "GIVEN" in seen


def test_failed_command_shows_its_error() -> None:
    """A command that fails is an error with what it said."""
    with pytest.raises(StartError, match=r"(?s)ended with 3.*no quorum"):
        run(python("import sys; print('no quorum', file=sys.stderr); sys.exit(3)"), {})
