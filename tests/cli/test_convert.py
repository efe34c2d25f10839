from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import flowparse


def files(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_parquet_in_folders(run, log, tmp_path):
    """--partition-by makes folders; the result lists the files and their bytes."""
    out = tmp_path / "out"
    result = run("convert", log, out, "--partition-by", "day,account")
    assert result.exit_code == 0
    (row,) = files(result)
    path = Path(row["file"])
    assert path.parent == out / "day=2023-11-14" / "account=012345678901"
    assert row["bytes"] == path.stat().st_size
    assert pq.read_table(path, partitioning=None)["dstport"].to_pylist() == [443, 22, None, 0]
    assert result.stderr.startswith("flowparse: note: wrote 4 records to 1 file, ")


def test_one_parquet_file(run, log, tmp_path):
    """A name that ends with .parquet is one file, with the columns and records asked for."""
    out = tmp_path / "out.parquet"
    run("convert", log, out, "--columns", "dstport,bytes", "--filter", "protocol = 6")
    assert pq.read_table(out).to_pydict() == {"dstport": [443, 22], "bytes": [5000, 60]}


def test_earlier_files_are_not_touched_unasked(run, log, tmp_path):
    """A second run is wrong use unless --mode says what to do with the first one's files."""
    out = tmp_path / "out"
    run("convert", log, out)
    again = run("convert", log, out)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "--mode overwrite" in again.stderr
    assert "mode=" not in again.stderr
    assert run("convert", log, out, "--mode", "append").exit_code == 0
    assert len(list(out.glob("*.parquet"))) == 2
    assert run("convert", log, out, "--mode", "overwrite").exit_code == 0
    assert len(list(out.glob("*.parquet"))) == 1


@pytest.mark.parametrize("name", ["out.log", "out.txt", "out.log.gz", "out.txt.gz"])
def test_text_as_aws_writes_it(run, log, tmp_path, name):
    """A text name gives the log again, header first; .gz is gzip."""
    out = tmp_path / name
    result = run("convert", log, out)
    assert result.exit_code == 0
    data = out.read_bytes()
    assert (gzip.decompress(data) if name.endswith(".gz") else data) == log.read_bytes()
    assert files(result) == [{"file": str(out), "bytes": len(data)}]


def test_text_of_some_columns(run, log, tmp_path):
    """--columns makes the format of the text, in its order."""
    out = tmp_path / "out.log"
    run("convert", log, out, "--columns", "dstport,srcaddr,log_status", "--filter", "bytes > 100")
    assert out.read_text() == ("dstport srcaddr log-status\n443 10.0.0.1 OK\n0 2001:db8::1 OK\n")


def test_text_is_not_replaced_unasked(run, log, tmp_path):
    """A text file that is there stays, unless --mode overwrite."""
    out = tmp_path / "out.log"
    out.write_text("mine")
    result = run("convert", log, out)
    assert result.exit_code == 2
    assert out.read_text() == "mine"
    assert run("convert", log, out, "--mode", "overwrite").exit_code == 0
    assert out.read_text() == log.read_text()


@pytest.mark.parametrize("options", [("--partition-by", "day"), ("--mode", "append")])
def test_what_text_cannot_do(run, log, tmp_path, options):
    """Text is one file: folders and adding to it are wrong use."""
    result = run("convert", log, tmp_path / "out.log", *options)
    assert result.exit_code == 2
    assert "text is one file" in result.stderr


@pytest.mark.parametrize("name", ["out", "out.log"])
def test_rejects(run, bad_log, tmp_path, name):
    """Good records are written, rejects are said, and the exit code is 1."""
    result = run("convert", bad_log, tmp_path / name)
    assert result.exit_code == 1
    assert "1 line was rejected" in result.stderr
    assert "wrote 2 records" in result.stderr


def test_a_failed_source_leaves_no_file(run, log, tmp_path):
    """A damaged source is exit code 3, and nothing is written."""
    damaged = tmp_path / "cut.gz"
    damaged.write_bytes(b"\x1f\x8b\x08\x00")
    result = run("convert", log, damaged, tmp_path / "out")
    assert (result.exit_code, result.stdout) == (3, "")
    assert not list((tmp_path / "out").glob("**/*.parquet"))


def test_wrong_partitions(run, log, tmp_path):
    """An unknown partition is wrong use, told as the option."""
    result = run("convert", log, tmp_path / "out", "--partition-by", "week")
    assert result.exit_code == 2
    assert "--partition-by: expected some of day, hour, account, region" in result.stderr


def test_a_destination_that_cannot_be_made(run, log):
    """A folder that the system refuses is exit code 3, with the system's reason."""
    result = run("convert", log, log / "out")
    assert result.exit_code in (2, 3)
    assert len(result.stderr.splitlines()) == 1


def test_standard_output_is_no_destination(run, log):
    """`-` is not taken for the name of a folder."""
    assert run("convert", log, "-").exit_code == 2


def test_what_was_converted_reads_back(run, log, tmp_path):
    """Text written from a log reads as the same table."""
    run("convert", log, tmp_path / "again.log.gz")
    again = flowparse.read_table(str(tmp_path / "again.log.gz"))
    assert again.equals(flowparse.read_table(str(log)))
