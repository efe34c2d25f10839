from __future__ import annotations

import csv
import io
import json


def test_every_line_is_counted(run, log):
    """Four records, one of them NODATA, and one header make five lines."""
    result = run("count", log)
    assert result.exit_code == 0
    size = log.stat().st_size
    assert json.loads(result.stdout) == {
        "records": 4,
        "no_data": 1,
        "skip_data": 0,
        "rejects": 0,
        "headers": 1,
        "blank": 0,
        "lines": 5,
        "objects": 1,
        "bytes_read": size,
        "bytes_text": size,
    }


def test_matching_is_what_the_options_keep(run, log):
    """With a filter, the records that match come first; the other counts stay."""
    counts = json.loads(run("count", log, "--filter", "action = ACCEPT").stdout)
    assert next(iter(counts.items())) == ("matching", 2)
    assert counts["records"] == 4


def test_matching_of_since(run, log):
    """--since alone also makes a matching count."""
    assert json.loads(run("count", log, "--since", "1700000180").stdout)["matching"] == 1
    assert json.loads(run("count", log, "--until", "1700000000").stdout)["matching"] == 0


def test_in_network(run, log):
    """`in network` takes several ranges, of both kinds of address."""
    result = run("count", log, "--filter", "srcaddr in network 203.0.113.0/24,2001:db8::/32")
    assert json.loads(result.stdout)["matching"] == 2


def test_rejects_and_blanks(run, bad_log):
    """Rejects and blank lines are counted, and rejects make exit code 1."""
    with bad_log.open("a") as file:
        file.write("\n   \n")
    result = run("count", bad_log)
    counts = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [counts[n] for n in ("records", "rejects", "headers", "blank", "lines")] == [
        2, 1, 1, 2, 6,
    ]  # fmt: skip


def test_csv_is_a_header_and_a_row(run, log):
    """CSV of the counts has one row."""
    names, numbers = csv.reader(io.StringIO(run("count", log, "-o", "csv").stdout))
    assert dict(zip(names, numbers, strict=True))["records"] == "4"


def test_the_table_explains_the_counts(run, log):
    """For people, each count has its meaning beside it."""
    lines = run("count", log, "-o", "table").stdout.splitlines()
    (records,) = [line for line in lines if line.startswith("records ")]
    assert records.split() == ["records", "4", "lines", "that", "are", "records"]


def test_collect_counts_what_can_be_read(run, log, tmp_path):
    """Under collect a damaged source is said, the others are counted, and the exit code is 3."""
    damaged = tmp_path / "cut.log.gz"
    damaged.write_bytes(b"\x1f\x8b\x08\x00")
    result = run("count", damaged, log, "--on-reject", "collect")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["records"] == 4
    assert str(damaged) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_and_a_glob(run, log):
    """A folder counts as its files, and so does a glob that the shell left alone."""
    log.with_name("more.log").write_text(log.read_text())
    assert json.loads(run("count", log.parent).stdout)["objects"] == 2
    assert json.loads(run("count", log.parent / "*.log").stdout)["records"] == 8
