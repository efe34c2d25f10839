"""Sketches instead of values."""

from __future__ import annotations

import random
import sys

import pyarrow as pa
import pytest

from flowparse import aggregate
from flowparse.counts import Counts
from flowparse.grouping import Passed

sketched = pytest.mark.usefixtures("datasketches")


@pytest.fixture
def datasketches() -> None:
    pytest.importorskip("datasketches", reason="Apache DataSketches is not installed")


def made(n: int) -> pa.Table:
    """A source with n destinations, twice each, and one with three."""
    many = [("a", f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}") for i in range(n)] * 2
    rows = [*many, ("b", "x"), ("b", "y"), ("b", "z"), ("b", None), (None, None)]
    random.Random(1).shuffle(rows)
    sources, destinations = zip(*rows, strict=True)
    return pa.table({"srcaddr": sources, "dstaddr": destinations})


@sketched
@pytest.mark.parametrize("n", [10, 1000, 50_000])
def test_the_true_number_is_within_the_bounds(n: int) -> None:
    """The bounds hold the true number, and are within five standard errors of 1.15 %."""
    first, second, third = aggregate.distinct(made(n), approximate=True).to_pylist()
    assert first["distinct_low"] <= n <= first["distinct_high"]
    assert abs(first["distinct"] - n) <= n * 5 * 0.0115
    assert (first["srcaddr"], first["records"]) == ("a", 2 * n)
    assert (second["srcaddr"], second["distinct"], second["records"]) == ("b", 3, 4)
    assert (third["srcaddr"], third["distinct"], third["records"]) == (None, 0, 1)


@sketched
def test_order_and_parts_do_not_matter() -> None:
    """Shuffled, cut in two and absorbed, the records give the same estimate."""
    table = made(20_000)
    whole = aggregate.distinct(table, approximate=True)
    turned = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
    assert aggregate.distinct(turned, approximate=True).equals(whole)
    question = aggregate.Distinct(approximate=True)
    parts = [question.fresh(), question.fresh()]
    for part, piece in zip(parts, (table.slice(0, 15_000), table.slice(15_000)), strict=True):
        for batch in piece.to_batches():
            part.add(batch)
    parts[1].absorb(parts[0])
    assert parts[1].answer(Passed(Counts())).equals(whole)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is not installed, the error says how to get it."""
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(ImportError, match=r"pip install 'flowparse\[sketches\]'"):
        aggregate.distinct(made(1), approximate=True)
