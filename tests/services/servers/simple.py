"""Servers that pip brings: moto, hadro and localbucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.servers.endpoint import Endpoint
from services.servers.process import ServerProcess, find_program, free_port


def _program(name: str, package: str) -> str:
    program = find_program(name)
    if program is None:
        pytest.skip(f"{name} is not installed: pip install '{package}'")
    return program


@contextmanager
def run_moto(log: Path) -> Iterator[Endpoint]:
    """Many services of AWS; signatures are not checked."""
    port = free_port()
    command = [_program("moto_server", "moto[server]"), "-H", "127.0.0.1", "-p", str(port)]
    server = ServerProcess(command, port, log)
    try:
        yield Endpoint(f"http://127.0.0.1:{port}")
    finally:
        server.stop()


@contextmanager
def run_localbucket(folder: Path, log: Path) -> Iterator[Endpoint]:
    """S3 over a folder, by another hand; it ignores `If-Match`."""
    port = free_port()
    command = [_program("localbucket", "localbucket"), "--port", str(port), str(folder)]
    server = ServerProcess(command, port, log)
    try:
        yield Endpoint(f"http://127.0.0.1:{port}")
    finally:
        server.stop()


@contextmanager
def run_hadro(folder: Path, log: Path, *options: str) -> Iterator[Endpoint]:
    """S3 over a folder, read only, that checks signatures, waits and fails as told."""
    port = free_port()
    endpoint = Endpoint(f"http://127.0.0.1:{port}", "reader", "secret-of-reader")
    keys = ["--access-key", endpoint.access_key, "--secret-key", endpoint.secret_key]
    command = [_program("hadro", "hadro"), str(folder), "--port", str(port), *keys, *options]
    server = ServerProcess(command, port, log)
    try:
        yield endpoint
    finally:
        server.stop()
