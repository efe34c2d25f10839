"""A run that removes originals is killed, at any moment, and run again."""

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

from archived import texts_below, write_month
from flowparse.archive import archive, restore, verify

KILLS = int(os.environ.get("FLOWPARSE_KILLS", "30"))
SEED = int(os.environ.get("FLOWPARSE_SEED", "20261125"))
UNIT_BYTES = 2000

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


def start(source: Path, destination: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flowparse", "archive", str(source), str(destination)]
    command += ["--delete-originals", "--apply", "--unit-bytes", str(UNIT_BYTES)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def files_in(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(p[0] == "." for p in path.relative_to(folder).parts)
    )


def is_at(process: subprocess.Popen[bytes], logs: Path, kept: Path, share: float) -> bool:
    """Whether so much of the work is done: half is archiving, half removing."""
    if process.poll() is not None:
        return True
    n_manifests = len(list(kept.glob("manifests/*.json")))
    n_logs = len(list(logs.rglob("*.gz")))
    if share < 0.5:
        return n_manifests >= share * 2 * is_at.units
    return n_logs <= (1 - share) * 2 * is_at.originals


def test_killed_at_any_moment(tmp_path):
    """Killed at 30 random moments, every text is in one place or the other; a rerun ends alike."""
    source = write_month(tmp_path / "source", days=0.03125, records=3)
    texts = texts_below(source)
    logs = shutil.copytree(source, tmp_path / "clean")
    archive(logs, tmp_path / "clean-kept", delete_originals=True, apply=True, unit_bytes=UNIT_BYTES)
    shape = len(files_in(tmp_path / "clean-kept"))
    is_at.units = len(list((tmp_path / "clean-kept" / "manifests").iterdir()))
    is_at.originals = len(texts)

    moments = random.Random(SEED)
    killed = during_archive = during_removal = 0
    for number in range(10 * KILLS):
        logs = shutil.copytree(source, tmp_path / f"logs-{number}")
        kept, back = tmp_path / f"kept-{number}", tmp_path / f"back-{number}"
        process = start(logs, kept)
        share = moments.random()
        while not is_at(process, logs, kept, share):
            time.sleep(0.0005)
        time.sleep(moments.uniform(0, 0.01 if share < 0.5 else 0.001))
        process.send_signal(signal.SIGKILL)
        with process:
            said = process.stderr.read()
        if process.returncode != -signal.SIGKILL:
            assert process.returncode in (0, 1), said
        else:
            killed += 1
            left = texts_below(logs)
            during_removal += 0 < len(left) < len(texts)
            during_archive += len(left) == len(texts) and kept.exists()
            assert_nowhere_lost(left, kept, back, texts)
            archive(logs, kept, delete_originals=True, apply=True, unit_bytes=UNIT_BYTES)
            assert texts_below(logs) == {}
            assert len(files_in(kept)) == shape
            assert verify(kept).problems.num_rows == 0
            shutil.rmtree(back, ignore_errors=True)
            restore(kept, back)
            assert texts_below(back) == texts
        for folder in (logs, kept, back):
            shutil.rmtree(folder, ignore_errors=True)
        if killed == KILLS:
            break
    print(f"seed {SEED}: {killed} killed, {during_archive} archiving, {during_removal} removing")
    assert killed == KILLS
    assert during_archive
    assert during_removal


def assert_nowhere_lost(
    left: dict[str, bytes], kept: Path, back: Path, texts: dict[str, bytes]
) -> None:
    """What is not in the source comes out of the archive."""
    gone = {key for key in texts if key not in left}
    if gone:
        restore(kept, back)
        restored = texts_below(back)
        assert {key: restored[key] for key in gone} == {key: texts[key] for key in gone}
    assert all(texts[key] == text for key, text in left.items())
