"""The core's lines of text: what rows tell of them, and text that is put together from them."""

from __future__ import annotations

import random
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

import flowparse
from flowparse._core import TextLines, spell, weave

HEADER = b"version srcaddr bytes\n"
FIELDS = ["version", "srcaddr", "bytes"]

#: Lines as they are found in the wild, of which some are no records, or not as columns spell them.
LINES = [
    b"2 192.0.2.1 40\n",
    b"2 - -\n",
    b"5 2001:db8::1 9223372036854775807\n",
    b"2 192.0.2.1 040\n",
    b"2  192.0.2.1 40\n",
    b"2\t192.0.2.1 40\n",
    b" 2 192.0.2.1 40\n",
    b"2 192.0.2.1 40 \n",
    b"2 192.0.2.1 40\r\n",
    b"2 192.0.2.1\n",
    b"2 192.0.2.1 forty\n",
    b"\xff\xfe -\n",
    b"\n",
    b"\r\n",
    HEADER,
]
texts = st.builds(
    lambda lines, last: HEADER + b"".join(lines) + last,
    st.lists(st.sampled_from(LINES), max_size=30),
    st.sampled_from([b"", b"2 192.0.2.1 40", b"2 x", b"\r"]),
)


def cut(text: bytes) -> list[bytes]:
    """The lines of a text: only a newline ends one."""
    *whole, last = text.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])


def large(values: list[bytes]) -> Any:
    return pa.array(values, pa.large_binary())


def numbers(*values: int | None) -> Any:
    return pa.array(values, pa.int64())


def spelled(batch: pa.RecordBatch) -> tuple[Any, Any]:
    """The rows of a batch as pieces of a text."""
    text, offsets = spell([batch.column(name) for name in FIELDS], offsets=True)
    n = batch.num_rows
    lines = pa.Array.from_buffers(pa.large_binary(), n, [None, offsets, text])
    return lines, batch.column("line")


def read(text: bytes) -> pa.Table:
    table = flowparse.read_table(text, columns=[*FIELDS, "line"], on_reject="collect")
    return table.combine_chunks()


@given(st.binary(max_size=20) | st.text("ab\r\n").map(str.encode))
def test_lines_end_behind_newlines(text: bytes) -> None:
    """Only a newline ends a line, and the last line may lack it."""
    lines = TextLines(pa.py_buffer(text))
    ends = memoryview(lines.offsets).cast("q")
    assert [text[ends[i] : ends[i + 1]] for i in range(len(lines))] == cut(text)
    rest, at = lines.rest()
    assert rest.to_pylist() == cut(text)
    assert at.to_pylist() == list(range(1, len(cut(text)) + 1))


def test_rows_that_differ() -> None:
    """A row tells its line where it is spelled so to the byte, its newline included."""
    text = HEADER + b"".join(LINES) + b"2 192.0.2.1 40"
    table = read(text)
    assert table["line"].to_pylist() == [*range(2, 11), 17]
    lines = TextLines(pa.py_buffer(text))
    (batch,) = table.to_batches()
    differing = lines.match([batch.column(name) for name in FIELDS], batch.column("line"))
    assert differing.to_pylist() == [3, 4, 5, 6, 7, 8, 9]
    assert lines.rest()[1].to_pylist() == [1, *range(5, 18)]


@given(texts, st.randoms(use_true_random=False), st.integers(1, 4), st.data())
def test_text_comes_back(text: bytes, chance: random.Random, n: int, data: st.DataObject) -> None:
    """The rows of a text in any order, and the lines that no row tells, are that text again."""
    table = read(text)
    order = list(range(table.num_rows))
    chance.shuffle(order)
    batches = [table.take(numbers(*order[i::n])).combine_chunks() for i in range(n)]
    pieces = [batch for table in batches for batch in table.to_batches()]
    lines = TextLines(pa.py_buffer(text))
    for batch in pieces:
        lines.match([batch.column(name) for name in FIELDS], batch.column("line"))
    rows = [spelled(batch) for batch in pieces]
    whole, offsets = weave(rows, [lines.rest()], 1, len(lines) + 1, offsets=True)
    assert whole.to_pybytes() == text
    assert offsets == lines.offsets
    first = data.draw(st.integers(1, len(lines)))
    last = data.draw(st.integers(first, len(lines) + 1))
    part, _ = weave(rows, [lines.rest()], first, last)
    assert part.to_pybytes() == b"".join(cut(text)[first - 1 : last - 1])


def test_text_in_parts() -> None:
    """Rows of lines that a part of a text does not have are passed over."""
    text = HEADER + LINES[0] * 3
    (batch,) = read(text).to_batches()
    columns = [batch.column(name) for name in FIELDS]
    first = TextLines(pa.py_buffer(HEADER + LINES[0]))
    second = TextLines(pa.py_buffer(LINES[0] + LINES[1]), first=3)
    assert len(first.match(columns, batch.column("line"))) == 0
    assert first.rest()[1].to_pylist() == [1]
    assert second.match(columns, batch.column("line")).to_pylist() == [2]
    assert second.rest() == (large([LINES[1]]), numbers(4))


def test_what_counts_twice() -> None:
    """Of a line that rows and the rest have, that of the rest counts; a line may be any bytes."""
    rows = [(large([b"skipped", b"one\n", b"two\n"]).slice(1), numbers(7, 5))]
    rest = [(large([b"TWO\nand more\n", b""]), numbers(5, 6))]
    assert weave(rows, rest, 5, 8)[0].to_pybytes() == b"TWO\nand more\none\n"
    assert weave([], [], 3, 3)[0].to_pybytes() == b""


def test_lines_amiss() -> None:
    """A line that is missing, or that two rows tell of, is named."""
    one, two = large([b"one\n"]), large([b"one\n", b"two\n"])
    with pytest.raises(ValueError, match="line 6 is missing"):
        weave([(one, numbers(5))], [(one, numbers(8))], 5, 9)
    with pytest.raises(ValueError, match="line 5: two rows"):
        weave([(two, numbers(5, 5))], [], 5, 6)
    with pytest.raises(ValueError, match="none from 5 to before 4"):
        weave([], [], 5, 4)
    with pytest.raises(ValueError, match="line 1: two rows"):
        TextLines(pa.py_buffer(b"1\n")).match([pa.array([1, 1])], numbers(1, 1))


BAD_NUMBERS = [numbers(1), numbers(1, 2, 3), numbers(1, None)]


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=["few", "many", "null"])
def test_numbers_that_do_not_fit(bad: Any) -> None:
    """There is a number for each row, and none is null."""
    with pytest.raises(ValueError, match="expected a number for each row"):
        TextLines(pa.py_buffer(b"1\n2\n")).match([pa.array([1, 2])], bad)
    with pytest.raises(ValueError, match="expected a number for each row"):
        weave([(large([b"1\n", b"2\n"]), bad)], [], 1, 3)


def test_hostile_lines() -> None:
    """Lines that are null, or whose offsets fall, are refused."""
    offsets = pa.array([0, 4, 2], pa.int64()).buffers()[1]
    falling = pa.Array.from_buffers(pa.large_binary(), 2, [None, offsets, pa.py_buffer(b"abcdef")])
    for lines in (falling, pa.array([b"1", None], pa.large_binary())):
        with pytest.raises(ValueError, match="do not lead out of it"):
            weave([(lines, numbers(1, 2))], [], 1, 3)
