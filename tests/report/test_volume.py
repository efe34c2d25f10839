from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowparse.report.gathered import VOLUME
from flowparse.report.volume import Volume, chart
from strategies import LAW

TIME = pa.timestamp("s", tz="UTC")
START = 1_700_000_000
SCHEMA = pa.schema(
    [("start", TIME), ("action", pa.string()), ("packets", pa.int64()), ("bytes", pa.int64())]
)

rows = st.lists(
    st.tuples(
        st.none() | st.integers(START, START + 40 * 86400),
        st.sampled_from(["ACCEPT", "REJECT", None]),
        st.none() | st.integers(0, 10**9),
    )
)


def batch(given_rows):
    records = [
        {"start": start, "action": action, "packets": n_bytes, "bytes": n_bytes}
        for start, action, n_bytes in given_rows
    ]
    return pa.RecordBatch.from_pylist(records, schema=SCHEMA)


def volume_of(*parts) -> Volume:
    whole = Volume()
    for part in parts:
        other = whole.fresh()
        other.add(batch([]))
        other.add(batch(part))
        whole.absorb(other)
    return whole


@settings(LAW, max_examples=60)
@given(rows, rows)
def test_buckets_add_up(first, second):
    """Each record with a time is in its bucket; zeros fill the rest; none is lost.

    Without an action, those that tell of bytes have an empty one, and the others are counted.
    """
    volume = volume_of(first, second)
    charted = chart(volume.table(), volume.every)
    wanted: Counter[tuple[int, str]] = Counter()
    sums: Counter[tuple[int, str]] = Counter()
    minutes: Counter[int] = Counter()
    for start, action, n_bytes in (*first, *second):
        if start is not None and action is None:
            minutes[start // 60] += n_bytes or 0
    timed = [(s, a, n) for s, a, n in (*first, *second) if s is not None]
    shown = [(s, a, n) for s, a, n in timed if a is not None or minutes[s // 60]]
    assert charted.silent == len(timed) - len(shown)
    for start, action, n_bytes in shown:
        key = (start // charted.every * charted.every, action or "")
        wanted[key] += 1
        sums[key] += n_bytes or 0
    found = charted.table.cast(pa.schema([*VOLUME])).to_pylist()
    begins = [int(row["time"].timestamp()) for row in found]
    keys = [(begin, row["action"]) for begin, row in zip(begins, found, strict=True)]
    assert keys == sorted(keys)
    assert len(set(begins)) <= 300
    assert sum(row["records"] for row in found) + charted.before + charted.after == len(shown)
    if not charted.before and not charted.after:
        assert {k: r["records"] for k, r in zip(keys, found, strict=True) if r["records"]} == wanted
        assert {k: r["bytes"] for k, r in zip(keys, found, strict=True) if r["bytes"]} == +sums
    assert charted.untimed == sum(start is None for start, _, _ in (*first, *second))
    gaps = {b - a for a, b in zip(sorted(set(begins)), sorted(set(begins))[1:], strict=False)}
    assert gaps <= {charted.every}


@pytest.mark.parametrize(
    ("seconds", "every"),
    [
        (0, 60),
        (299 * 60, 60),
        (300 * 60, 300),
        (86400, 300),
        (7 * 86400, 3600),
        (365 * 86400, 604800),
    ],
)
def test_bars_fit_the_span(seconds, every):
    """An hour has bars of a minute, a day of five, a week of an hour: never more than 300."""
    begin = START // 53222400 * 53222400
    volume = volume_of([(begin, "ACCEPT", 1), (begin + seconds, "ACCEPT", 1)])
    charted = chart(volume.table(), volume.every)
    assert charted.table.num_rows <= 300
    assert charted.every == every


def test_actions_that_aws_does_not_have():
    """Of a thousand actions the two most frequent are told, and all others together."""
    rows = [(START + 3600 * i, f"x{i:04}", 1) for i in range(1000)]
    rows += [(START, "x0007", 1), (START, "x0003", 1), (START, "ACCEPT", 5)]
    volume = volume_of(rows)
    table = chart(volume.table(), volume.every).table
    assert sorted(set(table["action"].to_pylist())) == ["ACCEPT", "other", "x0003", "x0007"]
    assert sum(table["records"].to_pylist()) == 1003


def test_a_stray_does_not_squeeze_the_rest():
    """One record of the year 4822 is left out and counted; the others keep their minutes."""
    many = [(START + i, "ACCEPT", 1) for i in range(3000)]
    volume = volume_of(many, [(90_000_000_000, "ACCEPT", 7)], [(5, "REJECT", 1)])
    charted = chart(volume.table(), volume.every)
    assert (charted.before, charted.after, charted.every) == (1, 1, 60)
    assert sum(charted.table["records"].to_pylist()) == 3000


def test_few_records_far_apart_are_all_shown():
    """Where two records are all that there are, neither is a stray."""
    volume = volume_of([(START, "ACCEPT", 1), (START + 10 * 365 * 86400, "ACCEPT", 1)])
    charted = chart(volume.table(), volume.every)
    assert (charted.before, charted.after) == (0, 0)
    assert charted.table.num_rows <= 300


@pytest.mark.parametrize("start", [10**11 - 1, 9 * 10**15])
def test_times_beyond_any_calendar(start):
    """A record of a year that no calendar has gives a chart of few bars, and no error."""
    volume = volume_of([(START, "ACCEPT", 1), (start, "ACCEPT", 1)])
    charted = chart(volume.table(), volume.every)
    assert charted.table.num_rows <= 301
    assert sum(charted.table["records"].to_pylist()) == 2


def test_memory_is_bounded(monkeypatch):
    """Where there are too many groups, buckets become wider, and nothing is lost."""
    monkeypatch.setattr("flowparse.report.volume._MOST_GROUPS", 100)
    monkeypatch.setattr("flowparse.report.volume._LOOK", 1)
    volume = volume_of(
        *([(START + 60 * (50 * n + i), "ACCEPT", 1) for i in range(50)] for n in range(40))
    )
    assert volume.every == 3600  # 2,000 minutes are 134 quarters of an hour, but 34 hours
    assert volume.table().num_rows <= 100
    assert sum(volume.table()["records"].to_pylist()) == 2000


def test_bars_of_the_callers_length():
    """`every` is taken as it is where it can be, and rounded up to what was counted."""
    volume = volume_of([(START + 600 * i, "ACCEPT", 1) for i in range(20)])
    assert chart(volume.table(), volume.every, 1800).every == 1800
    assert chart(volume.table(), volume.every, 90).every == 120


def test_too_many_bars_are_refused():
    """Bars of a minute for ten years are an error that says what to do."""
    volume = volume_of([(START, "ACCEPT", 1), (START + 10 * 365 * 86400, "ACCEPT", 1)])
    with pytest.raises(ValueError, match="5,256,001 buckets, too many for a page; choose"):
        chart(volume.table(), volume.every, 60)
