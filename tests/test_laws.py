"""The six laws: what holds for every file, every option, every cut and every machine.

1 The library equals the oracle. 2 Any cut, block size or gzip member split gives the same
table. 3 All kernels agree bit for bit. 4 Projection and filter equal select and filter after.
5 Every line is accounted for. 6 Write then read is the identity; reading a + b is reading a,
then b.

The examples come from `strategies`; `FLOWPARSE_EXAMPLES` says how many a law is tried on.
"""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import flowparse
import reference
from flowparse import _core
from strategies import (
    BLOCK_BYTES,
    LAW,
    CutFile,
    Options,
    Tape,
    Texts,
    Writer,
    cut_sizes,
    filters,
    gzip_members,
    member_cuts,
    options,
    texts,
)

COUNTED = ("records", "no_data", "skip_data", "rejects", "headers", "blank")
KERNELS: tuple[str, ...] = tuple(_core.kernel_names())

#: The years 1 to 9999, in milliseconds since 1970.
YEARS = (-62135596800000, 253402300800000)

Source = Any
Rejects = list[dict[str, Any]]


@dataclass
class Outcome:
    """All that a call gives, or the class of its error."""

    error: type[Exception] | None = None
    columns: dict[str, list[Any]] | None = None
    num_rows: int = 0
    rejects: Rejects | None = None
    counts: dict[str, int] | None = None
    warned: list[str] | None = None


# ---------------------------------------------------------------- knobs of the core


@contextmanager
def with_block_bytes(n: int | None) -> Iterator[None]:
    """Parse in blocks of that many bytes; None leaves the size alone."""
    if n is None:
        yield
        return
    before = _core.set_block_bytes(n)
    try:
        yield
    finally:
        _core.set_block_bytes(before)


@contextmanager
def with_kernel(name: str) -> Iterator[None]:
    before = _core.set_kernel(name)
    try:
        yield
    finally:
        _core.set_kernel(before)


#: Each kernel, and the way of what is not plain sailing: zlib inflates, no source is small.
MACHINES = [*KERNELS, "the long way"]


@pytest.fixture(scope="module", autouse=True, params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """All six laws hold on every kernel and on both ways of inflating."""
    if request.param in KERNELS:
        with with_kernel(request.param):
            yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowparse.sources.inflate.isal_reads", lambda header: False)
        patch.setattr("flowparse.parsing.read_small", lambda source: None)
        yield


# ---------------------------------------------------------------- the library, called


@cache
def names_of_bytes(n: int) -> tuple[str, ...]:
    """What n sources without a name are called; test_names proves the names of paths."""
    line = b"2 1 e - - - - - - - - - - NODATA\n"
    table = flowparse.read_table([line] * n, columns=["source"])
    return tuple(table.column("source").to_pylist())


def values(column: Any) -> list[Any]:
    """Python values; times as whole numbers of their unit."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.to_pylist()  # type: ignore[no-any-return]


def columns_in(table: Any) -> dict[str, list[Any]]:
    return {name: values(table.column(name)) for name in table.column_names}


def number_of(counts: Any, name: str) -> int:
    return int(counts[name] if isinstance(counts, Mapping) else getattr(counts, name))


def drain(source: Source, **kwargs: Any) -> tuple[Any, Rejects, dict[str, int]]:
    """The table of all batches, the rejects and the counts of one stream."""
    # one thread unless asked: starting threads takes longer than reading a small text
    kwargs.setdefault("threads", 1)
    with flowparse.open_reader(source, on_reject="collect", **kwargs) as reader:
        table = pa.Table.from_batches(list(reader), schema=reader.schema)
        assert reader.errors.num_rows == 0
        counts = {name: number_of(reader.counts, name) for name in COUNTED}
        return table, reader.rejects.to_pylist(), counts


def streamed(source: Source, **kwargs: Any) -> Outcome:
    """What `open_reader` gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table, rejects, counts = drain(source, **kwargs)
        except ValueError as error:
            return Outcome(error=type(error))
    warned = [warning.category.__name__ for warning in caught]
    return Outcome(None, columns_in(table), table.num_rows, rejects, counts, warned)


def tabled(source: Source, **kwargs: Any) -> Outcome:
    """What `read_table` gives; its counts are in the schema's metadata."""
    try:
        table = flowparse.read_table(source, on_reject="collect", threads=1, **kwargs)
    except ValueError as error:
        return Outcome(error=type(error))
    about = json.loads(table.schema.metadata[b"flowparse"])
    counts = {name: about["counts"][name] for name in COUNTED}
    return Outcome(None, columns_in(table), table.num_rows, None, counts)


def foretold(case: Texts, *, stream: bool = False, **kwargs: Any) -> Outcome:
    """What the oracle says of the call."""
    sources = list(zip(names_of_bytes(len(case.texts)), case.texts, strict=True))
    try:
        result = reference.read(sources, log_format=case.log_format, stream=stream, **kwargs)
    except ValueError as error:
        # two things may be wrong with a call, and either may be told
        assume(not isinstance(error, flowparse.LogFormatError) or not may_be_wrong(kwargs))
        return Outcome(error=type(error))
    if not stream:
        return Outcome(None, result.columns, result.num_rows, None, result.counts)
    changed = bool(result.later_names) and kwargs.get("columns") is None
    warned = ["FormatChangedWarning"] if changed else []
    return Outcome(None, result.columns, result.num_rows, result.rejects, result.counts, warned)


def may_be_wrong(kwargs: dict[str, Any]) -> bool:
    """Whether options could be at fault, too: times, or names that only a format can know."""
    terms = kwargs["filters"] or []
    groups = [terms] if terms and isinstance(terms[0], tuple) else terms
    names = [*(kwargs["columns"] or ()), *(term[0] for group in groups for term in group)]
    timed = kwargs["since"] is not None or kwargs["until"] is not None
    return timed or not {name.replace("-", "_") for name in names} <= {*reference.known_columns([])}


def keywords(chosen: Options) -> dict[str, Any]:
    """The options as keyword arguments."""
    return {field.name: getattr(chosen, field.name) for field in fields(chosen)}


def handed(case: Texts) -> list[bytes]:
    return list(case.texts)


texts_and_options = texts().flatmap(lambda case: st.tuples(st.just(case), options(case)))
texts_and_filters = texts().flatmap(
    lambda case: st.tuples(
        st.just(case), options(case, times=False), filters(case.columns or ["line"])
    )
)


# ---------------------------------------------------------------- 1 the oracle


@LAW
@given(texts_and_options)
def test_table_equals_oracle(example: tuple[Texts, Options]) -> None:
    """A table has exactly the oracle's columns, order and values, or fails with its error."""
    case, chosen = example
    kwargs = keywords(chosen)
    expected = foretold(case, **kwargs)
    assert tabled(handed(case), log_format=case.log_format, **kwargs) == expected


@LAW
@given(texts_and_options)
def test_stream_equals_oracle(example: tuple[Texts, Options]) -> None:
    """A stream has the oracle's values, rejects, counts and warnings."""
    case, chosen = example
    kwargs = keywords(chosen)
    expected = foretold(case, stream=True, **kwargs)
    assert streamed(handed(case), log_format=case.log_format, **kwargs) == expected


def long_text(lines: int, names: tuple[str, ...], seed: int) -> bytes:
    """Many lines of every kind that keeps the format; a few hundred come again and again."""
    rng = random.Random(seed)
    writer = Writer(names)
    made = [writer.line(Tape(bytes([rng.randrange(228)]) + rng.randbytes(15))) for _ in range(499)]
    header = " ".join(names).encode()
    return b"\n".join([header, *(made[i % 499] for i in range(lines))])


@pytest.mark.parametrize("threads", [1, 2])
def test_many_batches(threads: int) -> None:
    """Texts of more rows than a batch, of changing formats, equal the oracle, too."""
    one = ("dstport", "srcaddr", "action", "instance-tag", "start")
    other = ("action", "bytes", "dstport", "instance-tag")
    parts = [long_text(300, one, 1), long_text(120000, other, 2), long_text(9000, one, 3)]
    case = Texts((b"\n".join(parts), parts[2]), None, (one, other))
    kwargs = keywords(Options(filters=[("dstport", "is not null")]))
    expected = foretold(case, stream=True, **kwargs)
    assert expected.num_rows > 70000
    assert streamed(handed(case), threads=threads, **kwargs) == expected


# ---------------------------------------------------------------- 2 cuts


def whole(case: Texts) -> Outcome:
    return streamed(handed(case), log_format=case.log_format)


@LAW
@given(texts(), cut_sizes)
def test_any_cut(case: Texts, sizes: list[int]) -> None:
    """A file that hands over few bytes at a time gives what the whole bytes give."""
    files = [CutFile(text, sizes) for text in case.texts]
    assert nameless(streamed(files, log_format=case.log_format)) == nameless(whole(case))


@LAW
@given(texts(), member_cuts)
def test_any_thread_that_inflates(case: Texts, cuts: list[int]) -> None:
    """What one thread inflates and another parses is what one thread makes of it alone."""
    # several members, so that no source is small enough to be read in one step
    packed = [gzip_members(text, [*cuts, 128], 1) for text in case.texts[:1]]
    one = Texts(case.texts[:1], case.log_format, case.formats[:1])
    assert streamed(packed, log_format=case.log_format, threads=2) == whole(one)


@LAW
@given(texts(), st.sampled_from(BLOCK_BYTES))
def test_any_block_size(case: Texts, block_bytes: int | None) -> None:
    """The size of the blocks that text is parsed in changes nothing."""
    expected = whole(case)
    with with_block_bytes(block_bytes):
        assert whole(case) == expected


@LAW
@given(texts(), member_cuts, st.integers(0, 3))
def test_any_member_split(case: Texts, cuts: list[int], zeros: int) -> None:
    """Where gzip members end, and zeros between them, change nothing."""
    packed = [gzip_members(text, cuts, zeros) for text in case.texts]
    assert streamed(packed, log_format=case.log_format) == whole(case)


def nameless(outcome: Outcome) -> Outcome:
    """The outcome without the names of its sources, which differ between bytes and files."""
    for reject in outcome.rejects or []:
        del reject["source"]
    return outcome


# ---------------------------------------------------------------- 3 kernels


def serialized(table: Any) -> bytes:
    """The table's Arrow bytes: what differs in one bit differs here."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


@pytest.mark.skipif(len(KERNELS) < 2, reason="this CPU runs one kernel only")
@LAW
@given(texts_and_options, st.sampled_from(BLOCK_BYTES[:4]))
def test_kernels_agree(example: tuple[Texts, Options], block_bytes: int | None) -> None:
    """All kernels of this CPU give the same bits, rejects and counts."""
    case, chosen = example
    found: list[tuple[Any, Rejects, dict[str, int]]] = []
    for kernel in KERNELS:
        with with_kernel(kernel), with_block_bytes(block_bytes), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                table, rejects, counts = drain(
                    handed(case), log_format=case.log_format, **keywords(chosen)
                )
            except ValueError as error:
                found.append((str(error), [], {}))
            else:
                found.append((serialized(table), rejects, counts))
    assert found == [found[0]] * len(KERNELS)


# ---------------------------------------------------------------- 4 projection and filter


def select(everything: Any, columns: Sequence[str], terms: Any) -> dict[str, list[Any]]:
    """The columns of the rows that pass, from a table of all columns and all rows."""
    full = columns_in(everything)
    kinds = reference.known_columns([tuple(name.replace("_", "-") for name in full)])
    # "aws": the values of the table are compared as they stand in it
    keeps = reference.predicate(terms, kinds, "aws")
    rows = [i for i in range(everything.num_rows) if keeps(row_of(full, i))]
    return {name: [full[name][i] for i in rows] for name in columns}


def row_of(full: dict[str, list[Any]], i: int) -> Any:
    return lambda name: full[name][i]


@LAW
@given(texts_and_filters)
def test_pushdown(example: tuple[Texts, Options, Any]) -> None:
    """Columns and filters give what selecting and filtering the whole table gives."""
    case, chosen, terms = example
    shared: dict[str, Any] = {
        "log_format": case.log_format,
        "schema": chosen.schema,
        "on_reject": "collect",
        "threads": 1,
    }
    try:
        default = flowparse.read_table(handed(case), **shared)
    except flowparse.LogFormatError:
        assume(False)
    # A name that the registry lacks may be asked for if a source's first line brings it.
    with flowparse.open_reader(handed(case), **shared) as reader:
        known = {*reader.schema.names, *reference.known_columns([])}
    asked = [name.replace("-", "_") for name in chosen.columns or default.column_names]
    wanted = [name for name in asked if name in known]
    extra = ["line", "dstport", "pkt_srcaddr", "tcp_flags", "start", *case.columns, *wanted]
    names = [name for name in dict.fromkeys([*default.column_names, *extra]) if name in known]
    everything = flowparse.read_table(handed(case), columns=names, **shared)
    terms = known_terms(terms, names)
    table = flowparse.read_table(handed(case), columns=wanted, filters=terms, **shared)
    assert table.column_names == wanted
    assert columns_in(table) == select(everything, wanted, terms)


def known_terms(terms: Any, names: Sequence[str]) -> Any:
    """The terms on columns that may be asked for."""
    groups = [terms] if isinstance(terms[0][0], str) else terms
    kept = [[term for term in group if term[0].replace("-", "_") in names] for group in groups]
    return [group for group in kept if group]


# ---------------------------------------------------------------- 5 every line


def line_count(text: bytes) -> int:
    body = text.removeprefix(b"\xef\xbb\xbf")
    return body.count(b"\n") + (body != b"" and not body.endswith(b"\n"))


@LAW
@given(texts_and_options)
def test_every_line(example: tuple[Texts, Options]) -> None:
    """Records, rejects, headers and blanks add up to the lines, whatever is asked for."""
    case, chosen = example
    plain = whole(case)
    assume(plain.error is None)
    assert plain.counts is not None
    assert plain.rejects is not None
    parts = [plain.counts[name] for name in ("records", "rejects", "headers", "blank")]
    assert sum(parts) == sum(map(line_count, case.texts))
    assert plain.counts["records"] == plain.num_rows
    assert plain.counts["rejects"] == len(plain.rejects)
    assert plain.counts["no_data"] + plain.counts["skip_data"] <= plain.counts["records"]
    narrow = streamed(handed(case), log_format=case.log_format, **keywords(chosen))
    if narrow.error is None:
        assert (narrow.counts, narrow.rejects) == (plain.counts, plain.rejects)


# ---------------------------------------------------------------- 6 there and back, a then b


@pytest.fixture(scope="module")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laws") / "written.log"


@LAW
@given(texts(most=1, headed=True, plain=True), st.sampled_from(("typed", "aws")))
def test_write_then_read(log_path: Path, case: Texts, schema: str) -> None:
    """Text that is written from a table reads back as the same table."""
    text = case.texts[0]
    names = case.formats[0]
    columns = list(dict.fromkeys(name.replace("-", "_") for name in names))
    shared: dict[str, Any] = {"columns": columns, "schema": schema}
    table = flowparse.read_table(text, on_reject="collect", **shared)
    assume(can_be_text(columns_in(table)))
    log_path.unlink(missing_ok=True)
    flowparse.write_text(table, log_path, log_format=" ".join(names))
    back = flowparse.read_table(log_path, on_reject="raise", **shared)
    assert columns_in(back) == columns_in(table)
    assert back.schema.equals(table.schema)


def can_be_text(columns: dict[str, list[Any]]) -> bool:
    """Whether no row reads as a header, ISO times have years of 1..9999, and lines are short.

    Such rows come from other formats (a later header) and other offsets than those written; ISO
    times are written with more digits than they may have been read with.
    """
    times = columns.get("export_timestamp", [])
    if not all(YEARS[0] <= time < YEARS[1] for time in times if time is not None):
        return False
    rows = [[str(value).encode() for value in row] for row in zip(*columns.values(), strict=True)]
    return not any(reference.is_header(row, 0, ()) or sum(map(len, row)) > 65_000 for row in rows)


@LAW
@given(texts(most=1, headed=True), texts(most=1, headed=True))
def test_a_then_b(one: Texts, other: Texts) -> None:
    """Reading two texts as one gives the rows of the first, then those of the second."""
    a, b = one.texts[0], other.texts[0]
    columns = sorted({*one.columns, *other.columns} & {*reference.known_columns([])})
    shared: dict[str, Any] = {"columns": ["line", *columns]}
    first, second = streamed(a, **shared), streamed(b, **shared)
    shift(second, line_count(a), len(a))
    assert streamed(a + b, **shared) == joined(first, second)


def shift(outcome: Outcome, lines: int, byte_offset: int) -> None:
    """Place the outcome behind that many lines and bytes."""
    assert outcome.columns is not None
    outcome.columns["line"] = [line + lines for line in outcome.columns["line"]]
    for reject in outcome.rejects or []:
        reject["line"] += lines
        reject["byte_offset"] += byte_offset


def joined(first: Outcome, second: Outcome) -> Outcome:
    assert first.columns is not None
    assert second.columns is not None
    assert first.counts is not None
    assert second.counts is not None
    return Outcome(
        columns={name: first.columns[name] + second.columns[name] for name in first.columns},
        num_rows=first.num_rows + second.num_rows,
        rejects=[*(first.rejects or []), *(second.rejects or [])],
        counts={name: first.counts[name] + second.counts[name] for name in COUNTED},
        warned=[],
    )


# ---------------------------------------------------------------- all at once


@LAW
@given(
    example=texts(most=3).flatmap(lambda case: st.tuples(st.just(case), options(case))),
    cuts=st.none() | member_cuts,
    sizes=st.none() | cut_sizes,
    kernel=st.sampled_from(KERNELS),
    block_bytes=st.sampled_from(BLOCK_BYTES),
    threads=st.sampled_from((None, 1, 2, 4)),
)
def test_everything_at_once(
    example: tuple[Texts, Options],
    cuts: list[int] | None,
    sizes: list[int] | None,
    kernel: str,
    block_bytes: int | None,
    threads: int | None,
) -> None:
    """Format, container, cut, kernel, block size, options and threads together obey the oracle."""
    case, chosen = example
    packed = [text if cuts is None else gzip_members(text, cuts) for text in case.texts]
    sources = [data if sizes is None else CutFile(data, sizes) for data in packed]
    kwargs = keywords(chosen)
    if kwargs["columns"] is not None:
        kwargs["columns"] = tuple(name for name in kwargs["columns"] if name != "source")
    with with_kernel(kernel), with_block_bytes(block_bytes):
        found = streamed(sources, log_format=case.log_format, threads=threads, **kwargs)
    assert nameless(found) == nameless(foretold(case, stream=True, **kwargs))


# ---------------------------------------------------------------- names


def test_names(tmp_path: Path) -> None:
    """A source is called by the path it was given as, in its rows and in its rejects."""
    paths = [tmp_path / "b.log", tmp_path / "a.log"]
    for path in paths:
        path.write_bytes(b"version region type\n2 r t\nbad\n")
    table, rejects, _ = drain([str(path) for path in paths], columns=["source"])
    assert table.column("source").to_pylist() == [str(path) for path in paths]
    assert [reject["source"] for reject in rejects] == [str(path) for path in paths]
