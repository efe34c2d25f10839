"""What is found depends on which records there are, and on nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowparse
from detect.records import EAGER, day_of, lines, log, start_of
from flowparse import detect
from flowparse.detect.findings import IDENTITY
from flowparse.detect.state import State
from strategies import LAW

#: Each example reads several times.
FEW = settings(LAW, max_examples=max(10, LAW.max_examples // 6))
SEEDS = st.integers(0, 2**32)


def found(source: object, **options: object) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = detect.run(source, EAGER, **options).to_pylist()
    return rows


@FEW
@given(SEEDS, st.integers(1, 5))
def test_order_and_cuts_change_nothing(seed: int, objects: int) -> None:
    """Lines in any order, in any number of objects, give the same findings."""
    rows = lines(seed)
    whole = found(log(rows))
    draw = random.Random(seed)
    draw.shuffle(rows)
    parts = [log(rows[n::objects]) for n in range(objects)]
    assert found(parts, threads=draw.choice([1, 2])) == whole


def test_every_detector_of_these_laws_finds_something() -> None:
    """So that the laws are about something."""
    names = {row["detector"] for seed in range(5) for row in found(log(lines(seed)))}
    assert names == {one.name for one in EAGER}


@FEW
@given(SEEDS)
def test_a_stream_gives_what_a_table_gives(seed: int) -> None:
    """A reader, a table and the source itself."""
    source = log(lines(seed))
    whole = found(source)
    assert found(flowparse.read_table(source)) == whole
    with flowparse.open_reader(source) as reader:
        assert found(reader) == whole
    assert found(pa.RecordBatchReader.from_stream(flowparse.read_table(source))) == whole
    assert found(flowparse.read_table(source, schema="aws")) == whole


@FEW
@given(SEEDS)
def test_day_by_day_gives_what_all_days_at_once_give(seed: int) -> None:
    """With a state, the findings of the days together are those of one run, row by row."""
    rows = lines(seed)
    with TemporaryDirectory() as folder:
        days = [log([row for row in rows if day_of(row) == day]) for day in range(3)]
        told = [row for day in days for row in found(day, state=folder)]
        assert found(log([]), state=folder) == []
    whole = found(log(rows))
    assert sorted(told, key=repr) == sorted(whole, key=repr)


@FEW
@given(SEEDS, st.integers(0, 400))
def test_what_comes_late_is_told_once(seed: int, late: int) -> None:
    """A finding is told once, also where a run sees records of windows that were judged before."""
    rows = lines(seed)
    with TemporaryDirectory() as folder:
        parts = [rows[: late + 20], rows[late + 20 :], []]
        told = [row for part in parts for row in found(log(part), state=folder)]
    names = [tuple(row[name] for name in IDENTITY) for row in told]
    assert len(names) == len(set(names))
    whole = {tuple(row[name] for name in IDENTITY) for row in found(log(rows))}
    assert whole <= set(names)


@FEW
@given(SEEDS, st.integers(1, 3))
def test_what_is_delivered_twice_counts_once(seed: int, threads: int) -> None:
    """Objects that come again, whole or in part, within a run and in a later one."""
    rows = lines(seed)
    draw = random.Random(seed)
    again = draw.sample(rows, 90)
    whole = found(log(rows))
    assert found([log(rows), log(again), log(rows[50:99])], threads=threads) == whole
    with TemporaryDirectory() as folder:
        last = [row for row in rows if start_of(row) > start_of(rows[-1]) - 5 * 3600]
        assert found(log(rows), state=folder) == whole
        facts = State.load(folder).facts.talks
        assert found(log(last), state=folder) == []
        assert State.load(folder).facts.talks.sort_by("minutes").equals(facts.sort_by("minutes"))


def test_duplicates_are_counted_and_may_be_kept() -> None:
    """What was left out is told in the metadata."""
    import json

    twice = [log(lines(0)), log(lines(0))]
    for duplicates, left_out in (("once", len(lines(0))), ("keep", 0)):
        table = detect.run(twice, EAGER, duplicates=duplicates)
        assert json.loads(table.schema.metadata[b"flowparse"])["duplicates"] == left_out
    assert found(twice, duplicates="keep") != found(twice)


def test_a_detector_that_cannot_run_is_told(tmp_path: Path) -> None:
    """Transit gateway logs have no action: what needs it says so in the metadata."""
    import json

    source = b"srcaddr dstaddr srcport dstport protocol start end\n1.2.3.4 10.0.0.1 1 2 6 0 1\n"
    table = detect.run(source, EAGER)
    about = json.loads(table.schema.metadata[b"flowparse"])
    assert about["unable"] == {
        "denied-spike": "no record has action",
        "asymmetric-reject": "no record has action",
        "data-loss": "no record has interface-id, log-status",
    }
    assert about["counts"]["records"] == 1


def test_names_that_there_are_not_are_refused() -> None:
    """The message has those that are near."""
    with pytest.raises(ValueError, match="no detector 'new-servic'; near: new-service"):
        detect.run(log([]), ["new-servic"])
    with pytest.raises(TypeError, match="got 3"):
        detect.run(log([]), [3])
    with pytest.raises(ValueError, match="duplicates"):
        detect.run(log([]), EAGER, duplicates="twice")  # type: ignore[arg-type]
