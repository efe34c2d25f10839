"""The core's writer of text: columns of Arrow become lines, as a plain join makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from flowparse._core import spell

INT32_MAX, INT64_MAX = 2**31 - 1, 2**63 - 1
CODES = pa.dictionary(pa.int32(), pa.string())


def text_of(value: object) -> bytes:
    if value is None:
        return b"-"
    return value if isinstance(value, bytes) else str(value).encode()


def join(columns: Sequence[Any]) -> list[bytes]:
    """The lines of columns of numbers and text."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return [b" ".join(map(text_of, row)) + b"\n" for row in rows]


def lines(columns: Sequence[Any]) -> list[bytes]:
    """The lines that the core makes, by the offsets that it tells."""
    text, offsets = spell(columns, offsets=True)
    assert offsets is not None
    assert spell(columns) == (text, None)
    ends = memoryview(offsets).cast("q")
    data = text.to_pybytes()
    assert bytes(memoryview(text)) == data
    assert ends[0] == 0
    assert ends[-1] == len(data)
    return [data[ends[i] : ends[i + 1]] for i in range(len(ends) - 1)]


def test_head() -> None:
    """What stands in front of the lines is counted in where they begin."""
    text, offsets = spell([pa.array([1, 22])], offsets=True, head=b"version\n")
    assert text.to_pybytes() == b"version\n1\n22\n"
    assert memoryview(offsets).cast("q").tolist() == [8, 10, 13]  # type: ignore[arg-type]


def of_digits(maximum: int) -> st.SearchStrategy[int]:
    """Whole numbers of every length, negative ones too."""
    digits = st.integers(0, len(str(maximum))).map(lambda n: min(10**n, maximum))
    return st.one_of(
        digits,
        digits.map(lambda power: power - 1),
        digits.map(lambda power: -power),
        digits.flatmap(lambda power: st.integers(-power, power)),
        st.sampled_from([maximum, -maximum - 1]),
    )


VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pa.int32(): of_digits(INT32_MAX),
    pa.int64(): of_digits(INT64_MAX),
    pa.string(): st.text("a- \u00e9", max_size=70),
    pa.binary(): st.binary(max_size=70),
    CODES: st.sampled_from(["", "-", "a", "\u00e9" * 20, "x" * 32, "y" * 33]),
    pa.dictionary(pa.int32(), pa.binary()): st.binary(max_size=3),
    pa.null(): st.none(),
}


@st.composite
def columns_of_text(draw: st.DrawFn) -> list[Any]:
    """Columns of one length, each a slice of one that is longer."""
    rows, before, after = draw(st.integers(0, 12)), draw(st.integers(0, 9)), draw(st.integers(0, 9))
    columns = []
    for type_ in draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=5)):
        values = st.one_of(VALUES[type_], st.none()) if draw(st.booleans()) else VALUES[type_]
        n = before + rows + after
        column = pa.array(draw(st.lists(values, min_size=n, max_size=n)), type_)
        columns.append(column.slice(before, rows))
    return columns


@given(columns_of_text())
def test_lines_are_a_join(columns: list[Any]) -> None:
    """Numbers, text and nulls make the lines that joining their text with blanks makes."""
    assert lines(columns) == join(columns)


def test_every_number_of_digits() -> None:
    """Numbers at both ends of every number of digits are decimal, without zeros in front."""
    ends = [sign * (10**n - less) for n in range(19) for less in (0, 1) for sign in (1, -1)]
    numbers = [*ends, INT64_MAX, -INT64_MAX - 1]
    assert lines([pa.array(numbers, pa.int64())]) == [b"%d\n" % number for number in numbers]


def test_epoch_seconds() -> None:
    """Times are epoch seconds, and milliseconds from 10^11 on, where they read as such."""
    seconds = [0, 1795528800, 10**11 - 1, 10**11, INT64_MAX // 1000, -1, None]
    column = pa.array(seconds, pa.timestamp("s", tz="UTC"))
    told = [b"0", b"1795528800", b"99999999999", b"100000000000000", b"9223372036854775000"]
    assert lines([column]) == [text + b"\n" for text in (*told, b"-1", b"-")]


@given(st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59))))
def test_iso_times(times: list[datetime]) -> None:
    """Milliseconds are ISO times in UTC, as Python writes them."""
    whole = [at.replace(microsecond=at.microsecond // 1000 * 1000) for at in times]
    column = pa.array(whole, pa.timestamp("ms"))
    told = [at.isoformat(timespec="milliseconds").encode() + b"Z\n" for at in whole]
    assert lines([column]) == told


def test_iso_time_of_every_day() -> None:
    """The first and the last day of every month of 400 years are themselves."""
    first = datetime(1900, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(146097)]
    days = [day for day in days if day.day in (1, 28, 29, 30, 31)]
    column = pa.array(days, pa.timestamp("ms", "UTC"))
    assert lines([column]) == [f"{day:%Y-%m-%d}T00:00:00.000Z\n".encode() for day in days]


def test_null_in_a_dictionary() -> None:
    """A code of a null is null."""
    values = pa.array(["skipped", None, "b"]).slice(1)
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int32()), values)
    assert lines([column, column]) == [b"- -\n", b"b b\n", b"- -\n"]


def test_no_rows() -> None:
    """Columns without rows, and without buffers, are no text."""
    nothing = pa.Array.from_buffers(pa.int64(), 0, [None, None])
    empty = [nothing, pa.array([], pa.string()), pa.array([], CODES), pa.nulls(0)]
    assert lines(empty) == []


def test_what_a_null_hides() -> None:
    """The place of a null may hold anything: a code of no value, a time that no line can say."""
    hidden = pa.py_buffer(b"\xff" * 8 + (7).to_bytes(8, "little") + b"\x00" + b"\xff" * 7)
    bits = pa.py_buffer(b"\x02")
    times = pa.Array.from_buffers(pa.timestamp("ms"), 3, [bits, hidden], 2)
    codes = pa.Array.from_buffers(pa.int32(), 3, [pa.py_buffer(b"\x00"), hidden], 3)
    coded = pa.DictionaryArray.from_arrays(codes, pa.array(["a"]), safe=False)
    assert lines([times, coded]) == [b"- -\n", b"1970-01-01T00:00:00.007Z -\n", b"- -\n"]


def buffer(values: list[int], type_: Any) -> pa.Buffer:
    return pa.array(values, type_).buffers()[1]


TEXT = pa.py_buffer(b"abcdef")
HOSTILE = {
    "a code over": pa.DictionaryArray.from_arrays(
        pa.array([0, 1], pa.int32()), pa.array(["a"]), safe=False
    ),
    "a code below": pa.DictionaryArray.from_arrays(
        pa.array([0, -1], pa.int32()), pa.array(["a"]), safe=False
    ),
    "offsets that fall": pa.Array.from_buffers(
        pa.string(), 2, [None, buffer([0, 4, 2], pa.int32()), TEXT]
    ),
    "a first offset below 0": pa.Array.from_buffers(
        pa.string(), 3, [None, buffer([0, -1, 0, 2], pa.int32()), TEXT]
    ).slice(1),
    "a dictionary whose offsets fall": pa.DictionaryArray.from_arrays(
        pa.array([0, 0], pa.int32()),
        pa.Array.from_buffers(pa.string(), 2, [None, buffer([0, 4, 2], pa.int32()), TEXT]),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_arrays(name: str) -> None:
    """An array that leads out of itself is refused, with its place."""
    with pytest.raises(ValueError, match=r"column 1: .* contradicts itself"):
        spell([pa.array([1, 2]), HOSTILE[name]])


def test_columns_that_do_not_fit() -> None:
    """No column, and columns of unequal length, are refused."""
    for columns in ([], [pa.array([1]), pa.array([1, 2])]):
        with pytest.raises(ValueError, match=f"column {len(columns) // 2}: there is none"):
            spell(columns)


@pytest.mark.parametrize(
    "type_", [pa.int8(), pa.float64(), pa.large_string(), pa.timestamp("us"), pa.bool_()], ids=str
)
def test_other_types(type_: Any) -> None:
    """A type that the core cannot spell is named."""
    with pytest.raises(TypeError, match=f"{re.escape(str(type_))}: expected int32"):
        spell([pa.nulls(1, type_)])


@pytest.mark.parametrize(
    ("time", "type_"),
    [
        (INT64_MAX // 1000 + 1, pa.timestamp("s")),
        (-62135596800000 - 86340000 - 1, pa.timestamp("ms")),
        (253402300800000 + 86340000, pa.timestamp("ms")),
        (INT64_MAX, pa.timestamp("ms")),
    ],
)
def test_times_that_no_line_can_say(time: int, type_: Any) -> None:
    """Seconds over 2^63 milliseconds, and hours that no year from 0001 to 9999 has, are refused."""
    with pytest.raises(ValueError, match="column 0: a time"):
        spell([pa.array([time], type_)])
