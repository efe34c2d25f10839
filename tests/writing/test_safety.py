"""Files come into being whole or not at all, and earlier ones are safe."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.errors import DestinationError

LOG = b"version account-id start\n2 0123 1795525200\n2 4567 1795611600\n"
OTHER = b"version account-id start\n2 89 1795525200\n"


def files_in(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def accounts(root: Path) -> list[str]:
    return sorted(ds.dataset(root, partitioning="hive").to_table()["account_id"].to_pylist())


class Stopping(io.RawIOBase):
    """A log whose reading stops in the middle: at its second read it calls `stop`."""

    def __init__(self, stop: Callable[[], Any]) -> None:
        self.stop = stop
        self.reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.reads += 1
        if self.reads > 2:
            self.stop()
        data = LOG if self.reads == 1 else b"2 0123 1795525200\n" * 9000
        buffer[: len(data)] = data
        return len(data)


def raising(error: BaseException) -> Stopping:
    def stop() -> None:
        raise error

    return Stopping(stop)


# ---------------------------------------------------------------- modes


def test_error_is_the_default(tmp_path: Path) -> None:
    """Files of an earlier run are an error before anything is read, and stay."""
    flowparse.to_parquet(LOG, tmp_path, partition_by=["day"])
    before = files_in(tmp_path)
    unread = Stopping(lambda: None)
    with pytest.raises(DestinationError, match='mode="append"') as caught:
        flowparse.to_parquet(unread, tmp_path)
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, flowparse.FlowparseError)
    assert Path(caught.value.destination).suffix == ".parquet"
    assert unread.reads == 0
    assert files_in(tmp_path) == before


def test_error_for_one_file(tmp_path: Path) -> None:
    """A file that is there is not written over unless that was asked for."""
    path = tmp_path / "a.parquet"
    flowparse.to_parquet(LOG, path)
    with pytest.raises(DestinationError):
        flowparse.to_parquet(OTHER, path)
    assert pq.read_metadata(path).num_rows == 2
    flowparse.to_parquet(OTHER, path, mode="overwrite")
    assert pq.read_metadata(path).num_rows == 1
    assert files_in(tmp_path) == ["a.parquet"]


def test_one_file_is_never_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file is replaced in one step: its name always stands for the old or the new."""
    path = tmp_path / "a.parquet"
    flowparse.to_parquet(LOG, path)
    rename, there = Path.replace, []

    def replace(source: Path, target: Path) -> Any:
        rename(source, target)
        there.append(pq.read_metadata(path).num_rows)

    monkeypatch.setattr(Path, "replace", replace)
    flowparse.to_parquet(OTHER, path, mode="overwrite")
    assert there == [1]


def test_append_twice(tmp_path: Path) -> None:
    """Each append adds files with names of their own; earlier files are not touched."""
    for n in (1, 2, 3):
        result = flowparse.to_parquet(LOG, tmp_path, mode="append", partition_by=["day"])
        assert len(result.files) == 2
        assert len(list(tmp_path.rglob("*.parquet"))) == 2 * n
    assert accounts(tmp_path) == ["0123"] * 3 + ["4567"] * 3


def test_overwrite(tmp_path: Path) -> None:
    """Overwrite puts the new files in place of all earlier ones, and of nothing else."""
    flowparse.to_parquet(LOG, tmp_path, partition_by=["day"])
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "_delta_log" / "1.checkpoint.parquet").write_text("mine")
    (tmp_path / ".hidden.parquet").write_text("mine")
    result = flowparse.to_parquet(OTHER, tmp_path, partition_by=["day"], mode="overwrite")
    assert list(tmp_path.glob("day=*/*")) == list(result.files)
    assert pq.read_table(result.files[0])["account_id"].to_pylist() == ["89"]
    for kept in ("notes.txt", "_delta_log/1.checkpoint.parquet", ".hidden.parquet"):
        assert (tmp_path / kept).read_text() == "mine"


def test_overwrite_failing_while_reading(tmp_path: Path) -> None:
    """An overwrite that fails leaves the earlier files as they were."""
    flowparse.to_parquet(LOG, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(flowparse.RecordError):
        flowparse.to_parquet(OTHER + b"bad\n", tmp_path, mode="overwrite", on_reject="raise")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_overwrite_rolls_back(tmp_path: Path) -> None:
    """When a new file cannot be put in place, the earlier ones come back where they were."""
    flowparse.to_parquet(OTHER, tmp_path, partition_by=["day"])
    (tmp_path / "day=2026-11-25").write_text("in the way of a folder")
    before = files_in(tmp_path)
    with pytest.raises(DestinationError, match="cannot be put in place"):
        flowparse.to_parquet(LOG, tmp_path, partition_by=["day"], mode="overwrite")
    assert files_in(tmp_path) == before
    [kept] = tmp_path.glob("day=2026-11-24/*")
    assert pq.read_table(kept)["account_id"].to_pylist() == ["89"]


@pytest.mark.parametrize("error", [OSError(5, "broken"), KeyboardInterrupt()])
def test_stop_between_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A stop between two renames undoes those that were done, wherever it comes."""
    flowparse.to_parquet([LOG, OTHER], tmp_path, partition_by=["day"])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    rename = Path.replace
    for stop_at in range(1, 5):  # two files go, two come
        calls: list[Path] = []

        def replace(path: Path, target: Path, at: int = stop_at, calls: Any = calls) -> Any:
            calls.append(path)
            if len(calls) == at:
                raise error
            return rename(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", replace)
            with pytest.raises((DestinationError, KeyboardInterrupt)):
                flowparse.to_parquet(LOG, tmp_path, partition_by=["day"], mode="overwrite")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before
        assert not list(tmp_path.glob(".*"))


# ---------------------------------------------------------------- stops


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError("gone"), MemoryError()], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("name", ["new/folder", "new/a.parquet"])
def test_stop_leaves_nothing(tmp_path: Path, error: BaseException, name: str) -> None:
    """Whatever stops a run, nothing of it stays, not even the folders that it made."""
    with pytest.raises((type(error), flowparse.SourceError)):
        flowparse.to_parquet(raising(error), tmp_path / name, row_group_rows=100)
    assert files_in(tmp_path) == []


def test_stop_leaves_a_folder_that_was_there(tmp_path: Path) -> None:
    """A folder that was there before stays, with what it had."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        flowparse.to_parquet(raising(KeyboardInterrupt()), tmp_path)
    assert files_in(tmp_path) == ["mine.txt"]


def test_warnings_as_errors(tmp_path: Path) -> None:
    """Where warnings are errors, a reject stops the run before a file is in place."""
    with pytest.raises(flowparse.RejectWarning):
        flowparse.to_parquet(LOG + b"bad\n", tmp_path / "d")
    assert files_in(tmp_path) == []


KILLED = """
    import os, signal, sys
    import flowparse

    class Log:
        name = "log"
        reads = 0

        def read(self, size):
            self.reads += 1
            if self.reads > 60:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.reads == 1:
                return b"version account-id start\\n"
            return b"2 0123 1795525200\\n2 4567 1795611600\\n" * 5000

    what, destination = sys.argv[1:]
    if what == "text":
        with flowparse.open_reader(Log()) as reader:
            flowparse.write_text(reader, destination, log_format="version account-id start")
    elif what == "file":
        flowparse.to_parquet(Log(), destination, row_group_rows=1000)
    else:
        flowparse.to_parquet(
            Log(), destination, mode=what, partition_by=["day"], row_group_rows=1000
        )
"""


def kill_while_writing(what: str, destination: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), what, str(destination)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_killed(tmp_path: Path, mode: str) -> None:
    """A run that is killed leaves a hidden folder only; earlier files read as before."""
    flowparse.to_parquet(OTHER, tmp_path, partition_by=["day"])
    kill_while_writing(mode, tmp_path)
    [left] = tmp_path.glob(".*")
    assert left.name.startswith(".flowparse-")
    assert any(path.stat().st_size for path in left.iterdir())
    assert accounts(tmp_path) == ["89"]
    assert len(list(tmp_path.glob("day=*/*"))) == 1
    flowparse.to_parquet(LOG, tmp_path, partition_by=["day"], mode="append")
    assert accounts(tmp_path) == ["0123", "4567", "89"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(("what", "name"), [("file", "a.parquet"), ("text", "a.log")])
def test_killed_with_one_file(tmp_path: Path, what: str, name: str) -> None:
    """A single file that was being written is not there under its name."""
    kill_while_writing(what, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


# ---------------------------------------------------------------- destinations


def test_destination_is_a_file(tmp_path: Path) -> None:
    """A file cannot be the folder."""
    (tmp_path / "x").write_text("mine")
    for destination in (tmp_path / "x", tmp_path / "x" / "y", tmp_path / "x" / "a.parquet"):
        with pytest.raises(DestinationError, match="x"):
            flowparse.to_parquet(LOG, destination)
    assert files_in(tmp_path) == ["x"]


def test_folder_named_parquet(tmp_path: Path) -> None:
    """A folder that is there is a folder, whatever its name."""
    (tmp_path / "a.parquet").mkdir()
    result = flowparse.to_parquet(LOG, tmp_path / "a.parquet")
    assert result.files[0].parent == tmp_path / "a.parquet"


def test_remote_destination() -> None:
    """A remote destination is refused, not taken for a folder's name."""
    with pytest.raises(DestinationError, match="local files only"):
        flowparse.to_parquet(LOG, "s3://bucket/prefix")


def test_destination_of_another_type() -> None:
    """What is no path is a TypeError."""
    with pytest.raises(TypeError, match="expected a path, got int"):
        flowparse.to_parquet(LOG, 7)  # type: ignore[arg-type]


def test_many_files_need_no_descriptors(tmp_path: Path) -> None:
    """More files than a process may have open can be written in one run."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = b"version account-id start\n" + b"".join(b"2 %012d 5\n" % n for n in range(150))
    with Path(os.devnull).open() as first_free:  # others' tests may have left some open
        resource.setrlimit(resource.RLIMIT_NOFILE, (first_free.fileno() + 90, hard))
    try:
        result = flowparse.to_parquet(text, tmp_path, partition_by=["account"], row_group_rows=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(result.files) == 150
