"""A server as a process of its own: on a free port, with its log in a file, ended by its id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HOST = "127.0.0.1"

_START_SECONDS = 60
_STOP_SECONDS = 10
_PORT_TRIES = 3
_TAIL_BYTES = 3000
_PASSED_ON = ("PATH", "LANG", "SYSTEMROOT")


class StartError(RuntimeError):
    """A server did not come up. The message ends with the tail of its log."""


class Process:
    """A running server.

    Parameters
    ----------
    command : sequence of str
    log : Path
        Gets its standard output and error.
    environment : mapping
        On top of `clean_environment`.
    """

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        self.command = list(command)
        with log.open("ab") as file:
            self._popen = subprocess.Popen(
                [*_dies_with_us(), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env={**clean_environment(log.parent), **(environment or {})},
                start_new_session=True,  # a process group of its own
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def wait_until(self, answers: Callable[[], bool], seconds: float = _START_SECONDS) -> None:
        """Return as soon as the server answers; StartError if it ends, or the time is over."""
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.running:
                raise StartError(f"{self._name} ended with {self._popen.returncode}.{self.tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self._name} gave no answer in {seconds} s.{self.tail()}")
            time.sleep(0.05)

    def tail(self) -> str:
        """The last lines of the log, for a message."""
        text = self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        return f"\nThe end of {self.log}:\n{text}"

    def stop(self) -> None:
        """End the server and whatever it started: politely, and after a while by force."""
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal_)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(_STOP_SECONDS)
                return

    @property
    def _name(self) -> str:
        return " ".join(self.command[:3])


@contextlib.contextmanager
def serve(
    command_for: Callable[[int], Sequence[str]], log: Path, *, path: str = "/"
) -> Iterator[str]:
    """Run an HTTP server; gives its URL, and stops it in the end.

    Parameters
    ----------
    command_for : callable
        From the port to listen on to the command.
    log : Path
    path : str
        A GET of it is answered when the server is up, with whatever status.
    """
    process, port = _start_on_a_free_port(command_for, log, path)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        process.stop()


def _start_on_a_free_port(
    command_for: Callable[[int], Sequence[str]], log: Path, path: str
) -> tuple[Process, int]:
    """Between finding a port and taking it another may be faster: then it is another's turn."""
    for left in reversed(range(_PORT_TRIES)):
        port = free_port()
        process = Process(command_for(port), log)
        try:
            process.wait_until(lambda port=port: answers_http(port, path))
        except StartError:
            process.stop()
            if not left:
                raise
        except BaseException:
            process.stop()
            raise
        else:
            return process, port
    raise AssertionError("unreachable")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers_http(port: int, path: str = "/") -> bool:
    """Whether a GET is answered at all."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float = 60) -> str:
    """Run a command to its end and give what it printed; StartError if it fails."""
    folder = Path(tempfile.gettempdir())
    done = subprocess.run(
        list(command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**clean_environment(folder), **environment},
    )
    if done.returncode:
        raise StartError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def clean_environment(home: Path) -> dict[str, str]:
    """What a server sees: no credentials, no proxy, no preloaded library of this process."""
    given = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return given | {"HOME": str(home), "TMPDIR": tempfile.gettempdir(), "PYTHONUNBUFFERED": "1"}


def _dies_with_us() -> list[str]:
    """A prefix that ends the server even if this process is killed, where Linux has it.

    By force, for what it holds is for this run only. Linux means the thread that started it.
    """
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
