from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pytest

import flowparse
from flowparse.cli.demo import top_denied


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder and the output of one demo."""
    from click.testing import CliRunner

    from flowparse.cli.app import app

    path = tmp_path_factory.mktemp("demo") / "made"
    result = CliRunner().invoke(app, ["demo", str(path)])
    assert result.exit_code == 0, result.output
    return path, result.stdout


def test_what_was_made_was_read_and_written(folder):
    """The records told as made, read and written are one number, and the files hold them."""
    path, text = folder
    made, read, wrote = (
        int(re.search(rf"{name} +([0-9,]+) records", text)[1].replace(",", ""))
        for name in ("made", "read", "wrote")
    )
    assert made == read == wrote > 40_000
    assert flowparse.read_table(str(path / "logs"), columns=[]).num_rows == made
    assert pads.dataset(path / "parquet", partitioning="hive").count_rows() == made


def test_lines_add_up(folder):
    """The lines told are the sum of records, rejects, headers and blank lines."""
    numbers = re.search(
        r"([0-9,]+) lines = ([0-9,]+) records \+ (\d+) rejects \+ (\d+) headers \+ (\d+) blank",
        folder[1],
    )
    lines, *parts = (int(number.replace(",", "")) for number in numbers.groups())
    assert lines == sum(parts)


def test_two_accounts_two_formats(folder):
    """There are 12 objects for each account, of 14 and of 29 fields, in AWS's folders."""
    logs = folder[0] / "logs" / "AWSLogs"
    sizes = {}
    for account in ("111122223333", "444455556666"):
        paths = sorted((logs / account / "vpcflowlogs").rglob("*.log.gz"))
        assert len(paths) == 12
        sizes[account] = len(flowparse.read_table(str(paths[0])).schema)
    assert sizes == {"111122223333": 14, "444455556666": 29}


def test_the_planted_stories_are_found(folder):
    """The upload leads the talkers, the scan leads the denied sources, with its 300 ports."""
    talkers, denied = folder[1].split("Top talkers")[1].split("Denied connections")
    assert talkers.splitlines()[3].split()[-1] == "exfiltration"
    first = denied.splitlines()[3]
    assert "300 ports" in first
    assert first.split()[-1] == "port-scan"
    assert "denied-ssh" in denied


def test_it_fits_a_screen(folder):
    """At most 40 lines of 100 columns, but for what is to be copied."""
    lines = folder[1].splitlines()
    assert len(lines) <= 40
    report = [line for line in lines if str(folder[0]) not in line]
    assert max(len(line.rstrip()) for line in report) <= 100


def test_what_to_try_next_works(folder, run):
    """The three commands at the end can be run as they stand."""
    import shlex

    commands = [shlex.split(line) for line in folder[1].splitlines()[-3:]]
    for name, *arguments in commands:
        assert name == "flowparse"
        result = run(*arguments)
        assert result.exit_code == 0
        assert result.stdout


def test_a_second_run_replaces_the_first(folder, run):
    """The demo's own files are replaced by the same ones, and no others appear."""
    path = folder[0]
    before = {p.relative_to(path) for p in (path / "logs").rglob("*")}
    assert run("demo", path).exit_code == 0
    assert {p.relative_to(path) for p in (path / "logs").rglob("*")} == before
    assert len(list((path / "parquet").rglob("*.parquet"))) <= 4


def test_files_of_others_are_never_removed(folder, run):
    """A file put into the demo's folder makes it refuse, and everything stays."""
    path = folder[0]
    mine = path / "logs" / "mine.log"
    mine.write_text("mine")
    count = sum(1 for _ in path.rglob("*"))
    try:
        result = run("demo", path)
        assert result.exit_code == 2
        assert "did not make, such as logs/mine.log" in result.stderr
        assert sum(1 for _ in path.rglob("*")) == count
    finally:
        mine.unlink()


@pytest.mark.parametrize("mark", [None, "{}", "not json", '{"files": ["mine.txt", 7]}'])
def test_a_folder_of_others_is_refused(run, tmp_path, mark):
    """A folder without the demo's list of files, or with a bad one, keeps its files."""
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    if mark is not None:
        (tmp_path / ".flowparse-demo").write_text(mark)
    if mark and "mine.txt" in mark:
        (tmp_path / "other.txt").write_text("other")
    result = run("demo", tmp_path)
    assert result.exit_code == 2
    assert path.read_text() == "mine"


def test_a_link_to_a_folder_is_not_followed(run, tmp_path):
    """Files behind a link in the demo's folder are not the demo's."""
    outside, path = tmp_path / "outside", tmp_path / "demo"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    path.mkdir()
    (path / ".flowparse-demo").write_text('{"files": ["link/mine.txt"]}')
    (path / "link").symlink_to(outside)
    assert run("demo", path).exit_code == 2
    assert (outside / "mine.txt").read_text() == "mine"


def test_a_file_is_no_folder(run, log):
    """A file in the place of the folder is wrong use, and stays."""
    text = log.read_text()
    assert run("demo", log).exit_code == 2
    assert log.read_text() == text


def test_the_default_folder_is_here(run, tmp_path, monkeypatch):
    """Without an argument the folder is flowparse-demo in the current one."""
    monkeypatch.chdir(tmp_path)
    assert run("demo").exit_code == 0
    assert Path("flowparse-demo/logs/AWSLogs").is_dir()


def test_top_denied_adds_up_what_a_source_was_denied():
    """Records of a source are added up over its destinations; the ports tried are listed once."""
    denied = pa.table(
        {
            "srcaddr": ["a", "a", "a", "b"],
            "dstport": [22, 22, 80, 443],
            "records": [1, 4, 1, 5],
        }
    )
    (row, _) = top_denied(denied).to_pylist()
    assert (row["srcaddr"], row["records"], sorted(row["ports"])) == ("a", 6, [22, 80])
