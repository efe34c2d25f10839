"""`flowparse archive`, `restore` and `verify`: what they say, and their exit codes."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def logs(tmp_path, log):
    """A folder of one object with four records."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log.rename(folder / "a.log")
    return folder


def test_there_and_back(run, logs, tmp_path):
    """Archived, removed, proved and restored: each says what it has done."""
    text = (logs / "a.log").read_bytes()
    result = run("archive", logs, tmp_path / "kept", "--verify")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "archived 1 objects, 4 records" in result.stderr
    assert "1 units proved" in result.stderr
    plan = run("archive", logs, tmp_path / "kept", "--delete-originals")
    assert json.loads(plan.stdout)["object"] == "a.log"
    assert "would remove 1 originals" in plan.stderr
    assert (logs / "a.log").exists()
    done = run("archive", logs, tmp_path / "kept", "--delete-originals", "--apply")
    assert "removed 1 originals" in done.stderr
    assert not (logs / "a.log").exists()
    found = run("verify", tmp_path / "kept")
    assert (found.exit_code, found.stdout) == (0, "")
    assert "the texts of 1 originals are proved, 0 problems" in found.stderr
    back = run("restore", tmp_path / "kept", logs)
    assert back.exit_code == 0
    assert "restored 1 objects" in back.stderr
    assert (logs / "a.log").read_bytes() == text


def test_rejects_are_exit_code_1(run, bad_log, tmp_path):
    """Rejected lines are kept, and are exit code 1."""
    assert run("archive", bad_log, tmp_path / "kept").exit_code == 1


def test_apply_alone(run, logs, tmp_path):
    """--apply without --delete-originals is wrong use."""
    result = run("archive", logs, tmp_path / "kept", "--apply")
    assert result.exit_code == 2
    assert "--delete-originals" in result.stderr


def test_damage_is_exit_code_3(run, logs, tmp_path):
    """A damaged object is listed, with exit code 3, and is not restored from."""
    run("archive", logs, tmp_path / "kept")
    [path] = (tmp_path / "kept" / "data").rglob("*.parquet")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    found = run("verify", tmp_path / "kept")
    assert found.exit_code == 3
    assert json.loads(found.stdout)["kind"] == "sha256"
    table = run("verify", tmp_path / "kept", "-o", "table")
    assert path.name in table.stdout
    assert run("restore", tmp_path / "kept", tmp_path / "back").exit_code == 3
    assert run("archive", logs, tmp_path / "kept", "--verify").exit_code == 0


def test_no_archive(run, tmp_path):
    """A folder that is not there is exit code 3."""
    assert run("verify", tmp_path / "nothing").exit_code == 3
