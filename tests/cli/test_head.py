from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_pipe_gets_one_json_object_a_record(run, log):
    """Where stdout is no terminal, each record is a line of JSON with all columns in order."""
    result = run("head", log)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert rows(result)[0] == {
        "version": 2,
        "account_id": "012345678901",
        "interface_id": "eni-0a1b",
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.1.2",
        "srcport": 49152,
        "dstport": 443,
        "protocol": 6,
        "packets": 10,
        "bytes": 5000,
        "start": "2023-11-14T22:13:20Z",
        "end": "2023-11-14T22:14:19Z",
        "action": "ACCEPT",
        "log_status": "OK",
    }
    assert len(rows(result)) == 4


def test_a_dash_of_aws_is_null(run, log):
    """The NODATA record has null addresses in JSON."""
    third = rows(run("head", log))[2]
    assert third["srcaddr"] is None
    assert third["log_status"] == "NODATA"


def test_n_records(run, log):
    """-n 2 gives the first two records; -n 0 none."""
    assert [r["dstport"] for r in rows(run("head", "-n", 2, log))] == [443, 22]
    assert run("head", "-n", 0, log).stdout == ""


def test_sources_come_in_the_order_given(run, log, tmp_path):
    """Records of the second source follow those of the first."""
    other = tmp_path / "other.log"
    other.write_text("version dstport srcaddr\n2 8080 192.0.2.1\n")
    ports = [r["dstport"] for r in rows(run("head", other, log, "--columns", "dstport"))]
    assert ports == [8080, 443, 22, None, 0]


def test_reading_stops_when_there_are_enough(run, tmp_path):
    """A damaged source after the last record wanted is never reached."""
    first, second = tmp_path / "a.log", tmp_path / "b.log.gz"
    first.write_text("version srcaddr dstport\n2 192.0.2.1 443\n")
    second.write_bytes(b"\x1f\x8b not gzip")
    assert run("head", "-n", 1, "--columns", "dstport", first, second).exit_code == 0
    assert run("head", "-n", 2, "--columns", "dstport", first, second).exit_code == 3


def test_columns_in_the_order_asked_for(run, log):
    """--columns takes names with hyphens or underscores, and columns on request."""
    result = run("head", "-n", 1, log, "--columns", "log-status, srcaddr,line")
    assert result.stdout == '{"log_status": "OK", "srcaddr": "10.0.0.1", "line": 2}\n'


def test_filters_must_all_hold(run, log):
    """Two --filter options keep what both of them keep."""
    one = ("--filter", "protocol = 6")
    assert len(rows(run("head", log, *one))) == 2
    assert [r["dstport"] for r in rows(run("head", log, *one, "--filter", "bytes<100"))] == [22]


def test_since_and_until(run, log):
    """A record is kept whose window overlaps; epoch seconds and ISO times are taken."""
    # The second record starts at 1700000060 and the third at 1700000120.
    kept = rows(run("head", log, "--since", "1700000060", "--until", "2023-11-14T22:15:20Z"))
    assert [r["dstport"] for r in kept] == [22]


def test_csv(run, log):
    """CSV has a header, empty cells for null, and ISO times."""
    result = run("head", log, "-o", "csv", "--columns", "dstport,start")
    assert result.stdout == (
        "dstport,start\n"
        "443,2023-11-14T22:13:20Z\n"
        "22,2023-11-14T22:14:20Z\n"
        ",2023-11-14T22:15:20Z\n"
        "0,2023-11-14T22:16:20Z\n"
    )


def test_csv_quotes_what_needs_it(run, tmp_path):
    """A value with a comma or a quote comes back whole from a CSV reader."""
    path = tmp_path / "tag.log"
    path.write_text('version srcaddr instance-tag\n2 192.0.2.1 a,"b"\n')
    text = run("head", path, "-o", "csv").stdout
    assert list(csv.reader(io.StringIO(text)))[1] == ["2", "192.0.2.1", 'a,"b"']


def test_arrow(run, log):
    """Arrow is an IPC stream with the library's own types."""
    data = run("head", log, "-n", 3, "-o", "arrow").stdout_bytes
    table = pa.ipc.open_stream(data).read_all()
    assert table.schema.field("start").type == pa.timestamp("s", tz="UTC")
    assert table["dstport"].to_pylist() == [443, 22, None]


def test_parquet(run, log):
    """Parquet is a whole file on stdout."""
    data = run("head", log, "-o", "parquet", "--columns", "dstport,action").stdout_bytes
    table = pq.read_table(io.BytesIO(data))
    assert table["action"].to_pylist() == ["ACCEPT", "REJECT", None, "ACCEPT"]


def test_schema_aws(run, log):
    """--schema aws gives the times as the numbers that stand in the log."""
    result = run("head", log, "-n", 1, "--schema", "aws", "--columns", "start")
    assert result.stdout == '{"start": 1700000000}\n'


def test_log_format_for_sources_without_a_header(run, tmp_path):
    """--log-format names the fields of a source that has no header."""
    path = tmp_path / "bare.log"
    path.write_text("192.0.2.1 443\n")
    result = run("head", path, "--log-format", "${srcaddr} ${dstport}")
    assert rows(result) == [{"srcaddr": "192.0.2.1", "dstport": 443}]


def test_a_time_beyond_pythons_calendar(run, tmp_path):
    """A start of 99999999999 seconds, in the year 5138, is printed; a larger one does not fail."""
    path = tmp_path / "far.log"
    path.write_text(f"version srcaddr start\n2 - 99999999999\n2 - {2**63 - 1}\n")
    result = run("head", path, "--columns", "start")
    assert result.exit_code == 0
    assert rows(result)[0] == {"start": "5138-11-16T09:46:39Z"}
    assert len(rows(result)) == 2


def test_rejects_are_said_on_stderr_and_make_exit_code_1(run, bad_log):
    """One line on stderr has the count, the first place, and no Python names."""
    result = run("head", bad_log)
    assert result.exit_code == 1
    assert len(rows(result)) == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("flowparse: warning: 1 line was rejected, the first: srcport: ")
    # The header has 101 letters and 13 blanks, the record 80 and 13; each has a newline.
    assert f"({bad_log}, line 3, byte 209)" in line
    assert "open_reader" not in line
    assert "on_reject" not in line
    assert "RejectWarning" not in line


def test_on_reject_collect_says_nothing(run, bad_log):
    """Under collect the exit code alone tells of rejects."""
    result = run("head", bad_log, "--on-reject", "collect")
    assert (result.exit_code, result.stderr) == (1, "")


def test_on_reject_raise_stops_at_the_first(run, bad_log):
    """Under raise no record is shown, and stderr has the reject."""
    result = run("head", bad_log, "--on-reject", "raise")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("flowparse: error: srcport: expected 0..65535, got '70000' (")


def test_a_table_where_nobody_looks_at_the_width(run, log):
    """--output table into a pipe shows all columns, however wide."""
    lines = run("head", log, "-o", "table").stdout.splitlines()
    assert lines[0].split() == [
        "version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport",
        "protocol", "packets", "bytes", "start", "end", "action", "log_status",
    ]  # fmt: skip
    assert set(lines[1]) == {"─"}
    assert lines[3].split()[3:7] == ["203.0.113.9", "10.0.0.1", "51000", "22"]
    assert lines[4].split()[3] == "-"
    assert len(lines) == 6
