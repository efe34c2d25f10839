"""What a run leaves to the next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from detect.hand import BEGIN, DAY, HOUR, facts, talk
from detect.records import EAGER, day_of, lines, log
from flowparse import DestinationError, detect
from flowparse.detect import Facts, saving
from flowparse.detect.state import State, held

NOTHING = detect.FINDINGS.empty_table()


def test_a_state_is_what_was_saved(tmp_path: Path) -> None:
    """Facts, what was told, and the count of runs; no files of runs before."""
    told = detect.run(log(lines(0)), EAGER)
    for run in (1, 2):
        state = State.load(tmp_path).after(facts([talk(run)]), told)
        state.save(tmp_path)
    found = State.load(tmp_path)
    assert (found.runs, found.facts.talks, found.facts.columns) == (
        2,
        facts([talk(2)]).talks,
        state.facts.columns,
    )
    assert found.told.num_rows == 2 * told.num_rows
    assert len(list(tmp_path.iterdir())) == 5


def test_facts_that_are_too_old_are_dropped() -> None:
    """Those older than the newest by more than thirty days, and what was told of them."""
    old, new = facts([talk(0)]), facts([talk(31 * 24)])
    told = detect.run(log(lines(0)), EAGER)
    state = State.empty().after(old.absorb(new), told)
    assert state.facts.talks == new.talks
    assert {*state.told["time"].to_pylist()} == {
        at for at in told["time"].to_pylist() if at.timestamp() >= BEGIN + DAY
    }


def test_what_was_forgotten_is_not_told_as_new(tmp_path: Path) -> None:
    """Facts that are kept are not judged again: only windows with new records are."""
    first = log(lines(0))
    detect.run(first, EAGER, state=tmp_path)
    state = State.load(tmp_path)
    forgotten = State(state.facts, state.told.slice(0, 0), state.runs)
    forgotten.save(tmp_path)
    assert detect.run(log(lines(1)[-1:]), EAGER, state=tmp_path).num_rows <= 2


def test_two_accounts_with_the_same_addresses_are_told_apart() -> None:
    """What was told of one account is not yet told of another; null is an account as well."""
    one = {"time": [BEGIN], "severity": ["high"], "entity": ["10.0.0.1:22"], "why": ["open"]}
    detector = detect.DETECTORS["exposed-admin"]()
    first, other, none = (
        detect.make_findings(detector, **one, account_id=account, interface_id="eni-1")
        for account in ("111122223333", "444455556666", None)
    )
    state = State.empty().after(Facts.none(), pa.concat_tables([first, none]))
    assert state.untold(pa.concat_tables([first, other, none])) == other


@pytest.mark.parametrize("at", range(14))
def test_a_run_that_dies_while_it_saves_leaves_the_state_before_or_after(
    tmp_path: Path, at: int
) -> None:
    """Killed before any of its writes, the next run finds one of the two, and tells the rest."""
    days = [log([row for row in lines(3) if day_of(row) == day]) for day in range(2)]
    for day, source in enumerate(days):
        (tmp_path / f"{day}.log").write_bytes(source)
    first = detect.run(days[0], EAGER, state=tmp_path / "state").to_pylist()
    code = _DIES.format(at=at, folder=str(tmp_path), tests=str(Path(__file__).parents[1]))
    subprocess.run([sys.executable, "-c", code], timeout=120, check=False, capture_output=True)
    state = State.load(tmp_path / "state")
    assert state.runs in (1, 2)
    if state.runs == 1:
        rest = detect.run(days[1], EAGER, state=tmp_path / "state").to_pylist()
        assert sorted([*first, *rest], key=repr) == sorted(
            detect.run(days, EAGER).to_pylist(), key=repr
        )
    files = {path.name for path in (tmp_path / "state").iterdir()} - {"lock.db", "holder"}
    if state.runs == 1 or at > 11:
        assert len(files) == 6


_DIES = """
import os, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from detect.records import EAGER
from flowparse import detect
left = {at}
def dying(function):
    def call(*arguments, **options):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return function(*arguments, **options)
    return call
Path.replace, os.fsync = dying(Path.replace), dying(os.fsync)
detect.run({folder!r} + "/1.log", EAGER, state={folder!r} + "/state")
"""


def test_only_one_run_uses_a_state(tmp_path: Path) -> None:
    """The second is told so, and which folder it is."""
    with held(tmp_path), pytest.raises(DestinationError, match="another run is at work"):
        detect.run(log([]), EAGER, state=tmp_path)


def test_a_run_that_fails_leaves_the_state(tmp_path: Path) -> None:
    """A source that is not there changes nothing."""
    with pytest.raises(OSError, match="gone"):
        detect.run(tmp_path / "gone", EAGER, state=tmp_path / "state")
    assert State.load(tmp_path / "state").runs == 0


@pytest.mark.parametrize(
    ("about", "said"),
    [("{", "not JSON"), ('{"version": 9}', "version 9"), ("[]", "version None")],
)
def test_a_state_that_cannot_be_used_is_refused(tmp_path: Path, about: str, said: str) -> None:
    """The message names the file, and says what to do."""
    (tmp_path / "state.json").write_text(about)
    with pytest.raises(ValueError, match=rf"state\.json: .*{said}.*new folder"):
        State.load(tmp_path)


def test_a_state_without_its_files_is_damaged(tmp_path: Path) -> None:
    """A table that is not there is told."""
    State.empty().after(facts([talk(0)]), NOTHING).save(tmp_path)
    name = json.loads((tmp_path / "state.json").read_text())["files"]["talks"]
    (tmp_path / name).unlink()
    with pytest.raises(ValueError, match="damaged"):
        State.load(tmp_path)


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    """Half a file is none."""
    path = tmp_path / "x"
    path.write_bytes(b"before")

    def fail(file: Any) -> None:
        file.write(b"half")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        saving.replace_file(path, fail)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("x", b"before")]


def test_hours_of_one_day_add_up(tmp_path: Path) -> None:
    """Facts of two runs in one hour are those of the hour."""
    both = facts([talk(0, records=2, flags=2, minutes=1)]).absorb(
        facts([talk(0, records=3, flags=18, minutes=4, last_seen=BEGIN + HOUR - 1)])
    )
    (row,) = both.talks.to_pylist()
    assert (row["records"], row["flags"], row["minutes"]) == (5, 18, 5)
    assert (row["first_seen"].timestamp(), row["last_seen"].timestamp()) == (
        BEGIN,
        BEGIN + HOUR - 1,
    )
    assert isinstance(both.talks, pa.Table)
