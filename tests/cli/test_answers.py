"""`top`, `denied` and `timeline`: a question at the command line."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_top(run, log):
    """The pairs of addresses with most bytes come first, and the NODATA record last."""
    result = run("top", log)
    assert (result.exit_code, result.stderr) == (0, "")
    assert rows(result)[0] == {
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.1.2",
        "bytes": 5000,
        "packets": 10,
        "records": 1,
        "share": 5000 / 5204,
        "first_seen": "2023-11-14T22:13:20Z",
        "last_seen": "2023-11-14T22:14:19Z",
    }
    assert [row["bytes"] for row in rows(result)] == [5000, 144, 60, None]


def test_top_options(run, log):
    """--by, --measure, --limit, --network and --filter are the library's arguments."""
    result = run("top", log, "--by", "dstaddr/16,protocol", "--measure", "packets", "-n", 1)
    assert [(row["dstaddr"], row["protocol"]) for row in rows(result)] == [("10.0.0.0/16", 6)]
    folded = run("top", log, "--by", "srcaddr", "--network", 8, "--filter", "protocol in 6,58")
    found = [row["srcaddr"] for row in rows(folded)]
    assert found == ["10.0.0.0/8", "2001:db8::/64", "203.0.0.0/8"]
    wide = run("top", log, "--by", "srcaddr", "--network-ipv6", 32, "--filter", "protocol = 58")
    assert [row["srcaddr"] for row in rows(wide)] == ["2001:db8::/32"]
    assert [row["records"] for row in rows(run("top", log, "--by", ""))] == [4]


def test_denied(run, log):
    """The one rejected record is told with its port."""
    [row] = rows(run("denied", log))
    assert (row["srcaddr"], row["dstport"], row["records"]) == ("203.0.113.9", 22, 1)
    [row] = rows(run("denied", log, "--network", 24, "-n", 5))
    assert (row["srcaddr"], row["dstaddr"]) == ("203.0.113.0/24", "10.0.0.0/24")
    assert rows(run("denied", log, "-n", 0)) == []


def test_timeline(run, log):
    """Each action has a row in each span; --no-fill leaves out those of zeros."""
    result = rows(run("timeline", log, "--every", "1m"))
    # NODATA's null action, ACCEPT and REJECT, from 22:13 to 22:16.
    assert len(result) == 4 * 3
    assert result[0] == {
        "time": "2023-11-14T22:13:00Z",
        "action": "ACCEPT",
        "records": 1,
        "packets": 10,
        "bytes": 5000,
    }
    assert len(rows(run("timeline", log, "--every", "1m", "--no-fill"))) == 4
    hours = rows(run("timeline", log, "--every", "1h", "--by", ""))
    assert [(row["records"], row["bytes"]) for row in hours] == [(4, 5204)]


@pytest.mark.parametrize("command", ["top", "denied", "timeline"])
def test_other_forms(run, log, command):
    """CSV, Arrow and Parquet hold the same rows as JSON; Arrow says the units."""
    n = len(rows(run(command, log)))
    assert len(run(command, log, "-o", "csv").stdout.splitlines()) == n + 1
    arrow = pa.ipc.open_stream(run(command, log, "-o", "arrow").stdout_bytes).read_all()
    assert arrow.num_rows == n
    assert arrow.schema.field("bytes").metadata[b"unit"] == b"bytes"
    assert json.loads(arrow.schema.metadata[b"flowparse"])["counts"]["records"] == 4
    parquet = pq.read_table(io.BytesIO(run(command, log, "-o", "parquet").stdout_bytes))
    assert parquet.num_rows == n


def test_a_table_has_units(run, log):
    """A table for people has sizes, shares and thousands, and a dash for null."""
    lines = run("top", log, "-o", "table").stdout.splitlines()
    assert lines[0].split()[:6] == ["srcaddr", "dstaddr", "bytes", "packets", "records", "share"]
    assert lines[2].split()[:7] == ["10.0.0.1", "10.0.1.2", "5.0", "kB", "10", "1", "96.1%"]
    assert lines[5].split()[:6] == ["-", "-", "-", "-", "1", "-"]


def test_a_narrow_table_says_what_it_leaves_out(run, log, monkeypatch):
    """Columns that do not fit are named, with the way to see them."""
    monkeypatch.setenv("COLUMNS", "40")
    result = run("top", log, "-o", "table")
    assert max(map(len, result.stdout.splitlines())) <= 40
    assert (
        "no room for packets, records, share, first_seen, last_seen: --output json shows all"
        in (result.stderr)
    )


def test_nothing_to_tell(run, log):
    """Where there is no row, a person is told so."""
    result = run("denied", log, "--filter", "action = ACCEPT", "-o", "table")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "flowparse: note: no records\n"


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("top", ["--by", "srcadr"], "no column 'srcadr'"),
        ("top", ["--by", "bytes"], "--by: bytes is what is measured"),
        ("top", ["--by", "dstport/24"], "--by: expected a column"),
        ("top", ["--measure", "flows"], "--measure"),
        ("top", ["--network", "33"], "--network"),
        ("timeline", ["--every", "soon"], "--every: expected"),
        ("denied", ["--limit", "-1"], "--limit"),
    ],
)
def test_wrong_use(run, log, command, options, message):
    """What there is not is exit code 2, with one line in the words of the command line."""
    result = run(command, log, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert message in line


@pytest.mark.parametrize("command", ["top", "denied", "timeline"])
def test_exit_codes(run, bad_log, tmp_path, command):
    """Rejects make it 1 with the answer given; a source that is not there 3."""
    result = run(command, bad_log)
    assert result.exit_code == 1
    assert rows(result)
    assert "1 line was rejected" in result.stderr
    assert run(command, tmp_path / "none").exit_code == 3
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(b"\x1f\x8b not gzip")
    collected = run(command, bad_log, damaged, "--on-reject", "collect")
    assert (collected.exit_code, bool(rows(collected))) == (3, True)


def test_a_sum_that_does_not_fit(run, tmp_path):
    """A sum beyond 64 bits is one line that says which, and exit code 3."""
    path = tmp_path / "wide.log"
    path.write_text(f"srcaddr dstaddr dstport bytes\na b 1 {2**63 - 1}\na b 1 1\n")
    result = run("top", path)
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("flowparse: error: column 'bytes': the sum of 'bytes' is ")
