"""A run that is killed, at any moment, and the run after it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import flowparse

KILLS = int(os.environ.get("FLOWPARSE_KILLS", "50"))
SEED = int(os.environ.get("FLOWPARSE_SEED", "20261125"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


def start(source: Path, destination: Path, columns: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flowparse", "ingest", str(source), str(destination)]
    command += ["--partition-by", "day", "--unit-objects", "1", "--columns", ",".join(columns)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the run has begun, which takes longer than most of what it does then."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.001)


def wait_for_files(folder: Path, n: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many files are in place."""
    while len(list(folder.rglob("*.parquet"))) < n and process.poll() is None:
        time.sleep(0.001)


def finish(process: subprocess.Popen[bytes]) -> bytes:
    with process:
        assert process.stderr is not None
        return process.stderr.read()


def test_killed_at_any_moment(delivery, options, rows_of, tmp_path):
    """Killed at 50 random moments and run again, the data set equals that of one clean run."""
    clean = tmp_path / "clean"
    flowparse.ingest(delivery.folder, clean, **options)
    wanted, shape = rows_of(clean), files_in(clean)
    assert len(wanted) == delivery.records

    moments = random.Random(SEED)
    killed = unfinished = begun = 0
    seconds = 1.0
    for number in range(10 * KILLS):
        folder = tmp_path / f"killed-{number}"
        process = start(delivery.folder, folder, options["columns"])
        wait_for(tmp_path / f"killed-{number}.ingest" / "state.db", process)
        if number % 2:  # by the clock, or by how far it has come, which a busy machine needs
            moment = moments.uniform(0, seconds)
        else:
            wait_for_files(folder, moments.randrange(len(delivery.objects)), process)
            moment = moments.uniform(0, 0.02)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        said = finish(process)
        if process.returncode != -signal.SIGKILL:  # it was faster: look for an earlier moment
            assert process.returncode == 0, said
            seconds = max(seconds * 0.95, 0.1)
            continue
        killed += 1
        before = len(files_in(folder))
        begun += 0 < before < len(shape)
        result = flowparse.ingest(delivery.folder, folder, **options)
        unfinished += result.recovered
        assert rows_of(folder) == wanted, f"killed after {moment:.4f} s"
        assert files_in(folder) == shape
        assert not (tmp_path / f"killed-{number}.ingest" / "staging").exists()
        again = flowparse.ingest(delivery.folder, folder, **options)
        assert (again.objects, again.known) == (0, len(delivery.objects))
        shutil.rmtree(folder)
        if killed == KILLS:
            break
    print(f"seed {SEED}: {killed} runs killed, {begun} of them with some files in place")
    print(f"{unfinished} units were unfinished")
    assert killed == KILLS
    assert begun >= KILLS // 4


def files_in(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}
