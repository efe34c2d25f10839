"""One pass that feeds many folds: threads, filters on Arrow data, types from elsewhere."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from typing import Any, Self

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowparse
from flowparse.grouping import Fold, GroupFold, Key, Measure, Once, Seen, crew, run_pass
from strategies import LAW

LINES = [
    f"10.0.{i % 3}.{i % 7} {'2001:db8::1' if i % 5 else '-'} {i % 4 * 100} {1_700_000_000 + i} "
    f"{1_700_000_060 + i} {'REJECT' if i % 6 == 0 else 'ACCEPT'} {i * 37 % 1000}\n"
    for i in range(200)
]
HEADER = "srcaddr dstaddr dstport start end action bytes\n"
LOG = (HEADER + "".join(LINES)).encode()
COUNT = Measure("count", None, "n")


def by(*columns: str) -> GroupFold:
    return GroupFold([Key(name) for name in columns], [COUNT, Measure("sum", "bytes", "bytes")])


def rows_of(fold: GroupFold) -> list[tuple[Any, ...]]:
    return sorted(map(str, fold.table().to_pylist()))


def threads_left() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("flowparse-fold")]


# ---------------------------------------------------------------- threads


class Slow(GroupFold):
    """A fold that lets batches wait, so that every thread starts."""

    def add(self, batch: pa.RecordBatch) -> None:
        event.wait(0.002)
        super().add(batch)


event = threading.Event()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads: int) -> None:
    """Any number of threads gives the groups of one, whatever copy a batch went to."""
    table = flowparse.read_table(LOG)
    batches = [table.slice(i, 2).combine_chunks().to_batches()[0] for i in range(0, 200, 2)]
    wanted = by("srcaddr", "action")
    for batch in batches:
        wanted.add(batch)
    fold, other = Slow(wanted.groups.keys, wanted.groups.measures), by("dstport")
    crew.fold_batches(batches, [fold, other], threads)
    assert rows_of(fold) == rows_of(wanted)
    assert sum(other.table()["n"].to_pylist()) == 200
    assert threads_left() == []


class Failing(Fold):
    """Raises at a batch."""

    def __init__(self, at: int, error: BaseException) -> None:
        self.at, self.error, self.seen = at, error, 0

    @property
    def columns(self) -> tuple[str, ...]:
        return ("bytes",)

    def fresh(self) -> Self:
        return type(self)(self.at, self.error)

    def add(self, batch: pa.RecordBatch) -> None:
        self.seen += 1
        if self.seen > self.at:
            raise self.error

    def absorb(self, other: Self) -> None:
        raise AssertionError("no answer after an error")


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("at", [0, 1, 20])
def test_an_error_of_a_fold_carries_on(threads: int, at: int) -> None:
    """It is raised as it is, whenever it comes, and no thread is left."""
    error = ZeroDivisionError("by a fold")
    batches = [pa.record_batch({"bytes": [1]})] * 100
    with pytest.raises(ZeroDivisionError, match="by a fold") as caught:
        crew.fold_batches(batches, [Failing(at, error)], threads)
    assert caught.value is error
    assert threads_left() == []


def test_an_error_of_reading_carries_on() -> None:
    """So do an error of the batches, and Ctrl-C, while folds are at work."""

    def interrupted() -> Iterator[pa.RecordBatch]:
        yield from [pa.record_batch({"bytes": [1]})] * 20
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crew.fold_batches(interrupted(), [Slow([Key("bytes")], [])], 3)
    assert threads_left() == []
    with pytest.raises(flowparse.RecordError):
        run_pass(LOG + b"x\n", [by("srcaddr")], on_reject="raise", threads=2)
    assert threads_left() == []


# ---------------------------------------------------------------- filters

FILTERS = [
    None,
    [("action", "=", "REJECT")],
    [("srcaddr", "in network", "10.0.1.0/24")],
    [("dstaddr", "in network", ["2001:db8::/32", "10.0.0.0/8"])],
    [("dstaddr", "is null")],
    [[("dstport", ">", 150.5), ("action", "!=", "REJECT")], [("bytes", "in", [0, 37])]],
    [("action", "not in", ["ACCEPT"]), ("dstport", "<=", 200)],
    [("start", ">=", datetime.datetime.fromtimestamp(1_700_000_100, datetime.UTC))],
    [("end", "<", "2023-11-14T22:15:00.5Z")],
    [("tcp_flags", "is null"), ("pkt-srcaddr", "is null")],
    [("tcp_flags", "=", 2)],
    [("start", "=", 1_700_000_100.5)],
    [("bytes", "!=", float("nan")), ("bytes", "<", float("inf"))],
]


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("bounds", [{}, {"since": 1_700_000_100, "until": 1_700_000_150.5}])
def test_filters_mean_the_same_on_arrow_data(filters: Any, bounds: dict[str, Any]) -> None:
    """A table, a reader and a dataset give the groups of their source, whatever is filtered."""
    wanted = by("srcaddr", "dstaddr", "action")
    run_pass(LOG, [wanted], filters=filters, **bounds)
    for source in (flowparse.read_table(LOG), flowparse.open_reader(LOG), flowparse.dataset(LOG)):
        fold = by("srcaddr", "dstaddr", "action")
        run_pass(source, [fold], filters=filters, **bounds)
        assert rows_of(fold) == rows_of(wanted)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([("srcadr", "=", "10.0.0.1")], "did you mean srcaddr"),
        ([("bytes", "=", "5")], "number and cannot be compared with str"),
        ([("bytes", "in network", "10.0.0.0/8")], "holds no addresses"),
        ([("srcaddr", "=", 5)], "text and cannot be compared"),
        ([("start", ">", "soon")], "expected a time"),
    ],
)
def test_filters_that_make_no_sense_are_refused(filters: Any, message: str) -> None:
    """On Arrow data as on sources, before a row is looked at."""
    with pytest.raises(ValueError, match=message):
        run_pass(flowparse.read_table(LOG), [by("srcaddr")], filters=filters)


def test_bounds_need_times() -> None:
    """Without start and end there is nothing to compare."""
    with pytest.raises(ValueError, match="need start or end"):
        run_pass(pa.table({"bytes": [1]}), [by()], since=0)
    only_end = by()
    table = pa.table({"bytes": [1, 2, 4], "end": pa.array([5, None, 9], pa.timestamp("s", "UTC"))})
    run_pass(table, [only_end], since=6)
    assert only_end.table().to_pylist() == [{"n": 1, "bytes": 4}]


def test_options_of_reading_are_refused_for_data_that_are_read() -> None:
    """A log format of a table would do nothing; so would its rejects."""
    for option in ({"log_format": "srcaddr bytes"}, {"on_reject": "raise"}):
        with pytest.raises(ValueError, match="options of reading, and Table is read already"):
            run_pass(flowparse.read_table(LOG), [by("srcaddr")], **option)


# ---------------------------------------------------------------- types from elsewhere

OTHER_TYPES = {
    "srcaddr": [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
    "dstport": [pa.uint16(), pa.int64(), pa.string(), pa.dictionary(pa.int64(), pa.int16())],
    "action": [pa.string(), pa.large_string(), pa.dictionary(pa.int64(), pa.large_string())],
    "start": [pa.timestamp("us"), pa.timestamp("ns", "Europe/Berlin"), pa.int64()],
    "bytes": [pa.uint64(), pa.int32(), pa.float64()],
}


@given(st.fixed_dictionaries({name: st.sampled_from(t) for name, t in OTHER_TYPES.items()}))
@LAW
def test_types_from_elsewhere_are_cast(types: dict[str, pa.DataType]) -> None:
    """Fields have flowparse's types, whatever wrote them, and so have folds and filters."""
    table = flowparse.read_table(LOG)
    columns = {name: cast(table[name], type_) for name, type_ in types.items()}
    other = pa.table({name.replace("addr", "-addr"): c for name, c in columns.items()})
    other = other.rename_columns([n.replace("src-addr", "srcaddr") for n in other.column_names])
    filters = [("action", "=", "REJECT"), ("start", ">=", 1_700_000_050)]
    wanted, fold = (by("srcaddr", "dstport", "action", "start") for _ in range(2))
    run_pass(table, [wanted], filters=filters)
    run_pass(other, [fold], filters=filters)
    assert fold.table().schema == wanted.table().schema
    assert rows_of(fold) == rows_of(wanted)


def cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    array = column.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not pa.types.is_dictionary(type_):
        return array.cast(type_)
    coded = array.cast(type_.value_type).dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.cast(type_.index_type), coded.dictionary)


def test_names_may_have_hyphens() -> None:
    """In the data, and as a fold names them."""
    table = pa.table({"pkt-srcaddr": ["10.0.0.1"], "bytes": [1], "my-own": [7]})
    for name in ("pkt_srcaddr", "pkt-srcaddr"):
        fold = by(name, "my_own")
        run_pass(table, [fold])
        wanted = {name: "10.0.0.1", "my_own": 7, "n": 1, "bytes": 1}
        assert fold.table().to_pylist() == [wanted]
    fold = by("pkt-srcaddr")
    run_pass(b"pkt-srcaddr bytes\n10.0.0.1 5\n", [fold])
    assert fold.table().to_pylist() == [{"pkt-srcaddr": "10.0.0.1", "n": 1, "bytes": 5}]


def test_what_does_not_fit_is_told() -> None:
    """The column, its type and the value; and a name that nobody has."""
    with pytest.raises(ValueError, match=r"column 'bytes' is string.*'many'"):
        run_pass(pa.table({"bytes": ["many"]}), [by()])
    for source in (flowparse.read_table(LOG), LOG):
        with pytest.raises(ValueError, match=r"no column 'srcadr'.*did you mean srcaddr"):
            run_pass(source, [by("srcadr")])


# ---------------------------------------------------------------- prelude


@pytest.mark.parametrize("threads", [1, 4])
def test_what_came_twice_counts_once(threads: int) -> None:
    """The same object read twice gives the groups of reading it once."""
    names = HEADER.split()
    once = Once(Seen(names, "start"))
    fold, wanted = by("srcaddr"), by("srcaddr")
    run_pass(LOG, [wanted])
    passed = run_pass([LOG, LOG, LOG], [fold], prelude=once, threads=threads)
    assert rows_of(fold) == rows_of(wanted)
    assert once.dropped == 400
    assert passed.counts.records == 600
