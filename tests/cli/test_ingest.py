"""`flowparse ingest`: what it says, its exit codes, and how signals end it."""

from __future__ import annotations

import json
import signal
import sys
import time

import pyarrow.parquet as pq
import pytest


def rows(folder):
    return sum(pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet"))


@pytest.fixture
def logs(tmp_path, log):
    """A folder of one object with four records."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log.rename(folder / "a.log")
    return folder


def test_new_then_known(run, logs, tmp_path):
    """The result is the files added; a second run adds none."""
    out = tmp_path / "out"
    result = run("ingest", logs, out, "--partition-by", "day")
    assert result.exit_code == 0
    [file] = [json.loads(line)["file"] for line in result.stdout.splitlines()]
    assert file.startswith("day=2023-11-14/part-")
    assert (out / file).exists()
    assert "ingested 1 objects, 4 records" in result.stderr
    again = run("ingest", logs, out, "--partition-by", "day")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "ingested 0 objects, 0 records, 0 bytes read; 1 known" in again.stderr


def test_dry_run(run, logs, tmp_path):
    """--dry-run lists the objects that would be read, and makes nothing."""
    result = run("ingest", logs, tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "object": str(logs / "a.log"),
        "bytes": (logs / "a.log").stat().st_size,
        "why": "new",
    }
    assert "would read 1 objects; 0 known" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]
    table = run("ingest", logs, tmp_path / "out", "--dry-run", "-o", "table")
    assert str(logs / "a.log") in table.stdout


def test_rejects_are_exit_code_1(run, bad_log, tmp_path):
    """Rejected lines are said once, with where they are kept; the next run has none."""
    result = run("ingest", bad_log, tmp_path / "out")
    assert result.exit_code == 1
    [warning] = [line for line in result.stderr.splitlines() if "warning" in line]
    assert "1 line was rejected" in warning
    assert "out.ingest/rejects" in warning
    assert run("ingest", bad_log, tmp_path / "out").exit_code == 0


def test_an_object_that_fails_is_exit_code_3(run, logs, tmp_path):
    """It is named, the others are ingested, and the next run tries it again."""
    (logs / "bad.log").write_text("what is this\n")
    for known in (0, 1):
        result = run("ingest", logs, tmp_path / "out")
        assert result.exit_code == 3
        assert f"{known} known, 1 failed" in result.stderr
        assert "bad.log" in result.stderr
        assert "--log-format" in result.stderr
        assert rows(tmp_path / "out") == 4


WRONG_USES = [
    (("ingest", "-", "OUT"), "standard input"),
    (("ingest", "LOGS", "OUT", "--watch", "1", "--dry-run"), "--watch"),
    (("ingest", "LOGS", "OUT", "--watch", "0"), "--watch"),
    (("ingest", "LOGS", "OUT", "--look-back", "soon"), "--look-back"),
    (("ingest", "LOGS", "OUT", "--since", "soon"), "--since"),
    (("ingest", "LOGS", "OUT", "--partition-by", "week"), "--partition-by"),
    (("ingest", "LOGS", "s3://bucket/x"), "pass --state"),
    (("ingest", "LOGS", "DONE", "--schema", "aws"), "--schema: aws now, and typed"),
    (("ingest", "LOGS", "DONE", "--state", "OUT"), "pass --state of the runs before"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG_USES)
def test_wrong_use(run, logs, tmp_path, arguments, told):
    """Exit code 2, nothing on standard output, one line that says it in the command's words."""
    run("ingest", logs, tmp_path / "done")
    names = {"LOGS": logs, "OUT": tmp_path / "out", "DONE": tmp_path / "done"}
    result = run(*(names.get(argument, argument) for argument in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    assert told in line


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_watch_until_a_signal(start, logs, tmp_path, number):
    """--watch takes up what comes, and a signal ends it cleanly, with the code of its work."""
    process = start("ingest", logs, tmp_path / "out", "--watch", "0.1", "--state", tmp_path / "s")
    wait_for(lambda: rows(tmp_path / "out") == 4)
    (logs / "b.log").write_bytes((logs / "a.log").read_bytes())
    wait_for(lambda: rows(tmp_path / "out") == 8)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 2
    assert err.decode().count("ingested 1 objects, 4 records") == 2
    assert len(err.splitlines()) == 2
    assert not (tmp_path / "s" / "staging").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
def test_watch_goes_on_after_what_passes(start, logs, tmp_path):
    """A source that cannot be listed for a while ends nothing, is said, and is exit code 3."""
    process = start("ingest", logs, tmp_path / "out", "--watch", "0.2")
    wait_for(lambda: rows(tmp_path / "out") == 4)
    logs.rename(tmp_path / "away")
    assert b"trying again" in next(line for line in process.stderr if b"error" in line)
    (tmp_path / "away").rename(logs)
    (logs / "b.log").write_bytes((logs / "a.log").read_bytes())
    wait_for(lambda: rows(tmp_path / "out") == 8)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
def test_a_signal_ends_one_run_in_good_order(start, run, logs, tmp_path):
    """The run says how far it came, its exit code names the signal, and the next does the rest."""
    text = (logs / "a.log").read_text()
    for number in range(200):
        (logs / f"{number}.log").write_text(text)
    process = start("ingest", logs, tmp_path / "out", "--unit-objects", "1")
    wait_for(lambda: rows(tmp_path / "out") > 0)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"stopped early; ingested" in err
    assert 0 < rows(tmp_path / "out") < 804
    assert run("ingest", logs, tmp_path / "out").exit_code == 0
    assert rows(tmp_path / "out") == 804


def wait_for(is_so, seconds=30):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
