"""The table of precision and recall: what is planted for it, and how counts add up."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse.testing import STORIES, Label
from flowparse.testing.judging import MUST_FIND

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "detection.py"
pytestmark = pytest.mark.skipif(
    not SCRIPT.is_file(), reason="the benchmarks are not beside these tests"
)


@pytest.fixture(scope="module")
def script() -> Any:
    return importlib.import_module("detection")


def finding(label: Label, detector: str, **changed: Any) -> dict[str, Any]:
    row = {"time": label.since, "detector": detector, "entity": label.interface_id}
    row |= {"interface_id": label.interface_id, "srcaddr": None, "dstaddr": None}
    return row | {"first_seen": label.since, "last_seen": label.until, "why": "by hand"} | changed


def test_all_stories_are_planted_and_the_list_is_handed_on(script: Any) -> None:
    """A case has each story once, days of records of three accounts, and the threat list."""
    seen: dict[str, Any] = {}

    def run(folders: list[Path], lists: dict[str, bytes]) -> pa.Table:
        seen["lists"] = lists
        table = flowparse.read_table(folders, columns=["start", "account_id", "srcaddr"])
        seen["rows"], seen["accounts"] = table.num_rows, set(table["account_id"].to_pylist())
        return table

    _, labels, records = script.run_case(script.Case(7, "quiet", 2, 12), run)
    assert sorted(label.story for label in labels) == sorted(STORIES)
    assert seen["rows"] == records > 100_000
    assert set(script.ACCOUNTS) <= seen["accounts"]
    (listed,) = [label.threat_list for label in labels if label.threat_list]
    assert seen["lists"]["planted"].decode().split() == list(listed)
    (brief,) = [label for label in labels if label.story == "denied-ssh"]
    assert (brief.end - brief.start).total_seconds() < 3600


def test_table_is_what_was_found_over_all_seeds(
    script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two seeds of which one is found, with one false alarm: recall 1/2, precision 1/2."""
    from flowparse.testing import Network

    (label,) = Network(interfaces=12, peers=50).labels(["beacon"])
    right, wrong = finding(label, "beacon"), finding(label, "beacon", srcaddr="10.9.9.9")
    given = iter([[right, wrong], [wrong][:0]])
    schema = pa.Table.from_pylist([wrong]).schema

    def run_case(case: Any, run: Any) -> tuple[pa.Table, tuple[Label, ...], int]:
        return pa.Table.from_pylist(next(given), schema), (label,), 1000

    monkeypatch.setattr(script, "run_case", run_case)
    pair = [script.Case(seed, "usual", 2, 12) for seed in (1, 2)]
    script.print_table(pair, script.detect, alarms=True)
    out = capsys.readouterr().out
    assert "| `beacon` | usual | 2 | 1 | 1 | 0.50 | 0.50 |" in out
    assert "2,000 records usual" in out
    assert "- seed 2, usual: beacon missed beacon" in out
    assert f"beacon: {label.interface_id}: by hand" in out


def test_words_on_the_command_line(script: Any) -> None:
    """`--small` is one case; otherwise each level has each seed; one day is too short."""
    assert len(script.cases(script.parse(["--small"]))) == 1
    found = script.cases(script.parse(["--seeds", "8", "9", "--levels", "loud", "quiet"]))
    assert [(case.seed, case.noise) for case in found] == [
        (8, "loud"), (9, "loud"), (8, "quiet"), (9, "quiet"),
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        script.parse(["--days", "1"])


def test_documented_table_of_stories_is_the_one_in_code() -> None:
    """The page names, for each story, the detectors that must and that may find it."""
    from flowparse.testing.judging import MAY_FIND

    page = (SCRIPT.parents[1] / "docs" / "testing.md").read_text("utf-8")
    documented = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            stories, must, may = (cell.replace("`", "").split(", ") for cell in cells)
            documented |= dict.fromkeys(stories, (must, may))
    assert set(documented) == set(STORIES)
    for story, (must, may) in documented.items():
        assert must == (list(MUST_FIND[story]) or ["nobody"])
        assert may == (list(MAY_FIND.get(story, ())) or [""])
