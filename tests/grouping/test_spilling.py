"""More groups than memory: with any bound, the groups of none."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grouped
from flowparse.grouping import GroupFold, Groups, Key, Measure, groups, run_pass
from grouped import MEASURES, batch_of, keys, rows_of_few
from strategies import LAW


@settings(LAW, max_examples=30)
@given(st.lists(rows_of_few, min_size=1, max_size=4), keys, st.data())
def test_spilling_changes_nothing(
    batches: list[list[dict[str, Any]]], by: list[Key], data: st.DataObject
) -> None:
    """Spilled after any batch, and absorbed in part, the groups, top and totals are the same."""
    bounds = st.sampled_from([1, 10_000, None])
    copies = [Groups(by, MEASURES, memory_bytes=data.draw(bounds)) for _ in range(2)]
    plain = Groups(by, MEASURES)
    for rows in batches:
        copies[data.draw(st.integers(0, 1))].add(batch_of(rows))
        plain.add(batch_of(rows))
    first, second = copies
    first.absorb(second)
    assert first.table().schema == plain.table().schema
    assert grouped.as_groups(first.table(), len(by)) == grouped.as_groups(plain.table(), len(by))
    assert len(first) == len(plain)
    for measure in ("n", "sum", "first"):
        assert first.top(measure, 5).to_pylist() == plain.top(measure, 5).to_pylist()
    for measure in ("n", "sum", "or"):
        assert first.total(measure) == plain.total(measure)


def many(n: int) -> pa.Table:
    names = [f"10.{i % 7}.{i // 256 % 256}.{i % 256}" for i in range(n)]
    other = [f"host-{i % 5000}" for i in range(n)]
    return pa.table({"a": names, "b": pa.array(other).dictionary_encode(), "n": range(n)})


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Parts that are too large are spilled again, and no table in memory outgrows the bound."""
    bound, most = 200_000, 0
    plain, bounded = (
        Groups(
            [Key("a"), Key("b")],
            [Measure("sum", "n", "n"), Measure("count", None, "c")],
            memory_bytes=given_bytes,
            spill_folder=tmp_path,
        )
        for given_bytes in (None, bound)
    )
    for batch in many(100_000).to_batches(500):
        plain.add(batch)
        bounded.add(batch)
        most = max(most, bounded.nbytes)
    assert plain.nbytes > 20 * bound
    assert most <= bound
    assert grouped.as_groups(bounded.table(), 2) == grouped.as_groups(plain.table(), 2)
    assert bounded.top("n", 20).to_pylist() == plain.top("n", 20).to_pylist()


def test_files_are_removed(tmp_path: Path) -> None:
    """With the groups, also where what was read of them was not read to its end."""
    some = Groups([Key("a")], [], memory_bytes=1, spill_folder=tmp_path)
    some.add(many(1000).to_batches()[0])
    assert list(tmp_path.iterdir()) != []
    next(some.batches())
    del some
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_what_is_spilled_has_no_numbers() -> None:
    """Nor has a bound of nothing a meaning."""
    with pytest.raises(ValueError, match="no numbers"):
        Groups([Key("a")], [], memory_bytes=1).number(many(2).to_batches()[0])
    with pytest.raises(ValueError, match="memory_bytes: expected 1 or more"):
        Groups([Key("a")], [], memory_bytes=0)


def test_a_pass_may_spill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On threads, each with a bound of its own."""
    fold = GroupFold([Key("a")], [Measure("sum", "n", "n")], memory_bytes=1, spill_folder=tmp_path)
    plain = GroupFold([Key("a")], [Measure("sum", "n", "n")])
    monkeypatch.setattr(groups, "_TURNS", 1)
    run_pass(many(3000), [fold, plain], threads=3)
    assert grouped.as_groups(fold.table(), 1) == grouped.as_groups(plain.table(), 1)
