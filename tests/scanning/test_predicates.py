"""Expressions of pyarrow become filters of the core, with the same result."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowparse
from flowparse.filters import Condition
from flowparse.scanning.predicates import push_down
from strategies import LAW

field = pc.field
NAMES = ("dstport", "packets", "srcaddr", "action", "start", "future-a")
VALUES: dict[str, tuple[Any, ...]] = {
    "dstport": ("-", "0", "22", "443", "65535"),
    "packets": ("-", "0", "22", "9007199254740993", "9223372036854775807"),
    "srcaddr": ("-", "10.0.0.1", "10.0.0.10", "::1", "é"),
    "action": ("-", "ACCEPT", "REJECT", "a"),
    "start": ("-", "0", "1700000000", "1700000001", "1700000000999"),
    "future-a": ("-", "x", "ACCEPT"),
}
COLUMNS = tuple(name.replace("-", "_") for name in NAMES)
SECONDS = pa.timestamp("s", tz="UTC")
SCHEMA = pa.schema(
    [
        ("dstport", pa.int32()),
        ("packets", pa.int64()),
        ("srcaddr", pa.string()),
        ("action", pa.dictionary(pa.int32(), pa.string())),
        ("start", SECONDS),
        ("future_a", pa.string()),
    ]
)


def of_conditions(*conditions: Any) -> Any:
    return tuple(Condition(*condition) for condition in conditions)


def text_of(rows: list[tuple[str, ...]]) -> bytes:
    lines = [" ".join(NAMES), *(" ".join(row) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


# ------------------------------------------------------------------ the law

LITERALS: dict[str, list[pa.Scalar]] = {
    "dstport": [
        *(pa.scalar(22, kind) for kind in (pa.int8(), pa.int32(), pa.int64(), pa.uint64())),
        pa.scalar(443, pa.uint16()),
        pa.scalar(22.0),
        pa.scalar(22.5),
        pa.scalar(22.5, pa.float32()),
        pa.scalar(float("nan")),
        pa.scalar(float("inf")),
        pa.scalar(2**40),
        pa.scalar(-1),
        pa.scalar(None, pa.int32()),
        pa.scalar(None),
    ],
    "packets": [
        pa.scalar(22),
        pa.scalar(9007199254740992),
        pa.scalar(9007199254740992.0),
        pa.scalar(9007199254740993),
        pa.scalar(2**63 - 1),
        pa.scalar(2.0**63),
        pa.scalar(21.5),
        pa.scalar(None, pa.int64()),
    ],
    "srcaddr": [pa.scalar(v) for v in ("10.0.0.1", "10.0.0.2", "", "é", None)],
    "action": [
        pa.scalar("ACCEPT"),
        pa.scalar("REJECT", pa.large_string()),
        pa.scalar("B"),
        pa.scalar(None, pa.string()),
    ],
    "start": [
        pa.scalar(1700000000, SECONDS),
        pa.scalar(1700000000_000, pa.timestamp("ms", tz="Europe/Berlin")),
        pa.scalar(1700000000_500_000, pa.timestamp("us", tz="UTC")),
        pa.scalar(1700000001_000_000_000, pa.timestamp("ns", tz="UTC")),
        pa.scalar(-1, pa.timestamp("us", tz="UTC")),
        pa.scalar(date(2023, 11, 14)),
        pa.scalar(None, SECONDS),
    ],
    "future_a": [pa.scalar("x"), pa.scalar("ACCEPT"), pa.scalar(None, pa.string())],
}
WIDER = {
    "dstport": [pa.int64(), pa.float64()],
    "packets": [pa.int64(), pa.float64()],
    "srcaddr": [pa.large_string()],
    "action": [pa.string(), pa.large_string()],
    "start": [pa.timestamp("us", tz="UTC"), pa.timestamp("ms", tz="Asia/Tokyo")],
    "future_a": [pa.string()],
}
COMPARE = (
    pc.Expression.__eq__,
    pc.Expression.__ne__,
    pc.Expression.__lt__,
    pc.Expression.__le__,
    pc.Expression.__gt__,
    pc.Expression.__ge__,
)


@st.composite
def leaves(draw: st.DrawFn) -> pc.Expression:
    """A condition on one column, or on two, or a constant."""
    name = draw(st.sampled_from(COLUMNS))
    column = field(name)
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from([column.is_null(), column.is_valid()]))
    if kind == 1:
        others = [s for s in LITERALS[name] if s.type != pa.null() and s.type.id != 18]
        one_type = draw(st.sampled_from(others)).type
        pool = [s for s in others if s.type == one_type]
        listed = draw(st.lists(st.sampled_from(pool), max_size=3))
        values = pa.array(
            [s.as_py() for s in listed] + draw(st.sampled_from([[], [None]])), one_type
        )
        return pc.is_in(column, value_set=values, skip_nulls=draw(st.booleans()))
    if kind == 2:
        return draw(
            st.sampled_from(
                [
                    pc.starts_with(field("srcaddr"), "10."),
                    field("dstport") + 1 > field("packets"),
                    field("srcaddr") == field("future_a"),
                    pc.is_in(field("action"), value_set=pa.array(["ACCEPT", None])),
                    pc.scalar(True),
                    pc.scalar(False),
                    pc.scalar(pa.scalar(None, pa.bool_())),
                    pc.scalar(1) == pc.scalar(2),
                ]
            )
        )
    if kind == 3:
        column = column.cast(draw(st.sampled_from(WIDER[name])))
    literal = pc.scalar(draw(st.sampled_from(LITERALS[name])))
    if kind == 4 and name == "dstport":
        literal = pc.scalar(draw(st.sampled_from(["22", "443"]))).cast(pa.int64())
    compare = draw(st.sampled_from(COMPARE))
    if kind == 5:
        return compare(literal, column)
    return compare(column, literal)


expressions = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda a: ~a, inner),
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(
            lambda name, a, b: pc.Expression._call(name, [a, b]),
            st.sampled_from(["and", "or", "and_not", "and_not_kleene"]),
            inner,
            inner,
        ),
        st.builds(pc.if_else, inner, inner, inner),
        st.builds(lambda a: pc.if_else(a, a, pc.scalar(pa.scalar(None, pa.bool_()))), inner),
    ),
    max_leaves=6,
)
rows = st.lists(st.tuples(*(st.sampled_from(VALUES[name]) for name in NAMES)), max_size=12)
own_filters = st.sampled_from(
    [None, [("dstport", ">", 0)], [[("action", "=", "ACCEPT")], [("srcaddr", "is null")]]]
)


@LAW
@given(rows=rows, expression=expressions, schema=st.sampled_from(["typed", "aws"]), own=own_filters)
def test_as_pyarrow_filters(rows: Any, expression: Any, schema: Any, own: Any) -> None:
    """A query keeps the records that pyarrow keeps of all, and is refused where pyarrow refuses."""
    text = text_of(rows)
    everything = flowparse.read_table(text, schema=schema, filters=own)
    ds = flowparse.dataset(text, schema=schema, filters=own)
    try:
        scanner = pads.InMemoryDataset(everything).scanner(filter=expression)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowInvalid) as error:
        with pytest.raises(type(error)):
            ds.scanner(filter=expression)
        return
    try:
        expected = scanner.to_table()
    except pa.ArrowInvalid:  # a value that pyarrow cannot cast for the comparison
        return
    assert ds.schema.equals(everything.schema)
    assert ds.to_table(filter=expression).to_pylist() == expected.to_pylist()
    assert ds.count_rows(filter=expression) == expected.num_rows
    narrow = ds.to_table(columns=["packets", "action"], filter=expression)
    assert narrow.to_pylist() == expected.select(["packets", "action"]).to_pylist()
    assert ds.filter(expression).to_table(filter=expression).num_rows == expected.num_rows
    parts = [batch for task in ds.tasks(filter=expression) for batch in task()]
    assert pa.Table.from_batches(parts, expected.schema).to_pylist() == expected.to_pylist()


# --------------------------------------------------------- what is pushed, and what is not


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        (field("dstport") == 22, [[("dstport", "=", 22)]]),
        (~(field("dstport") == 22), [[("dstport", "!=", 22)]]),
        (pc.scalar(22) < field("dstport"), [[("dstport", ">", 22)]]),
        (~(field("dstport") <= 22.5), [[("dstport", ">", 22.5)]]),
        (field("dstport").cast(pa.int64()) >= 22, [[("dstport", ">=", 22)]]),
        (field("dstport") == pc.scalar("22").cast(pa.int32()), [[("dstport", "=", 22)]]),
        (field("action").cast(pa.string()) == "a", [[("action", "=", "a")]]),
        (field("action").isin(["a", "b"]), [[("action", "in", ("a", "b"))]]),
        (
            ~field("action").isin(["a"]),
            [[("action", "not in", ("a",))], [("action", "is null")]],
        ),
        (~field("action").isin(["a", None]), [[("action", "not in", ("a",))]]),
        ((field("dstport") == 1) | (field("dstport") == 2), [[("dstport", "in", (1, 2))]]),
        (field("dstport").is_null(), [[("dstport", "is null")]]),
        (~field("dstport").is_null(), [[("dstport", "is not null")]]),
        (field("dstport").is_valid(), [[("dstport", "is not null")]]),
        (
            (field("dstport") >= 1) & (field("dstport") <= 9),
            [[("dstport", ">=", 1), ("dstport", "<=", 9)]],
        ),
        (
            ~((field("dstport") == 1) & (field("action") == "a")),
            [[("dstport", "!=", 1)], [("action", "!=", "a")]],
        ),
        (
            field("start") >= datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            [[("start", ">=", 1700000000)]],
        ),
        (
            field("start") == pa.scalar(1700000000_000, pa.timestamp("ms", tz="Asia/Tokyo")),
            [[("start", "=", 1700000000)]],
        ),
        (
            # DuckDB's `dstport in (1, 2)`
            pc.if_else(
                field("dstport").is_valid(),
                field("dstport").isin([1, 2]),
                pc.scalar(pa.scalar(None, pa.bool_())),
            ),
            [[("dstport", "is not null"), ("dstport", "in", (1, 2))]],
        ),
        (pc.scalar(True), [[]]),
        (pc.scalar(False), []),
        (field("dstport") == pa.scalar(None, pa.int32()), []),
    ],
    ids=str,
)
def test_what_the_core_decides(expression: pc.Expression, groups: Any) -> None:
    """Comparisons, lists, nulls, and what connects them are decided in the core alone."""
    pushed = push_down(expression, SCHEMA)
    assert pushed.exact
    assert {frozenset(group) for group in pushed.groups} == {
        frozenset(of_conditions(*group)) for group in groups
    }


@pytest.mark.parametrize(
    "expression",
    [
        field("dstport") + 1 == 23,
        pc.starts_with(field("srcaddr"), "10."),
        field("srcaddr") == field("future_a"),
        field("packets") == 2.0**53,
        field("dstport").cast(pa.string()) == "22",
        field(0) == 22,
        field("dstport") == pa.scalar(22.5, pa.float32()),
    ],
    ids=str,
)
def test_what_pyarrow_decides(expression: pc.Expression) -> None:
    """Of what the core cannot decide every record is kept; of the rest only what passes."""
    for whole in (expression, ~expression):
        assert push_down(whole, SCHEMA) == (((),), False)
    if "FieldPath" not in str(expression):
        beside = push_down(expression & (field("action") == "a"), SCHEMA)
        assert beside == ((of_conditions(("action", "=", "a")),), False)


def test_many_groups_are_not_pushed() -> None:
    """A filter that would be too many groups is left to pyarrow, and so is a deep one."""
    pairs = [(field("dstport") > n) & (field("packets") < n) for n in range(65)]
    assert push_down(reduce(pc.Expression.__or__, pairs), SCHEMA) == (((),), False)
    eithers = [(field("dstport") > n) | (field("packets") < n) for n in range(7)]
    pushed = push_down(reduce(pc.Expression.__and__, eithers), SCHEMA)
    assert not pushed.exact
    assert 0 < len(pushed.groups) <= 64


def test_a_long_chain_is_one_list() -> None:
    """A thousand values, each compared with the same column, become one list."""
    chain = reduce(pc.Expression.__or__, [field("dstport") == n for n in range(1000)])
    pushed = push_down(chain, SCHEMA)
    assert pushed == ((of_conditions(("dstport", "in", tuple(range(1000)))),), True)
    assert push_down(~chain, SCHEMA).exact
