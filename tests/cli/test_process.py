"""The command as a process: exit codes, streams, pipes, signals."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from importlib.metadata import entry_points

import pytest


def finish(process, data=None):
    out, err = process.communicate(data, timeout=30)
    return process.returncode, out.decode(), err.decode()


def test_results_and_messages_keep_apart(start, bad_log):
    """Standard output has records only, standard error one line on the reject; exit code 1."""
    code, out, err = finish(start("head", bad_log))
    assert code == 1
    assert [json.loads(line)["dstport"] for line in out.splitlines()] == [443, 22]
    assert len(err.splitlines()) == 1
    assert "warnings.warn" not in err


def test_standard_input(start, log):
    """`-` reads standard input, gzip or text, beside other sources."""
    data = gzip.compress(log.read_bytes())
    code, out, _ = finish(start("count", "-", log, stdin=subprocess.PIPE), data)
    assert code == 0
    counts = json.loads(out)
    assert (counts["records"], counts["objects"]) == (8, 2)
    assert counts["bytes_read"] == len(data) + log.stat().st_size


WRONG_USES = [
    (("head",), "SOURCE"),
    (("nonsense",), "nonsense"),
    (("head", "LOG", "--nonsense"), "--nonsense"),
    (("head", "LOG", "--columns", "srcadr"), "did you mean srcaddr"),
    (("head", "LOG", "--columns", " , "), "--columns"),
    (("head", "LOG", "--columns", "bytes,bytes"), "named twice: bytes"),
    (("head", "LOG", "--filter", "dstport"), "--filter"),
    (("head", "LOG", "--filter", "dstport in network 10.0.0.0/8"), "dstport"),
    (("head", "LOG", "--filter", "srcadr = x"), "did you mean srcaddr"),
    (("head", "LOG", "--filter", "srcaddr in network 10.0.0.0/99"), "10.0.0.0/99"),
    (("head", "LOG", "--since", "yesterday"), "--since"),
    (("head", "LOG", "--log-format", "${version"), "position 0"),
    (("head", "LOG", "--threads", "0"), "--threads"),
    (("head", "LOG", "-n", "-1"), "-n"),
    (("head", "LOG", "--output", "xml"), "--output"),
    (("head", "-", "-"), "only once"),
    (("head", "NO_FORMAT"), "--log-format"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG_USES)
def test_wrong_use_is_exit_code_2_and_one_line(run, log, tmp_path, arguments, told):
    """Nothing on standard output, one line that names what is wrong, no traceback."""
    no_format = tmp_path / "no-format.txt"
    no_format.write_text("192.0.2.1 443\n")
    names = {"LOG": log, "NO_FORMAT": no_format}
    result = run(*(names.get(argument, argument) for argument in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("flowparse: error: ")
    assert told in line
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("name", ["missing.log", "*.nothing", "s3://bucket/key"])
def test_a_source_that_is_not_there_is_exit_code_3(run, tmp_path, name):
    """A missing path, a glob without matches, and what cannot be read are exit code 3."""
    source = name if "//" in name else tmp_path / name
    result = run("count", source)
    assert (result.exit_code, result.stdout) == (3, "")
    assert len(result.stderr.splitlines()) == 1
    assert name in result.stderr


def test_damaged_gzip_is_exit_code_3(start, log, tmp_path):
    """A cut-off member is one line with the place, and what to do in options."""
    path = tmp_path / "cut.log.gz"
    path.write_bytes(gzip.compress(log.read_bytes())[:-20])
    code, out, err = finish(start("count", path))
    assert (code, out) == (3, "")
    (line,) = err.splitlines()
    assert "--on-reject collect" in line
    assert "reader." not in line


def test_a_closed_pipe_ends_it_quietly(start, log, tmp_path):
    """Where the reader of the pipe goes, the command ends as others do, and says nothing."""
    path = tmp_path / "large.log"
    lines = log.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[1] * 30_000)
    process = start("head", "-n", 30_000, path)
    assert process.stdout.readline().startswith(b'{"version"')
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), err) == (141, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a child")
def test_ctrl_c_is_exit_code_130(start):
    """An interrupted command says nothing of Python."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:  # what ignores the signal, as jobs in the background do, starts children that do so
        process = start("count", "-", stdin=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    # More than a pipe holds: when all is written, the command has begun to read.
    process.stdin.write(b"version srcaddr dstport\n" * 50_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out, err.strip()) == (130, "", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_a_full_disk_is_said(start, log):
    """Output that cannot be written is exit code 3 and one line."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        code, _, err = finish_stderr(start("head", log, stdout=full))
    assert code == 3
    assert len(err.splitlines()) == 1


def finish_stderr(process):
    err = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(30), "", err


def test_version_and_help(run):
    """--version is one line; --help names every command; no command is wrong use with help."""
    import flowparse

    assert run("--version").stdout == f"flowparse {flowparse.__version__}\n"
    text = run("--help").stdout
    for command in ("demo", "head", "count", "convert", "fields", "format"):
        assert f"  {command} " in text
        assert run(command, "--help").exit_code == 0
    nothing = run()
    assert nothing.exit_code in (0, 2)
    assert "Usage:" in nothing.output


def test_the_command_is_installed():
    """Installing the package makes the command `flowparse`."""
    (command,) = entry_points(group="console_scripts", name="flowparse")
    assert command.value == "flowparse.cli:main"


def test_help_loads_nothing_heavy():
    """Until a command needs them, neither boto3, rich, Parquet nor the generator is loaded."""
    code = (
        "import sys, flowparse.cli.app\n"
        "heavy = {'boto3', 'botocore', 'rich', 'pyarrow.parquet', 'flowparse.testing'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_every_error_of_many_is_a_line_under_collect(run, log, tmp_path):
    """Two damaged sources are two lines, and the good one is counted."""
    for name in ("a.gz", "b.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08\x00")
    result = run("count", tmp_path, "--on-reject", "collect")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 2
    assert json.loads(result.stdout)["records"] == 4
