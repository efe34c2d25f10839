"""Two runs at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import flowparse
from flowparse.errors import DestinationError
from flowparse.ingesting.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from flowparse.ingesting.lock import hold
with hold(Path(sys.argv[1]), 0, lambda: False):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the lock of `flows.ingest`."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "flows.ingest")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_says_who_is_at_work(holder, delivery, tmp_path):
    """A run on a state that is in use ends at once, names the holder, and changes nothing."""
    with pytest.raises(DestinationError, match=rf"process {holder.pid} on .*wait=SECONDS"):
        flowparse.ingest(delivery.folder, tmp_path / "flows")
    assert not (tmp_path / "flows").exists()


def test_the_second_waits(holder, delivery, tmp_path):
    """With `wait` it goes on when the first has ended."""
    timer = threading.Timer(0.5, holder.terminate)
    timer.start()
    result = flowparse.ingest(delivery.folder, tmp_path / "flows", wait=30)
    timer.join()
    assert result.rows == delivery.records


def test_the_second_waits_no_longer_than_asked(holder, delivery, tmp_path):
    """With a `wait` that is too short it says who is at work."""
    with pytest.raises(DestinationError, match="another run is at work"):
        flowparse.ingest(delivery.folder, tmp_path / "flows", wait=0.3)


def test_a_stop_ends_the_waiting(holder, delivery, tmp_path):
    """A run that is asked to end while it waits, ends."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(DestinationError, match="another run is at work"):
        flowparse.ingest(delivery.folder, tmp_path / "flows", wait=60, stop=stop)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_holder_that_stands_still_keeps_it(holder, delivery, tmp_path):
    """A stopped process may go on at any time: its lock is not taken from it."""
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(DestinationError, match="another run is at work"):
        flowparse.ingest(delivery.folder, tmp_path / "flows")


def test_a_dead_holder_keeps_nothing(holder, delivery, tmp_path):
    """The lock of a process that was killed is free."""
    holder.kill()
    holder.wait()
    assert flowparse.ingest(delivery.folder, tmp_path / "flows").rows == delivery.records


def test_one_process(tmp_path):
    """Two threads of one process exclude each other too."""
    with (
        hold(tmp_path, 0, lambda: False),
        pytest.raises(DestinationError, match=f"process {os.getpid()}"),
        hold(tmp_path, 0, lambda: False),
    ):
        pass
    with hold(tmp_path, 0, lambda: False):
        pass


def test_two_runs_started_at_once(delivery, options, rows_of, tmp_path):
    """One waits for the other, and the data set is that of one run."""
    command = [sys.executable, "-m", "flowparse", "ingest", str(delivery.folder)]
    command += [str(tmp_path / "flows"), "--partition-by", "day", "--unit-objects", "1"]
    command += ["--columns", ",".join(options["columns"]), "--wait", "60"]
    begun = time.monotonic()
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=-3) for _ in range(2)]
    said = sorted(run.communicate(timeout=60)[1].decode() for run in runs)
    assert [run.returncode for run in runs] == [0, 0], said
    assert f"ingested 0 objects, 0 records, 0 bytes read; {len(delivery.objects)} known" in said[0]
    assert time.monotonic() - begun < 60
    flowparse.ingest(delivery.folder, tmp_path / "clean", **options)
    assert rows_of(tmp_path / "flows") == rows_of(tmp_path / "clean")


def test_two_runs_started_at_once_without_waiting(delivery, options, rows_of, tmp_path):
    """One does all, or one says that the other is at work; nothing is lost or doubled."""
    command = [sys.executable, "-m", "flowparse", "ingest", str(delivery.folder)]
    command += [str(tmp_path / "flows"), "--partition-by", "day", "--unit-objects", "1"]
    command += ["--columns", ",".join(options["columns"])]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=-3) for _ in range(2)]
    said = [run.communicate(timeout=60)[1].decode() for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes in ([0, 0], [0, 3])
    assert codes == [0, 0] or any("another run is at work" in text for text in said)
    flowparse.ingest(delivery.folder, tmp_path / "clean", **options)
    assert rows_of(tmp_path / "flows") == rows_of(tmp_path / "clean")
