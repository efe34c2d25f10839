"""A disk that is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowparse
from flowparse.errors import DestinationError
from flowparse.testing import Network, write_delivery


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def large(tmp_path: Path):
    """A delivery whose Parquet is larger than the disk."""
    return write_delivery(tmp_path / "logs", Network(peers=500), records=150_000, hours=1)


def fill(folder: Path, left: int) -> Path:
    """Leave so many bytes free."""
    path = folder / "ballast"
    free = os.statvfs(folder)
    path.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - left))
    return path


def test_the_destination_is_full(disk, large, tmp_path):
    """The error names the file and the reason; with room, the next run does the rest."""
    destination, state = disk / "flows", tmp_path / "state"
    with pytest.raises(DestinationError, match=r"No space left on device; .*run again") as caught:
        flowparse.ingest(large.folder, destination, state=state, unit_objects=1)
    assert str(disk) in str(caught.value)
    published = len(list(destination.rglob("*.parquet")))
    assert published > 0
    assert list(destination.glob(".flowparse-ingest/*")) == []

    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    result = flowparse.ingest(large.folder, destination, state=state, unit_objects=1)
    assert result.known == published
    assert result.objects == len(large.objects) - published
    rows = sum(flowparse_rows(path) for path in destination.rglob("*.parquet"))
    assert rows == large.records


def flowparse_rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


@pytest.mark.parametrize("left", [0, 8192, 65536, 131072, 200_000])
def test_all_is_on_a_disk_that_is_full(disk, delivery, options, rows_of, tmp_path, left):
    """Wherever the space ends, in the files or in the state, nothing is lost or doubled."""
    ballast = fill(disk, left)
    with pytest.raises(DestinationError, match=r"full|No space left"):
        flowparse.ingest(delivery.folder, disk / "flows", **options)
    ballast.unlink()
    flowparse.ingest(delivery.folder, disk / "flows", **options)
    flowparse.ingest(delivery.folder, tmp_path / "clean", **options)
    assert rows_of(disk / "flows") == rows_of(tmp_path / "clean")


def test_the_state_is_full(disk, delivery, options, rows_of, tmp_path):
    """Where the state cannot be kept, nothing is published that it does not tell of."""
    flowparse.ingest(delivery.folder, tmp_path / "clean", **options)
    for left in (0, 20_000, 60_000):
        state = disk / f"state-{left}"
        ballast = fill(disk, left)
        with pytest.raises(DestinationError, match=r"full|No space left|unable to open"):
            flowparse.ingest(delivery.folder, tmp_path / f"to-{left}", state=state, **options)
        ballast.unlink()
        flowparse.ingest(delivery.folder, tmp_path / f"to-{left}", state=state, **options)
        assert rows_of(tmp_path / f"to-{left}") == rows_of(tmp_path / "clean")
