"""Records that came before, against a set of tuples."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowparse.grouping import Once, Seen
from strategies import LAW

SCHEMA = pa.schema(
    {
        "address": pa.string(),
        "name": pa.dictionary(pa.int32(), pa.string()),
        "small": pa.int32(),
        "flag": pa.bool_(),
        "time": pa.timestamp("s", "UTC"),
    }
)
# Values that differ in little: zeros, zero bytes, lengths, and null.
rows_of_few = st.lists(
    st.fixed_dictionaries(
        {
            "address": st.sampled_from([None, "", "\0", "\0\0", "10.0.0.1", "10.0.0.1\0"])
            | st.text(max_size=30),
            "name": st.sampled_from([None, "", "\0", "a"]),
            "small": st.sampled_from([None, 0, 1, -1]),
            "flag": st.sampled_from([None, False, True]),
            "time": st.sampled_from([None, 0, 3600, 7200, -1]),
        }
    ),
    min_size=1,
    max_size=12,
).flatmap(lambda few: st.lists(st.sampled_from(few), max_size=60))


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def values(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in SCHEMA.names)


def news(seen: Seen, batch: pa.RecordBatch) -> list[bool]:
    found = seen.add(batch)
    return [True] * batch.num_rows if found is None else found.to_pylist()


@LAW
@given(rows_of_few, st.integers(0, 60))
def test_a_row_is_new_once(rows: list[dict[str, Any]], cut: int) -> None:
    """Of equal rows the first is new, in whatever batch, and after the set was saved."""
    seen = Seen(SCHEMA.names, "time")
    found = news(seen, batch_of(rows).slice(0, cut))
    seen = Seen.from_buffer(seen.to_buffer())
    found += news(seen, batch_of(rows).slice(cut))
    before: set[tuple[Any, ...]] = set()
    wanted = []
    for row in rows:
        key = values(row)
        wanted.append(key not in before)
        before.add(key)
    assert found == wanted
    assert len(seen) == len(before)


@LAW
@given(rows_of_few)
def test_it_forgets_hours(rows: list[dict[str, Any]]) -> None:
    """Rows of hours that have ended are new again; those without a time are kept."""
    seen = Seen(SCHEMA.names, "time")
    seen.add(batch_of(rows))
    seen.forget(3600 + 59)
    kept = {values(row) for row in rows if row["time"] is None or row["time"] >= 3600}
    assert len(seen) == len(kept)
    once = [dict(zip(SCHEMA.names, key, strict=True)) for key in {values(r) for r in rows}]
    assert news(seen, batch_of(once)) == [values(row) not in kept for row in once]


def test_a_type_has_one_hash() -> None:
    """Text as text or as a dictionary, and a number narrow or wide, is the same value."""
    plain = pa.record_batch({"s": pa.array(["a", None, "b"]), "n": pa.array([1, 2, 3], pa.int32())})
    other = pa.record_batch(
        {"s": pa.array(["b", "a", None]).dictionary_encode(), "n": pa.array([3, 1, 2], pa.int64())}
    )
    seen = Seen(["s", "n"])
    assert seen.add(plain) is None
    assert news(seen, other) == [False] * 3


def test_many_rows_stay_apart() -> None:
    """A million rows, one by one different, are a million; and none of them is new again."""
    seen = Seen(["n", "s"])
    numbers = pa.array(range(1_000_000), pa.int64())
    batch = pa.record_batch({"n": numbers, "s": numbers.cast(pa.string())})
    assert seen.add(batch) is None
    assert len(seen) == 1_000_000
    assert seen.add(batch).true_count == 0
    assert 21 * len(seen) < seen.nbytes < 33 * len(seen)


def test_texts_next_to_one_another_stay_apart() -> None:
    """Bytes that are few and low, zeros at the end, and sizes around a word's."""
    texts = [bytes(t) for n in range(6) for t in itertools.product(range(4), repeat=n)]
    texts += [b"a" * n + b"\0" * m for n in range(1, 20) for m in range(1, 20)]
    seen = Seen(["t"])
    assert seen.add(pa.record_batch({"t": pa.array(texts, pa.binary())})) is None
    assert len(seen) == len(texts)


KINDS = {
    "number": (pa.int64(), [None, 0, 1, 7 << 56]),
    "text": (pa.string(), [None, "", "\0", "\1", "\0" * 7, "\0" * 8, "\0" * 17]),
}


@pytest.mark.parametrize("kinds", [*itertools.product(KINDS, repeat=4)])
def test_rows_next_to_one_another_stay_apart(kinds: tuple[str, ...]) -> None:
    """All rows of a few low values, in columns of any kinds, are different ones."""
    rows = list(itertools.product(*(KINDS[kind][1] for kind in kinds)))
    arrays = [pa.array(c, KINDS[k][0]) for c, k in zip(zip(*rows, strict=True), kinds, strict=True)]
    names = [str(i) for i in range(len(kinds))]
    for n in (3, 4):  # an odd number of columns, and an even one
        seen = Seen(names[:n])
        seen.add(pa.RecordBatch.from_arrays(arrays[:n], names[:n]))
        assert len(seen) == len({row[:n] for row in rows})


def test_what_is_no_set_is_refused() -> None:
    """A saved set that is cut off, and columns that are not there."""
    seen = Seen(["n"])
    seen.add(pa.record_batch({"n": [1, 2]}))
    whole = seen.to_buffer().to_pybytes()
    for wrong in (b"", b"x", whole[:-1], whole[:20]):
        with pytest.raises(ValueError, match="no set"):
            Seen.from_buffer(wrong)
    with pytest.raises(ValueError, match="columns"):
        Seen([])
    with pytest.raises(ValueError, match="columns"):
        Seen(["n"], "time")


def test_once_counts_what_it_drops() -> None:
    """The prelude lets a row through once, and counts the others."""
    once = Once(Seen(["n"]))
    assert once.choose(pa.record_batch({"n": [1, 2]})) is None
    assert once.choose(pa.record_batch({"n": [2, 3, 3]})).to_pylist() == [False, True, False]
    assert once.dropped == 2
