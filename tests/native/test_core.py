"""The core behind its seam: what it refuses, what it hands out, and how long that lives."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flowparse import FlowparseError, _core

TEXT, NUMBER, ISO = 0, 1, 2
INT32, INT64, TIME, ISO_TIME, STRING, CODES, LINE, SOURCE = range(8)
INT64_MAX = 2**63 - 1

FIELDS = [("version", NUMBER, 2**31 - 1), ("srcaddr", TEXT, 0), ("bytes", NUMBER, INT64_MAX)]
TARGETS = [(INT32, 0), (STRING, 1), (INT64, 2)]
SCHEMA = pa.schema([("version", pa.int32()), ("srcaddr", pa.string()), ("bytes", pa.int64())])
NOTHING: tuple[Any, ...] = ((), (), (), ())  # no numbers, texts or ranges
DICTIONARY = pa.dictionary(pa.int32(), pa.string())

ALL_KINDS = [
    ("int32", INT32, NUMBER, pa.int32()),
    ("int64", INT64, NUMBER, pa.int64()),
    ("time", TIME, NUMBER, pa.timestamp("s", tz="UTC")),
    ("iso", ISO_TIME, ISO, pa.timestamp("ms", tz="UTC")),
    ("text", STRING, TEXT, pa.string()),
    ("codes", CODES, TEXT, DICTIONARY),
    ("line", LINE, TEXT, pa.int64()),
    ("source", SOURCE, TEXT, DICTIONARY),
]


def layout(
    fields: Sequence[Any] = FIELDS, targets: Sequence[Any] = TARGETS, terms: Any = None
) -> _core.Layout:
    return _core.Layout(fields, targets, terms)


def waiting(text: bytes, *, batch_rows: int | None = None) -> _core.Parser:
    """A parser that has met the first line of a text, and knows that nothing follows."""
    parser = _core.Parser() if batch_rows is None else _core.Parser(batch_rows)
    parser.begin(b"name")
    assert parser.step() == _core.EVENT_INPUT
    parser.write(text)
    assert parser.step() == _core.EVENT_FIRST_LINE
    return parser


def parse(text: bytes, a_layout: _core.Layout) -> _core.Parser:
    """A parser that has read all of a text, its rows not yet exported."""
    parser = waiting(text)
    parser.use(a_layout, False)
    while (event := parser.step()) == _core.EVENT_INPUT:
        parser.finish(True)
    assert event == _core.EVENT_END
    return parser


def run_apart(code: str) -> str:
    """The output of code that could crash its process; it must not."""
    head = (
        "from flowparse import _core, FlowparseError\n"
        "def waiting(text):\n"
        "    parser = _core.Parser(); parser.begin(b''); parser.step(); parser.write(text)\n"
        "    assert parser.step() == _core.EVENT_FIRST_LINE\n"
        "    return parser\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-500:]}"
    return done.stdout.strip()


# ---------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    ("fields", "targets", "terms"),
    [
        ([], [], None),
        (FIELDS, [(INT32, 1)], None),
        (FIELDS, [(TIME, 1)], None),
        (FIELDS, [(STRING, 0)], None),
        (FIELDS, [(CODES, 2)], None),
        (FIELDS, [(INT32, 0), (INT32, 0)], None),
        (FIELDS, TARGETS, [(0, 4, 0, 3, (1,), (), (), ())]),
        (FIELDS, TARGETS, [(0, 4, 0, -1, (1,), (), (), ())]),
        (FIELDS, TARGETS, [(0, 4, 0, 2**31 - 1, (1,), (), (), ())]),
        (FIELDS, TARGETS, [(0, 2, 5, -1, *NOTHING)]),
        (FIELDS, TARGETS, [(0, 12, 4, 99, *NOTHING)]),
        (FIELDS, TARGETS, [(0, 4, 0, 0, *NOTHING)]),
        (FIELDS, TARGETS, [(0, 6, 3, 1, (1,), (), (), ())]),
        (FIELDS, TARGETS, [(0, 9, 5, -1, *NOTHING)]),
    ],
    ids=[
        "no field",
        "a number of text",
        "a time of text",
        "text of a number",
        "codes of a number",
        "two columns of one number",
        "a term behind the last field",
        "a term without a field",
        "a term far behind the last field",
        "the line number of no field is null",
        "a network behind the last field",
        "no number to compare with",
        "no text to compare with",
        "no line number to compare with",
    ],
)
def test_a_wrong_layout_is_refused(fields: Any, targets: Any, terms: Any) -> None:
    """A layout that would make the core read what is not there is a FlowparseError."""
    parser = waiting(b"2 a 1\n")
    with pytest.raises(FlowparseError, match=r"the native core refused a call \(status -2\)"):
        parser.use(layout(fields, targets, terms), False)


@pytest.mark.parametrize(
    "targets",
    [
        f"[({STRING}, 1)]",
        f"[({STRING}, 4194304)]",
        f"[({INT32}, 2147483647)]",
        f"[({LINE}, 1048576)]",
        "[(8, 0)]",
        "[(99, 0)]",
        "[(-1, -1)]",
    ],
)
def test_a_target_of_no_field_or_no_kind_is_refused(targets: str) -> None:
    """A target behind the last field, or of a kind that there is not, is an error, not a crash."""
    code = (
        "parser = waiting(b'a\\n')\n"
        "try:\n"
        f"    parser.use(_core.Layout([('srcaddr', 0, 0)], {targets}, None), False)\n"
        "except (FlowparseError, ValueError, IndexError):\n"
        "    print('refused')\n"
    )
    assert run_apart(code) == "refused"


@pytest.mark.parametrize(
    ("check", "kind"), [(NUMBER, ISO_TIME), (ISO, INT64), (ISO, TIME), (ISO, INT32)]
)
def test_a_time_and_a_number_are_not_taken_for_each_other(check: int, kind: int) -> None:
    """A column whose kind does not fit its field's check is refused: what passes is decoded."""
    parser = waiting(b"1\n")
    with pytest.raises(FlowparseError, match="refused"):
        parser.use(layout([("start", check, INT64_MAX)], [(kind, 0)]), False)


@pytest.mark.parametrize(
    ("fields", "targets", "terms"),
    [
        (5, [], None),
        ([("a",)], [], None),
        ([(b"a", 0, 0)], [], None),
        ([("a", "text", 0)], [], None),
        ([("a", 1, 2**63)], [], None),
        (FIELDS, [(2**40, 0)], None),
        (FIELDS, [(0, 2**40)], None),
        (FIELDS, TARGETS, [(0, 4, 0, 0, (2**63,), (), (), ())]),
        (FIELDS, TARGETS, [(0, 12, 4, 1, (), (), ((0, 2**32),), ())]),
        (FIELDS, TARGETS, [(0, 12, 4, 1, (), (), (), ((0, 2**128),))]),
        (FIELDS, TARGETS, [(0, 4)]),
    ],
    ids=str,
)
def test_a_layout_of_other_types_is_an_error_of_python(
    fields: Any, targets: Any, terms: Any
) -> None:
    """Values that C cannot hold are Python's own errors, and leak or crash nothing."""
    with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
        layout(fields, targets, terms)


# ---------------------------------------------------------------- turns


def refused(call: Any, *arguments: Any) -> None:
    with pytest.raises(FlowparseError, match=r"the native core refused a call \(status -2\)"):
        call(*arguments)


def test_a_format_is_set_only_when_asked_for() -> None:
    """`use` before, and again after, the question is a call out of turn."""
    parser = _core.Parser()
    parser.begin(b"")
    refused(parser.use, layout(), False)
    parser = waiting(b"2 a 1\n")
    parser.use(layout(), False)
    refused(parser.use, layout(), False)


def test_a_parser_does_not_go_on_without_an_answer() -> None:
    """`step` while a format is asked for is a call out of turn."""
    parser = waiting(b"2 a 1\n")
    refused(parser.step)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_INPUT


def test_bytes_are_lent_one_after_another() -> None:
    """Bytes before the last ones are used up, or after the end, are out of turn."""
    parser = _core.Parser()
    parser.begin(b"")
    parser.write(b"2 a 1\n")
    refused(parser.write, b"2 a 2\n")
    parser.begin(b"")
    parser.finish(True)
    refused(parser.write, b"2 a 1\n")
    assert parser.step() == _core.EVENT_END
    assert parser.step() == _core.EVENT_END


def test_bytes_that_were_refused_do_not_harm_those_before() -> None:
    """After a refused write the bytes lent before are still there for the next step."""
    code = (
        "parser = _core.Parser(); parser.begin(b'')\n"
        "parser.write(bytes(bytearray(b'a' * 4_000_000)))\n"
        "try:\n"
        "    parser.write(bytes(bytearray(b'b' * 4_000_000)))\n"
        "except FlowparseError:\n"
        "    pass\n"
        "parser.step(); parser.finish(True); parser.step()\n"
        "print(set(parser.line()[0]) == {97})\n"
    )
    assert run_apart(code) == "True"


def test_a_header_cannot_be_judged_a_record() -> None:
    """At a header that the core has found, only its own format may follow."""
    parser = waiting(b"2 a 1\nversion bytes srcaddr\n2 1 a\n")
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_HEADER
    assert parser.line() == (b"version bytes srcaddr", 2, 6, False)
    refused(parser.use, layout(), False)
    parser.use(layout(), True)


def test_columns_do_not_change_while_rows_wait() -> None:
    """Other columns while rows wait for their export are out of turn; after it they are not."""
    parser = waiting(b"2 a 1\nversion bytes srcaddr\n2 1 a\n")
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_HEADER
    other = layout([FIELDS[0], FIELDS[2], FIELDS[1]], [(INT64, 1)])
    refused(parser.use, other, True)
    assert parser.export(SCHEMA).to_pydict() == {"version": [2], "srcaddr": ["a"], "bytes": [1]}
    parser.use(other, True)
    assert parser.step() == _core.EVENT_INPUT
    assert parser.export(pa.schema([("bytes", pa.int64())])).to_pydict() == {"bytes": [1]}


@pytest.mark.parametrize("size", [65537, 100_000, 1_000_000])
def test_a_long_line_is_no_header(size: int) -> None:
    """A first line over 64 KiB is no header, whether it ends in its block or not."""
    parser = waiting(b"x" * size + b"\n2 a 1\n")
    text, number, byte_offset, too_long = parser.line()
    assert (text[:4096], number, byte_offset, too_long) == (b"x" * 4096, 1, 0, True)
    refused(parser.use, layout(), True)


@pytest.mark.parametrize(
    "before",
    [
        "parser = _core.Parser()",
        "parser = _core.Parser(); parser.begin(b'')",
        "parser = waiting(b'a\\n'); parser.begin(b'')",
        "parser = _core.Parser(); parser.begin(b''); parser.finish(True); parser.step()",
    ],
)
def test_a_line_is_shown_only_when_one_is_asked_about(before: str) -> None:
    """`line` where no line waits is an error, not a crash."""
    code = f"{before}\ntry:\n    parser.line()\nexcept FlowparseError:\n    print('refused')\n"
    assert run_apart(code) == "refused"


def test_a_parser_can_begin_anew_at_any_time() -> None:
    """A new source forgets the last one: its lines, rows, rejects, counts and format."""
    parser = waiting(b"bogus\n2 a 1\n")
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_INPUT
    assert (parser.rows, parser.rejects) == (1, 1)
    parser.begin(b"other")
    assert (parser.rows, parser.rejects, parser.counts()) == (0, 0, (0,) * 7)
    assert parser.step() == _core.EVENT_INPUT
    parser.write(b"\n2 b 2\n")
    assert parser.step() == _core.EVENT_FIRST_LINE
    assert parser.line() == (b"2 b 2", 2, 1, False)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_INPUT
    assert parser.export(SCHEMA).to_pydict() == {"version": [2], "srcaddr": ["b"], "bytes": [2]}


@pytest.mark.parametrize(
    "call",
    [
        lambda parser: parser.begin("text"),
        lambda parser: parser.write("text"),
        lambda parser: parser.write(bytearray(b"a")),
        lambda parser: parser.use(None, False),
        lambda parser: parser.use("layout", False),
    ],
)
def test_arguments_of_other_types_are_type_errors(call: Any) -> None:
    """The seam takes bytes and layouts, nothing that merely looks like them."""
    parser = _core.Parser()
    parser.begin(b"")
    with pytest.raises(TypeError):
        call(parser)


@pytest.mark.parametrize(
    "call",
    [
        "_core.Parser().begin(None)",
        "parser = _core.Parser(); parser.begin(b''); parser.write(None)",
        "_core.Layout([('a', 0, 0)], [], [(0, 4, 3, 0, (), ('text',), (), ())])",
        "_core.Layout([('a', 0, 0)], [], [(0, 4, 3, 0, (), (None,), (), ())])",
    ],
)
def test_what_is_not_bytes_is_not_read_as_bytes(call: str) -> None:
    """None or text where bytes belong is a TypeError, not a look into another object's memory."""
    code = (
        "\n    ".join(["try:", *call.split("; ")]) + "\nexcept TypeError:\n    print('refused')\n"
    )
    assert run_apart(code) == "refused"


@pytest.mark.parametrize("n", [0, 16_777_217])
def test_a_block_has_a_least_and_a_largest_size(n: int) -> None:
    """A block has 1 byte to 16 MiB; other sizes are a ValueError, and change nothing."""
    before = _core.set_block_bytes(262144)
    with pytest.raises(ValueError, match=f"block_bytes: expected 1..16777216, got {n}"):
        _core.set_block_bytes(n)
    assert _core.set_block_bytes(before) == 262144


def test_a_full_batch_is_asked_for() -> None:
    """After enough rows, or enough rejects, the core asks for an export."""
    parser = waiting(b"2 a 1\n" * 100, batch_rows=10)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_BATCH
    assert parser.rows == 100  # whole blocks at a time
    parser = waiting(b"2 a x\n" * 100, batch_rows=10)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_BATCH
    assert (parser.rows, parser.rejects) == (0, 100)


# ---------------------------------------------------------------- Arrow


def values_of(kind: str) -> tuple[bytes, Any]:
    """A token of a kind of column, and what Arrow shows of it."""
    return {
        "int32": (b"2147483647", 2**31 - 1),
        "int64": (b"9223372036854775807", INT64_MAX),
        "time": (b"1700000000999", 1700000000),
        "iso": (b"2023-11-14T22:13:20.5Z", 1700000000500),
        "text": ("grün".encode(), "grün"),
        "codes": ("grün".encode(), "grün"),
    }[kind]


def plain(array: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    found: list[Any] = array.to_pylist()
    return found


@pytest.mark.parametrize(("name", "kind", "check", "type_"), ALL_KINDS[:6])
@pytest.mark.parametrize(
    "pattern", ["", "1", "-", "1-", "-1", "-" * 9, "1" * 9, "1-" * 700, "-" * 700 + "1", "1" * 64]
)
def test_every_kind_of_column_is_sound_arrow(
    name: str, kind: int, check: int, type_: pa.DataType, pattern: str
) -> None:
    """Whatever values are null, the exported array is valid, and so are its slices."""
    token, value = values_of(name)
    lines = b"".join((token if mark == "1" else b"-") + b"\n" for mark in pattern)
    wanted = [value if mark == "1" else None for mark in pattern]
    parser = waiting(lines or b"x x\n")
    parser.use(layout([("field", check, INT64_MAX)], [(kind, 0)]), False)
    assert parser.step() == _core.EVENT_INPUT
    batch = parser.export(pa.schema([("field", type_)]))
    batch.validate(full=True)
    assert batch.schema.types == [type_]
    assert plain(batch.column(0)) == wanted
    assert batch.column(0).null_count == pattern.count("-")
    for begin in (0, 1, 7, 8, 63):
        piece = batch.slice(begin, 65)
        piece.validate(full=True)
        assert plain(piece.column(0)) == wanted[begin : begin + 65]
    twice = pa.Table.from_batches([batch, batch]).combine_chunks()
    assert twice.num_rows == 2 * len(pattern)


def test_columns_that_the_line_does_not_fill() -> None:
    """Every kind of column can be null throughout; line and source are filled all the same."""
    targets = [(kind, -1) for _, kind, _, _ in ALL_KINDS]
    schema = pa.schema([(name, type_) for name, _, _, type_ in ALL_KINDS])
    parser = parse(b"a\n\nb\nc\n", layout([("srcaddr", TEXT, 0)], targets))
    batch = parser.export(schema)
    batch.validate(full=True)
    columns = {name: plain(batch.column(name)) for name in schema.names}
    assert columns.pop("line") == [1, 3, 4]
    assert columns.pop("source") == ["name"] * 3
    assert set(columns) == {"int32", "int64", "time", "iso", "text", "codes"}
    assert all(values == [None] * 3 for values in columns.values())
    assert batch.column("codes").dictionary.to_pylist() == []


def test_no_column_has_rows_all_the_same() -> None:
    """Without columns a batch still has its number of rows."""
    batch = parse(b"2 a 1\n" * 5, layout(targets=[])).export(pa.schema([]))
    assert (batch.num_rows, batch.num_columns) == (5, 0)


def test_a_batch_outlives_its_parser() -> None:
    """What was exported stays as it is when the parser goes on, begins anew, or is gone."""
    schema = SCHEMA.append(pa.field("codes", DICTIONARY))
    fields = [*FIELDS, ("action", TEXT, 0)]
    a_layout = layout(fields, [*TARGETS, (CODES, 3)])
    parser = waiting(b"2 first 1 one\n- - - -\n" * 999)
    parser.use(a_layout, False)
    assert parser.step() == _core.EVENT_INPUT
    batch = parser.export(schema)
    column, piece = batch.column("srcaddr"), batch.slice(500, 3)
    wanted = {"version": [2, None], "srcaddr": ["first", None], "bytes": [1, None]}
    wanted = {name: values * 999 for name, values in wanted.items()}
    parser.write(b"3 second 2 two\n" * 999)
    assert parser.step() == _core.EVENT_INPUT
    later = parser.export(schema)
    parser.begin(b"")
    del parser, a_layout
    gc.collect()
    parse(b"4 third 3 three\n" * 9999, layout(fields, [*TARGETS, (CODES, 3)])).export(schema)
    for kept in (batch, later, piece):
        kept.validate(full=True)
    assert batch.drop_columns("codes").to_pydict() == wanted
    assert batch.column("codes").to_pylist() == ["one", None] * 999
    assert later.column("codes").to_pylist() == ["two"] * 999
    assert later.column("codes").dictionary.to_pylist() == ["one", "two"]
    del batch, later
    gc.collect()
    assert piece.column("srcaddr").to_pylist() == ["first", None, "first"]
    assert column.to_pylist() == ["first", None] * 999


def test_rejects_outlive_their_parser() -> None:
    """Exported rejects have their own copy of the lines."""
    parser = parse(b"bogus\n2 a x\n2 \xff 1\n", layout())
    rejects = parser.export_rejects()
    del parser
    gc.collect()
    rejects.validate(full=True)
    assert rejects.schema == _core.REJECT_SCHEMA
    assert rejects.to_pydict() == {
        "line": [1, 2, 3],
        "byte_offset": [0, 6, 12],
        "reason": [3, 4, 2],
        "field": [-1, 2, -1],
        "found": [1, 0, 0],
        "text": [b"bogus", b"2 a x", b"2 \xff 1"],
        "value": [b"", b"x", b""],
    }


def test_a_layout_outlives_its_use() -> None:
    """A parser keeps the layout in force, though its maker lets it go."""
    parser = waiting(b"2 a 1\n2 b 2\n")
    names = [("ver" + "sion", NUMBER, 9), ("src" + "addr", TEXT, 0), ("by" + "tes", NUMBER, 9)]
    terms = [(0, 4, 3, 1, (), (bytes(bytearray(b"b")),), (), ())]
    parser.use(layout(names, TARGETS, terms), False)
    del names, terms
    gc.collect()
    junk = [bytes(bytearray(b"z" * n)) for n in range(200)]
    assert parser.step() == _core.EVENT_INPUT
    assert parser.export(SCHEMA).column("srcaddr").to_pylist() == ["b"]
    del junk


def test_a_schema_of_another_width_is_an_error() -> None:
    """A schema with more or fewer columns than the layout has targets is refused by Arrow."""
    for schema in (pa.schema([]), SCHEMA.append(pa.field("more", pa.int32()))):
        with pytest.raises((pa.ArrowInvalid, FlowparseError, ValueError)):
            parse(b"2 a 1\n", layout()).export(schema)


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="freed memory is kept")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_parsing_again_and_again_takes_no_more_memory() -> None:
    """Thousands of sources through one parser, and hundreds of parsers, leave nothing behind."""

    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    def work(times: int) -> None:
        lines = b"2 10.0.0.1 1\nbogus\n" * 50
        for _ in range(times):
            parser = parse(lines, layout())
            for _ in range(10):
                parser.export(SCHEMA)
                parser.export_rejects()
                parser.begin(b"again")
                parser.step()
                parser.write(lines)
                parser.step()
                parser.use(layout(), False)
                parser.step()

    work(50)
    before = resident_bytes()
    work(300)
    grown = resident_bytes() - before
    # what a parser has not yet handed out is 12 kB of rejects: lost each time, that were 3.6 MB
    assert grown < 1_500_000


# ---------------------------------------------------------------- the GIL


def test_the_gil_is_free_while_the_core_parses() -> None:
    """Another Python thread makes progress within one single call of `step`."""
    terms = [(0, 0, 0, -1, *NOTHING)]  # no row is kept, so that one call reads it all
    parser = waiting(b"2 10.0.0.1 1\n" * 4_000_000)
    parser.use(layout(terms=terms), False)
    turns, done = 0, False

    def take_turns() -> None:
        nonlocal turns
        while not done:
            turns += 1
            time.sleep(0.0001)

    other = threading.Thread(target=take_turns)
    interval = sys.getswitchinterval()
    other.start()
    try:
        sys.setswitchinterval(1000)  # nobody is made to give up the GIL
        before = turns
        event = parser.step()
        within = turns - before
    finally:
        sys.setswitchinterval(interval)
        done = True
        other.join()
    assert event == _core.EVENT_INPUT
    assert parser.counts()[0] == 4_000_000
    assert within > 0


# ---------------------------------------------------------------- one source after another


def test_rows_of_several_sources_wait_together() -> None:
    """`next` begins a source: line 1, byte 0, counts anew; rows of those before go on waiting."""
    parser = parse(b"2 a 1\n2 b 2\n", layout())
    assert parser.counts()[0] == 2
    parser.next(b"other")
    assert (parser.rows, parser.counts()) == (2, (0,) * 7)
    assert parser.step() == _core.EVENT_INPUT
    parser.write(b"\n2 c 3\n")
    assert parser.step() == _core.EVENT_FIRST_LINE
    assert parser.line() == (b"2 c 3", 2, 1, False)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_INPUT
    assert parser.export(SCHEMA).to_pydict()["srcaddr"] == ["a", "b", "c"]


def test_rejects_are_told_before_the_next_source() -> None:
    """`next` while rejects wait is out of turn: nobody could tell whose they are."""
    parser = parse(b"bogus\n2 a 1\n", layout())
    refused(parser.next, b"other")
    parser.export_rejects()
    parser.next(b"other")


def test_other_columns_wait_for_an_export() -> None:
    """A source with other columns is out of turn while rows wait."""
    parser = parse(b"2 a 1\n", layout())
    parser.next(b"other")
    parser.step()
    parser.write(b"1\n")
    assert parser.step() == _core.EVENT_FIRST_LINE
    refused(parser.use, layout([("bytes", NUMBER, INT64_MAX)], [(INT64, 0)]), False)


def test_a_source_taken_at_once() -> None:
    """`take` reads a source to its end if its first line is the header that is expected."""
    known = layout()
    parser = _core.Parser()
    parser.begin(b"")
    header, record = b"version srcaddr bytes", b"2 a 1\n"
    assert parser.take(b"x", header + b"\n" + record, header, known) == (_core.EVENT_END, True)
    assert parser.take(b"y", b"", header, known) == (_core.EVENT_END, False)
    assert parser.take(b"z", record, header, known) == (_core.EVENT_FIRST_LINE, False)
    assert parser.line()[0] == record.strip()
    assert parser.take(b"z", header + b" \n" + record, header, known) == (
        _core.EVENT_FIRST_LINE,
        False,
    )
    assert parser.take(b"z", header + b"\n" + record, None, None)[0] == _core.EVENT_FIRST_LINE
    twice = header + b"\n" + record + b"srcaddr version bytes\n"
    assert parser.take(b"z", twice, header, known) == (_core.EVENT_HEADER, True)
    assert parser.export(SCHEMA).num_rows == 2


def test_a_long_line_is_not_the_expected_header() -> None:
    """The kept beginning of a line over 64 KiB is no header, even if it is the same bytes."""
    begin = b"a" * 4096
    parser = _core.Parser()
    parser.begin(b"")
    taken = parser.take(b"x", begin + b"a" * 70_000 + b"\n", begin, layout())
    assert taken == (_core.EVENT_FIRST_LINE, False)


def test_the_size_of_a_batch_can_change() -> None:
    """`set_batch` says after how many rows an export is asked for."""
    parser = waiting(b"2 a 1\n" * 100_000)
    parser.set_batch(10)
    parser.use(layout(), False)
    assert parser.step() == _core.EVENT_BATCH
    assert 10 <= parser.rows < 65_536


# ---------------------------------------------------------------- text that lies where it lay


@pytest.mark.parametrize("kernel", _core.kernel_names())
@pytest.mark.parametrize("piece", [255, 256, 257, 1000, 20_000, 300_000])
def test_pieces_of_any_size_give_the_same_rows(piece: int, kernel: str) -> None:
    """Lines that cross the ends of pieces, or lie near them, come out as all others do."""
    lines = b"".join(
        b"2 10.0.%d.%d %d\n" % (i >> 8 & 255, i & 255, i * 7919) for i in range(40_000)
    )
    text = b"version srcaddr bytes\n" + lines
    before = _core.set_kernel(kernel)
    try:
        parser = _core.Parser(1 << 20)
        parser.begin(b"")
        at = 0
        while (event := parser.step()) != _core.EVENT_END:
            if event == _core.EVENT_FIRST_LINE:
                parser.use(layout(), True)
            elif at < len(text):
                parser.write(bytes(bytearray(text[at : at + piece])))
                at += piece
            else:
                parser.finish(True)
    finally:
        _core.set_kernel(before)
    found = parser.export(SCHEMA)
    assert found["bytes"].to_pylist() == [i * 7919 for i in range(40_000)]
    assert found["srcaddr"].to_pylist() == [f"10.0.{i >> 8}.{i & 255}" for i in range(40_000)]


@pytest.mark.parametrize("kernel", _core.kernel_names())
def test_what_repeats_and_what_does_not(kernel: str) -> None:
    """Fields that are the row before's again, all but one, and none: each row has its own values.

    Four text fields side by side are looked at together; runs begin and end at every place
    within eight rows, and values of the same size change.
    """
    names = ["account-id", "vpc-id", "action", "region"]
    fields = [("version", NUMBER, 2**31 - 1), *((name, TEXT, 0) for name in names)]
    rows = []
    for i in range(5000):
        run = i // 13
        values = [f"{run % 3:012}", f"vpc-{run % 7:017x}", "ACCEPT", "-" if run % 5 else "eu"]
        if i % 11 == 0:
            values[i % 4] = "REJECT"
        rows.append((run % 2 + 2, values))
    text = "".join(f"{version} {' '.join(values)}\n" for version, values in rows).encode()
    kinds = [(INT32, 0), *((CODES, place) for place in range(1, 5))]
    schema = pa.schema([("version", pa.int32()), *((name, DICTIONARY) for name in names)])
    before = _core.set_kernel(kernel)
    try:
        batch = parse(text, layout(fields, kinds)).export(schema)
    finally:
        _core.set_kernel(before)
    batch.validate(full=True)
    assert batch["version"].to_pylist() == [version for version, _ in rows]
    for place, name in enumerate(names):
        wanted = [None if values[place] == "-" else values[place] for _, values in rows]
        assert batch[name].to_pylist() == wanted


@pytest.mark.parametrize("kernel", _core.kernel_names())
def test_numbers_of_every_length(kernel: str) -> None:
    """Numbers of 1 to 30 digits, with zeros in front, nulls and rubbish among them, are what
    Python makes of them, in rows by the thousand.
    """
    tokens = []
    for i in range(4000):
        digits = str(i * 104729 + 10 ** (i % 19))
        token = {3: "-", 5: "0" * 20 + digits, 7: digits + "x", 11: "-" + digits}.get(i % 23)
        tokens.append(token or digits[-(1 + i % len(digits)) :])
    good = [t for t in tokens if t == "-" or (t.isdigit() and int(t) <= INT64_MAX)]
    before = _core.set_kernel(kernel)
    try:
        text = "".join(f"{token}\n" for token in tokens).encode()
        parser = parse(text, layout([("bytes", NUMBER, INT64_MAX)], [(INT64, 0)]))
    finally:
        _core.set_kernel(before)
    assert parser.counts()[3] == len(tokens) - len(good) > 100
    parser.export_rejects()
    found = parser.export(pa.schema([("bytes", pa.int64())]))
    assert found["bytes"].to_pylist() == [None if t == "-" else int(t) for t in good]
