from __future__ import annotations

import gzip
import json

DEFAULT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} "
    "${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
RECORD = "2 012345678901 eni-0a1b 10.0.0.1 10.0.1.2 1 443 6 1 40 1700000000 1700000059 ACCEPT OK"


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_header(run, log):
    """The format of a file with a header is told by it, in the form that AWS takes."""
    result = run("format", log)
    assert result.exit_code == 0
    assert rows(result) == [
        {
            "format": "default",
            "told_by": "header",
            "export_timestamp": False,
            "fields": 14,
            "files": 1,
            "first_file": str(log),
            "log_format": DEFAULT,
        }
    ]


def test_no_header(run, tmp_path):
    """A record of the default format tells it; blank lines before it do not matter."""
    path = tmp_path / "bare.log"
    path.write_text(f"\n\n{RECORD}\n")
    (row,) = rows(run("format", path))
    assert (row["format"], row["told_by"]) == ("default", "first record")


def test_a_cloudwatch_export(run, tmp_path):
    """The time before each line of an export is no field of the format to paste."""
    path = tmp_path / "000000.gz"
    path.write_bytes(gzip.compress(f"2023-11-14T22:14:00.000Z {RECORD}\n".encode()))
    (row,) = rows(run("format", path))
    assert row["export_timestamp"] is True
    assert (row["fields"], row["log_format"]) == (14, DEFAULT)


def test_formats_are_grouped(run, tmp_path):
    """Files of one format are one row, with their number and the first of them."""
    for name in ("b.log", "c.log"):
        (tmp_path / name).write_text("version srcaddr dstport\n2 192.0.2.1 443\n")
    (tmp_path / "a.log").write_text(f"{RECORD}\n")
    found = rows(run("format", tmp_path))
    assert [(r["format"], r["files"], r["fields"]) for r in found] == [
        ("default", 1, 14),
        ("custom", 2, 3),
    ]
    assert found[1]["first_file"] == str(tmp_path / "b.log")
    assert found[1]["log_format"] == "${version} ${srcaddr} ${dstport}"


def test_a_format_given(run, tmp_path):
    """--log-format is the format of files without a header, and of no others."""
    (tmp_path / "a.log").write_text("192.0.2.1 443\n")
    (tmp_path / "b.log").write_text("version srcaddr dstport\n")
    found = rows(run("format", tmp_path, "--log-format", "srcaddr dstport"))
    assert [r["told_by"] for r in found] == ["--log-format", "header"]


def test_a_transit_gateway(run, tmp_path):
    """AWS's 36 fields of a transit gateway are known by name."""
    from flowparse import LogFormat

    path = tmp_path / "tgw.log"
    path.write_text(LogFormat.transit_gateway().header + "\n")
    assert rows(run("format", path))[0]["format"] == "transit gateway"


def test_a_file_of_no_known_format(run, log, tmp_path):
    """It is a row of its own, stderr says what to pass, and the exit code is 2."""
    (tmp_path / "z.log").write_text("192.0.2.1 443\n")
    result = run("format", tmp_path)
    assert result.exit_code == 2
    known, unknown = rows(result)
    assert (known["format"], unknown["format"]) == ("default", "unknown")
    assert unknown["log_format"] is None
    assert "--log-format" in result.stderr


def test_a_file_that_cannot_be_read(run, log, tmp_path):
    """It is said, the others are still told, and the exit code is 3."""
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b\x08\x00")
    result = run("format", tmp_path)
    assert result.exit_code == 3
    assert [r["first_file"] for r in rows(result)] == [str(log)]
    assert str(tmp_path / "a.gz") in result.stderr


def test_many_files_that_cannot_be_read(run, tmp_path):
    """The first ten are said; of the others, the number."""
    for n in range(12):
        (tmp_path / f"{n:02}.gz").write_bytes(b"\x1f\x8b\x08\x00")
    lines = run("format", tmp_path).stderr.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "flowparse: error: and 2 files more"


def test_empty_files_are_nothing(run, log, tmp_path):
    """A file with nothing in it has no format, and that is no error."""
    (tmp_path / "empty.log").write_text("")
    result = run("format", tmp_path)
    assert result.exit_code == 0
    assert len(rows(result)) == 1
    assert result.stderr == "flowparse: note: files with nothing in them: 1\n"


def test_for_people_the_format_stands_in_one_line(run, log):
    """What is to be copied is not broken into lines."""
    lines = run("format", log, "-o", "table").stdout.splitlines()
    assert lines == ["default format, 14 fields, told by header", str(log), DEFAULT]
