"""The command on a terminal: what a person sees."""

from __future__ import annotations

import os
import re
import struct

import pytest

fcntl = pytest.importorskip("fcntl")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def shown(start):
    """Run a command with standard output on a terminal of some width."""

    def shown(*arguments, columns, both=False):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        streams = {"stdout": slave, "stderr": slave} if both else {"stdout": slave}
        process = start(*arguments, **streams)
        os.close(slave)
        text = read_all(master)
        err = b""
        if not both:
            err = process.stderr.read()
            process.stderr.close()
        return process.wait(30), text.replace("\r\n", "\n"), err.decode()

    return shown


def read_all(master):
    parts = []
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux says so that the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    return b"".join(parts).decode()


def plain_lines(text):
    return STYLE.sub("", text).splitlines()


def test_a_terminal_gets_a_table(shown, log):
    """At 200 columns every column is there, and no note."""
    code, text, err = shown("head", log, columns=200)
    lines = plain_lines(text)
    assert (code, err) == (0, "")
    assert lines[0].split()[0] == "version"
    assert lines[0].split()[-1] == "log_status"
    assert len(lines) == 6


def test_actions_are_colored(shown, log):
    """On a terminal ACCEPT is green and REJECT is red."""
    _, text, _ = shown("head", log, columns=200)
    assert "\x1b[32mACCEPT" in text
    assert "\x1b[31m\x1b[1mREJECT" in text or "\x1b[1m\x1b[31mREJECT" in text


def test_no_color(shown, log, monkeypatch):
    """NO_COLOR is heeded."""
    monkeypatch.setenv("NO_COLOR", "1")
    _, text, _ = shown("head", log, columns=200)
    assert "REJECT" in text
    assert "\x1b[3" not in text


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_no_column_is_left_out_in_silence(shown, log, columns):
    """In any width, each column is in the table, said to be the same, or named on stderr."""
    code, text, err = shown("head", log, columns=columns)
    assert code == 0
    lines = plain_lines(text)
    assert all(len(line) <= columns for line in lines)
    words = set(re.findall(r"[a-z_]+", " ".join([lines[0], *lines[6:], err])))
    assert {
        "version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport",
        "protocol", "packets", "bytes", "start", "end", "action", "log_status",
    } <= words  # fmt: skip
    if columns < 100:
        assert "--columns" in err


def test_one_record_is_a_line_a_column(shown, log):
    """A single record that does not fit is shown upright, whole."""
    _, text, err = shown("head", "-n", 1, log, columns=80)
    lines = plain_lines(text)
    assert len(lines) == 14
    assert lines[3].split() == ["srcaddr", "10.0.0.1"]
    assert err == ""


def test_long_values_are_folded(shown, tmp_path):
    """A value of 90 characters stands in three lines of its column, none of it lost."""
    arn = "arn:aws:ecs:us-east-1:012345678901:" + "x" * 55
    path = tmp_path / "ecs.log"
    path.write_text(f"srcaddr dstport ecs-task-arn\n192.0.2.1 1 {arn}\n192.0.2.2 2 -\n")
    _, text, _ = shown("head", path, columns=80)
    cells = [line[len("srcaddr    dstport  ") :].strip() for line in plain_lines(text)[2:5]]
    assert "".join(cells) == arn


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_binary_forms_are_kept_from_terminals(shown, log, form):
    """Arrow and Parquet on a terminal are wrong use."""
    code, text, err = shown("head", log, "--output", form, columns=80)
    assert (code, text) == (2, "")
    assert "binary" in err


def test_other_forms_on_a_terminal(shown, log):
    """--output json is JSON on a terminal too."""
    _, text, _ = shown("head", log, "-n", 1, "-o", "json", "--columns", "dstport", columns=80)
    assert text == '{"dstport": 443}\n'


def test_messages_are_wrapped_between_words(shown, bad_log):
    """On a terminal no line of a message is wider than it, paths apart."""
    _, text, _ = shown("count", bad_log, columns=60, both=True)
    message = text[text.index("flowparse: ") :]
    for line in plain_lines(message):
        assert len(line) <= 60 or "/" in line


def test_no_records_is_said(shown, log):
    """A filter that keeps nothing shows no empty table, and says so."""
    code, text, err = shown("head", log, "--filter", "dstport = 1", columns=80)
    assert (code, text, err) == (0, "", "flowparse: note: no records\n")


def test_fields_and_count_fit(shown, log):
    """The tables of count and fields are no wider than the terminal."""
    for arguments in (("count", log), ("fields",)):
        _, text, _ = shown(*arguments, columns=80)
        assert max(len(line.rstrip()) for line in plain_lines(text)) <= 80


def test_control_characters_do_not_reach_a_terminal(shown, tmp_path):
    """An escape sequence in a value or in a name of a file is shown as text."""
    path = tmp_path / "a\x1b[8mb.log"
    path.write_bytes(b"version srcaddr instance-tag\n2 192.0.2.1 a\x1b[31mb\n2 192.0.2.1\n")
    _, text, _ = shown("head", path, "--columns", "instance_tag", columns=200, both=True)
    assert "a\\x1b[31mb" in text
    assert "\x1b[31mb" not in text
    assert "a\\x1b[8mb.log" in text
    assert "\x1b[8m" not in text
