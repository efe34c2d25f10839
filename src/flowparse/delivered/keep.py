"""Floor 2: which rows the filter keeps. Stage "filter".

What a condition means is settled before: the terms are those that the core gets for text, their
numbers whole and their texts encoded. Here they meet columns instead of lines, and what an address
is, is asked of the core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.delivered.judge import map_distinct
from flowparse.delivered.spelled import Spelling
from flowparse.operands import LINE, NETWORK, OPS, TEXT, TIME
from flowparse.schema import FIRST_MILLISECONDS

__all__ = ["rows_kept", "scaled"]

#: Terms as `layout_terms` gives them: those of a group must all hold, one of the groups must.
Terms = Sequence[Sequence[Any]]

_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def rows_kept(
    terms: Terms,
    values: Mapping[int, pa.Array],
    numbers: Callable[[], pa.Int64Array],
    spelling: Spelling,
    n: int,
) -> pa.BooleanArray:
    """Whether the filter keeps each of some rows; never null.

    Parameters
    ----------
    terms : sequence
    values : mapping of int to pyarrow.Array
        Judged columns, by the place of their field.
    numbers : callable
        Gives the numbers of the rows.
    spelling : Spelling
    n : int
        Of the rows.
    """
    groups: dict[int, pa.BooleanArray] = {}
    for group, *term in terms:
        holds = _holds(term, values, numbers, spelling, n)
        groups[group] = pc.and_(groups[group], holds) if group in groups else holds
    first, *others = groups.values()
    for other in others:
        first = pc.or_(first, other)
    return first


def _holds(
    term: Sequence[Any],
    values: Mapping[int, pa.Array],
    numbers: Callable[[], pa.Int64Array],
    spelling: Spelling,
    n: int,
) -> pa.BooleanArray:
    op, operand, field = OPS[term[0]], term[1], term[2]
    if op in ("true", "false"):
        return pa.repeat(pa.scalar(op == "true"), n)
    column = numbers() if operand == LINE else values[field]
    if op in ("is null", "is not null"):
        return pc.is_null(column) if op == "is null" else pc.is_valid(column)
    if operand == NETWORK:
        holds = map_distinct(column, lambda texts: spelling.in_networks(texts, term))
    elif operand == TEXT:
        texts = pa.array([text.decode() for text in term[4]], pa.string())
        holds = map_distinct(column, lambda distinct: _compare(op, distinct, texts))
    else:
        whole = scaled(column) if operand == TIME else column
        holds = _compare(op, whole.cast(pa.int64()), pa.array(term[3], pa.int64()))
    return pc.fill_null(holds, False)


def _compare(op: str, column: pa.Array, operands: pa.Array) -> pa.Array:
    """Null may come out for null, and must not come out as true."""
    if op in _COMPARE:
        return _COMPARE[op](column, operands[0])
    among = pc.is_in(column, value_set=operands)
    return among if op == "in" else pc.and_(pc.invert(among), pc.is_valid(column))


def scaled(times: pa.Array) -> pa.Array:
    """Times in seconds: those from 10^11 on are milliseconds."""
    largest = pc.max(times).as_py()
    if largest is None or largest < FIRST_MILLISECONDS:
        return times
    seconds = pc.divide(times, pa.scalar(1000, times.type))
    is_large = pc.greater_equal(times, pa.scalar(FIRST_MILLISECONDS, times.type))
    return pc.if_else(is_large, seconds, times)
