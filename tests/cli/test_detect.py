"""`flowparse detect`."""

from __future__ import annotations

import json

import pytest

from detect.records import lines, log

DOORS = ["--detector", "asymmetric-reject", "--set", "asymmetric-reject.doors=yes"]
EAGER = [*DOORS, "--set", "asymmetric-reject.minimum_requests=1"]


@pytest.fixture
def records(tmp_path):
    path = tmp_path / "flow.log"
    path.write_bytes(log(lines(0)))
    return path


def told(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_findings_are_lines_of_json(run, records):
    """What the library finds, with all its columns."""
    from flowparse import detect

    result = run("detect", records, *EAGER)
    assert result.exit_code == 0
    rows = told(result)
    asked = detect.DETECTORS["asymmetric-reject"](doors=True, minimum_requests=1)
    assert [row["why"] for row in rows] == detect.run(records, [asked])["why"].to_pylist()
    assert list(rows[0]) == detect.FINDINGS.names


@pytest.mark.parametrize(
    ("severity", "code"), [("low", 10), ("medium", 0), ("high", 0), ("critical", 0)]
)
def test_fail_on_ends_with_ten(run, records, severity, code):
    """If there is a finding of that severity or a higher one; these are low."""
    result = run("detect", records, *EAGER, "--fail-on", severity)
    assert result.exit_code == code
    assert told(result)


def test_findings_win_over_rejects_and_failed_sources_over_findings(run, records, tmp_path):
    """10 instead of 1, and 3 instead of 10."""
    with records.open("ab") as file:
        file.write(b"bogus\n")
    assert run("detect", records, *DOORS).exit_code == 1
    assert run("detect", records, *EAGER, "--fail-on", "low").exit_code == 10
    damaged = tmp_path / "damaged.log.gz"
    damaged.write_bytes(b"\x1f\x8b\x08 no")
    result = run("detect", records, damaged, *EAGER, "--fail-on", "low", "--on-reject", "collect")
    assert (result.exit_code, bool(told(result))) == (3, True)


def test_a_state_tells_findings_once(run, records, tmp_path):
    """The second run over nothing new has nothing to tell."""
    state = ["--state", str(tmp_path / "state")]
    assert told(run("detect", records, *EAGER, *state))
    empty = tmp_path / "empty.log"
    empty.write_bytes(log([]))
    assert told(run("detect", empty, *EAGER, *state)) == []


def test_a_baseline_is_saved_and_used(run, records, tmp_path):
    """Against a baseline of the same records, nothing is new."""
    usual = str(tmp_path / "usual.parquet")
    result = run("detect", records, "--save-baseline", usual)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "services" in result.stderr
    new = ["--detector", "new-service", "--set", "new-service.learn_hours=12"]
    new += ["--set", "new-service.stays_hours=1"]
    assert told(run("detect", records, *new))
    assert told(run("detect", records, *new, "--baseline", usual)) == []


def test_list_tells_thresholds_and_reasons(run):
    """Each threshold of each detector has a default and a reason."""
    rows = told(run("detect", "--list"))
    assert {"denied-spike", "data-loss", "new-peer"} <= {row["detector"] for row in rows}
    assert all(row["finds"] for row in rows)
    assert [row for row in rows if row["threshold"] and not (row["default"] and row["why"])] == []


def test_a_detector_that_could_not_run_is_noted(run, tmp_path):
    """Never in silence."""
    path = tmp_path / "tgw.log"
    path.write_bytes(b"srcaddr dstaddr start end\n1.2.3.4 10.0.0.1 0 1\n")
    result = run("detect", path, "--detector", "denied-spike")
    assert result.exit_code == 0
    assert "denied-spike did not run: no record has action" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--detector", "denied-spik"], "near: denied-spike"),
        (["--set", "x"], "expected DETECTOR.THRESHOLD=VALUE"),
        (["--set", "denied-spike.times=x"], "expected float"),
        (["--set", "denied-spike.tims=3"], "no threshold 'tims'; there is times"),
        (["--set", "beacn.x=3"], "no detector 'beacn'"),
        (["--detector", "new-peer", "--set", "denied-spike.times=3"], "no detector"),
    ],
)
def test_wrong_use_is_code_two(run, records, arguments, said):
    """The message says what is wrong, and what there is."""
    result = run("detect", records, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_no_source_is_wrong_use(run):
    """But with --list."""
    assert run("detect").exit_code == 2


def test_findings_on_a_terminal_are_a_table(run, records):
    """Time, severity, detector, entity and why."""
    result = run("detect", records, *EAGER, "--output", "table")
    assert result.exit_code == 0
    assert "asymmetric-reject" in result.stdout
    head = result.stdout.splitlines()[0].split()
    assert head == ["time", "severity", "detector", "entity", "why"]
    listed = run("detect", "--list", "--output", "table").stdout
    assert "minimum_records" in listed
