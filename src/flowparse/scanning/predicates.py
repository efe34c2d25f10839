"""Floor 3: from a pyarrow expression to filters of the core.

A condition is true, false or unknown for a record, as in SQL. Of each part are known the records
for which it is true and those for which it is false, both as filters; so `not` only swaps them,
and a null in the data needs no rule of its own. What cannot be told stays: then the filters keep
more than they should, and the expression is evaluated on what they keep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.filters import Condition, Filters
from flowparse.scanning.expressions import Call, Field, Literal, Step, read_steps

__all__ = ["ALL", "Pushed", "both", "push_down"]

#: Filters that keep every record, and none.
ALL: Final[Filters] = ((),)
_NONE: Final[Filters] = ()
#: More groups than this are not pushed: each is tried on every record.
_MOST_GROUPS: Final = 64


class Pushed(NamedTuple):
    """Filters that keep every record for which an expression is true.

    Attributes
    ----------
    groups : tuple of tuple of Condition
        Here no group keeps nothing, and an empty group everything.
    exact : bool
        They keep no other record.
    """

    groups: Filters
    exact: bool = True


class _Truth(NamedTuple):
    """The records for which a part is true, and those for which it is false."""

    true: Pushed
    false: Pushed


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, perhaps cast to a type that holds all its values."""

    name: str
    type: pa.DataType


_UNTOLD: Final = _Truth(Pushed(ALL, exact=False), Pushed(ALL, exact=False))
_TRUE: Final = _Truth(Pushed(ALL), Pushed(_NONE))
_FALSE: Final = _Truth(Pushed(_NONE), Pushed(ALL))
_UNKNOWN: Final = _Truth(Pushed(_NONE), Pushed(_NONE))

#: An op, what it is when it is false, and when its sides are swapped.
_COMPARISONS: Final = {
    "equal": ("=", "!=", "="),
    "not_equal": ("!=", "=", "!="),
    "less": ("<", ">=", ">"),
    "less_equal": ("<=", ">", ">="),
    "greater": (">", "<=", "<"),
    "greater_equal": (">=", "<", "<="),
}


def push_down(expression: pc.Expression, schema: pa.Schema) -> Pushed:
    """The filters that stand for an expression.

    Parameters
    ----------
    expression : pyarrow.compute.Expression
        pyarrow accepts it as a filter of this schema.
    schema : pyarrow.Schema

    Examples
    --------
    >>> schema = pa.schema([("dstport", pa.int32())])
    >>> push_down(~(pc.field("dstport") == 22), schema)
    Pushed(groups=((Condition(column='dstport', op='!=', value=Fraction(22, 1)),),), exact=True)
    >>> push_down(pc.field("dstport") + 1 == 23, schema)
    Pushed(groups=((),), exact=False)
    """
    steps = read_steps(expression)
    if steps is None:
        return Pushed(ALL, exact=False)
    values: list[Any] = []
    for step in steps:
        if isinstance(step, Call):
            arguments = values[len(values) - step.n_arguments :]
            del values[len(values) - step.n_arguments :]
            values.append(_call(step, arguments))
        else:
            values.append(_leaf(step, schema))
    return _as_truth(values[-1]).true


def _leaf(step: Step, schema: pa.Schema) -> Any:
    if isinstance(step, Field):
        return _Column(step.name, schema.field(step.name).type)
    return step


def _call(step: Call, arguments: list[Any]) -> Any:
    if step.function in _CONNECTIVES:
        return _CONNECTIVES[step.function](*map(_as_truth, arguments))
    if step.function in _COMPARISONS and len(arguments) == 2:
        return _compare(_COMPARISONS[step.function], *arguments)
    if step.function == "cast":
        return _cast(arguments[0], step.options)
    if arguments and isinstance(arguments[0], _Column):
        column = arguments[0]
        if step.function == "is_in":
            return _is_in(column, step.options)
        if step.function == "is_null":
            return _truth(column.name, "is null", "is not null")
        if step.function == "is_valid":
            return _truth(column.name, "is not null", "is null")
    return _UNTOLD


def _as_truth(value: Any) -> _Truth:
    if isinstance(value, Literal) and pa.types.is_boolean(value.scalar.type):
        return {True: _TRUE, False: _FALSE, None: _UNKNOWN}[value.scalar.as_py()]
    return value if isinstance(value, _Truth) else _UNTOLD


def _truth(column: str, when_true: str, when_false: str, value: Any = None) -> _Truth:
    true, false = Condition(column, when_true, value), Condition(column, when_false, value)
    return _Truth(Pushed(((true,),)), Pushed(((false,),)))


# ----------------------------------------------------------------------- and, or, not


def _and(one: _Truth, other: _Truth) -> _Truth:
    """Kleene's: false if one is false, whatever the other is."""
    return _Truth(both(one.true, other.true), _either(one.false, other.false))


def _not(one: _Truth) -> _Truth:
    return _Truth(one.false, one.true)


def _or(one: _Truth, other: _Truth) -> _Truth:
    return _not(_and(_not(one), _not(other)))


def _strict(connective: Callable[[_Truth, _Truth], _Truth]) -> Callable[..., _Truth]:
    """The connective that is unknown as soon as one side is."""

    def strict(one: _Truth, other: _Truth) -> _Truth:
        known = both(_either(*one), _either(*other))
        free = connective(one, other)
        return _Truth(both(free.true, known), both(free.false, known))

    return strict


def _and_not(one: _Truth, other: _Truth) -> _Truth:
    return _and(one, _not(other))


def _if_else(condition: _Truth, one: _Truth, other: _Truth) -> _Truth:
    """Unknown where the condition is."""
    return _Truth(
        _either(both(condition.true, one.true), both(condition.false, other.true)),
        _either(both(condition.true, one.false), both(condition.false, other.false)),
    )


_CONNECTIVES: Final[dict[str, Callable[..., _Truth]]] = {
    "and_kleene": _and,
    "or_kleene": _or,
    "and_not_kleene": _and_not,
    "and": _strict(_and),
    "or": _strict(_or),
    "and_not": _strict(_and_not),
    "invert": _not,
    "if_else": _if_else,
}


def both(one: Pushed, other: Pushed) -> Pushed:
    """The records that two filters keep; or only what one does, if they are too many groups."""
    n_groups = (len(one.groups), len(other.groups))
    if n_groups[0] * n_groups[1] > max(_MOST_GROUPS, *n_groups):
        return Pushed(min(one.groups, other.groups, key=len), exact=False)
    groups = [tuple(dict.fromkeys((*a, *b))) for a in one.groups for b in other.groups]
    return Pushed(tuple(dict.fromkeys(groups)), one.exact and other.exact)


def _either(one: Pushed, other: Pushed) -> Pushed:
    """The records that one of two filters keeps; or all, if they are too many groups."""
    groups = _merge_equalities((*one.groups, *other.groups))
    exact = one.exact and other.exact
    if () in groups:
        return Pushed(ALL, exact)
    return Pushed(groups, exact) if len(groups) <= _MOST_GROUPS else Pushed(ALL, exact=False)


def _merge_equalities(groups: Filters) -> Filters:
    """Groups that ask for one value of the same column become one that asks for any of them."""
    values: dict[str, dict[Any, None]] = {}
    others: dict[tuple[Condition, ...], None] = {}
    for group in groups:
        if len(group) == 1 and group[0].op in ("=", "in"):
            found = (group[0].value,) if group[0].op == "=" else group[0].value
            values.setdefault(group[0].column, {}).update(dict.fromkeys(found))
        else:
            others[group] = None
    return (*others, *((_any_of(column, tuple(of)),) for column, of in values.items()))


def _any_of(column: str, values: tuple[Any, ...]) -> Condition:
    return (
        Condition(column, "=", values[0]) if len(values) == 1 else Condition(column, "in", values)
    )


# --------------------------------------------------------------------------- conditions


def _compare(ops: tuple[str, str, str], left: Any, right: Any) -> _Truth:
    op, negated, swapped = ops
    if isinstance(left, Literal) and isinstance(right, _Column):
        ops = next(known for known in _COMPARISONS.values() if known[0] == swapped)
        return _compare(ops, right, left)
    if not isinstance(left, _Column) or not isinstance(right, Literal):
        return _UNTOLD
    if not right.scalar.is_valid:
        return _UNKNOWN
    value = _read_value(left.type, right.scalar)
    return _UNTOLD if value is None else _truth(left.name, op, negated, value)


def _is_in(column: _Column, options: Any) -> _Truth:
    """Membership; `null_matching_behavior` says what a null in the data or the list means."""
    matching = _MATCHING.get(options["null_matching_behavior"].as_py())
    listed = list(options["value_set"].values)
    values = [_read_member(column.type, scalar) for scalar in listed if scalar.is_valid]
    if matching is None or None in values:
        return _UNTOLD
    has_null = len(values) < len(listed)
    within = _truth(column.name, "in", "not in", tuple(values))
    null = Pushed(((Condition(column.name, "is null"),),))
    if matching == "match" and has_null:
        return _Truth(_either(within.true, null), within.false)
    if matching in ("match", "skip"):
        return _Truth(within.true, _either(within.false, null))
    if matching == "inconclusive" and has_null:
        return _Truth(within.true, Pushed(_NONE))
    return within


#: arrow::compute::SetLookupOptions::NullMatchingBehavior
_MATCHING: Final = {0: "match", 1: "skip", 2: "emit null", 3: "inconclusive"}

_TICKS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_SECONDS: Final = 86_400
_INT64_MAX: Final = 2**63 - 1
#: Beyond it not every whole number is a float, so that pyarrow compares neighbours as equal.
_EXACT_FLOAT: Final = 2**53


def _read_value(column: pa.DataType, scalar: pa.Scalar) -> Any:
    """A literal as a filter's value; None where pyarrow compares otherwise than by value."""
    kind: Any = scalar.type
    if _is_text(column) and _is_text(kind):
        return scalar.as_py()
    if pa.types.is_integer(column):
        value: Any = scalar.as_py()
        if pa.types.is_integer(kind) and value <= _INT64_MAX:
            return Fraction(value)
        if pa.types.is_float64(kind) and abs(value) < _EXACT_FLOAT:
            return Fraction(value)
    if _is_time(column):
        if _is_time(kind):
            return Fraction(scalar.value, _TICKS[kind.unit])
        if pa.types.is_date32(kind):
            return Fraction(scalar.value * _DAY_SECONDS)
    return None


def _read_member(column: pa.DataType, scalar: pa.Scalar) -> Any:
    """A value of a list, which pyarrow casts to the column's type: then it must fit."""
    value = _read_value(column, scalar)
    if pa.types.is_integer(column) and not pa.types.is_integer(scalar.type):
        return None
    if _is_time(column) and value is not None and (value * _TICKS[column.unit]).denominator != 1:
        return None
    return value


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        test(kind) for test in (pa.types.is_string, pa.types.is_large_string, _is_string_view)
    )


def _is_string_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind))


# -------------------------------------------------------------------------------- casts


def _cast(value: Any, options: Any) -> Any:
    """Engines cast literals to the column's type, and columns to wider ones."""
    if options is None:
        return _UNTOLD
    target = options["to_type"].type
    if isinstance(value, Literal):
        lossy = any(options[name].as_py() for name in _lossy_names(options))
        try:
            return Literal(value.scalar.cast(target, safe=not lossy))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return _UNTOLD
    if isinstance(value, _Column) and _holds_all(value.type, target):
        return _Column(value.name, target)
    return _UNTOLD


def _lossy_names(options: Any) -> Sequence[str]:
    return [name for name in options if name.startswith("allow_")]


def _holds_all(kind: pa.DataType, target: pa.DataType) -> bool:
    """Does a type hold all values of another, in the same order?"""
    if _is_text(kind):
        return _is_text(target)
    if pa.types.is_signed_integer(kind):
        return bool(pa.types.is_signed_integer(target)) and target.bit_width >= kind.bit_width
    if _is_time(kind) and _is_time(target):
        return _TICKS[target.unit] >= _TICKS[kind.unit]
    return False
