"""Floor 2: what the statistics of a row group say of its rows, where they can be believed.

A bound that is missing, or of another type than the column's values, says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from flowparse.delivered.groups import Group, Statistics
from flowparse.operands import LINE, NUMBER, OPS, TEXT, TIME
from flowparse.schema import CHECK_ISO_TIME, CHECK_TEXT, FIRST_MILLISECONDS, check_of

__all__ = ["UNKNOWN", "Bounds", "bounds_of", "is_bytes", "is_proven", "rules_out"]

_NOTHING: Final = "-"
#: Both bounds of a number are as long.
_NUMBER_BYTES: Final = ({4}, {8})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of the values of a column in a row group.

    Attributes
    ----------
    low, high : int, str or None
        No value is below or above; None: nobody knows.
    all_null, none_null : bool
        It is known that all values are null, or none.
    """

    low: Any = None
    high: Any = None
    all_null: bool = False
    none_null: bool = False


UNKNOWN: Final = Bounds()


def bounds_of(group: Group, leaf: int, type_: pa.DataType) -> Bounds:
    """What a row group says of one of its columns."""
    said, types = group.statistics[leaf], pa.types
    type_ = type_.value_type if types.is_dictionary(type_) else type_
    low: int | str | None = None
    high: int | str | None = None
    if types.is_integer(type_):
        low, high = _numbers(said, signed=types.is_signed_integer(type_))
    elif types.is_string(type_) or types.is_large_string(type_):
        low, high = _texts(said)
    return Bounds(low, high, said.nulls == group.rows, said.nulls == 0)


def _numbers(said: Statistics, *, signed: bool) -> tuple[int | None, int | None]:
    low, high = said.low, said.high
    if signed and (low is None or high is None):
        low, high = said.low_signed, said.high_signed
    if low is None or high is None or {len(low), len(high)} not in _NUMBER_BYTES:
        return None, None
    return (
        int.from_bytes(low, "little", signed=signed),
        int.from_bytes(high, "little", signed=signed),
    )


def _texts(said: Statistics) -> tuple[str | None, str | None]:
    try:
        return (
            None if said.low is None else said.low.decode(),
            None if said.high is None else said.high.decode(),
        )
    except UnicodeDecodeError:  # a bound may be cut within a character
        return None, None


def is_proven(bounds: Bounds, field: str, type_: pa.DataType) -> bool:
    """Whether a column that is not read can hold nothing that is not to be."""
    check, maximum = check_of(field)
    if check == CHECK_TEXT:
        return not is_bytes(type_)
    if check == CHECK_ISO_TIME:
        return bool(pa.types.is_timestamp(type_))
    if bounds.all_null or pa.types.is_null(type_):
        return True
    if not pa.types.is_integer(type_):
        return False
    if pa.types.is_unsigned_integer(type_) and (1 << type_.bit_width) - 1 <= maximum:
        return True
    low, high = bounds.low, bounds.high
    return low is not None and high is not None and low >= 0 and high <= maximum


def is_bytes(type_: pa.DataType) -> bool:
    """Whether nothing promises that a column of text is UTF-8."""
    types = pa.types
    type_ = type_.value_type if types.is_dictionary(type_) else type_
    if types.is_fixed_size_binary(type_) or types.is_binary_view(type_):
        return True
    return bool(types.is_binary(type_) or types.is_large_binary(type_))


def rules_out(term: Sequence[Any], bounds: Bounds) -> bool:
    """Whether no row of a row group can be kept by a term of the filter.

    Parameters
    ----------
    term : sequence
        A `flowparse.operands.Term`.
    bounds : Bounds
        Of the term's column, or of the numbers of its rows.
    """
    op, operand = OPS[term[0]], term[1]
    if op in ("false", "true"):
        return op == "false"
    if op == "is null":
        return bounds.none_null and not _may_be(bounds, _NOTHING)
    if bounds.all_null and operand != LINE:
        return True
    if op in ("not in", "is not null") or bounds.low is None or bounds.high is None:
        return False
    values = _comparable(term, operand, bounds)
    return values is not None and not _COMPARE[op](bounds.low, bounds.high, values)


def _may_be(bounds: Bounds, text: str) -> bool:
    """Whether a text can be there. Numbers that are numbers are never `-`."""
    if isinstance(bounds.low, int):
        return False
    if bounds.low is None or bounds.high is None:
        return True
    return bool(bounds.low <= text <= bounds.high)


def _comparable(term: Sequence[Any], operand: int, bounds: Bounds) -> Sequence[Any] | None:
    """The operand's values, where they compare with the bounds as with the column's values."""
    is_number = isinstance(bounds.low, int)
    if operand == TEXT and not is_number:
        return [text.decode() for text in term[4]]
    if operand == TIME and is_number and bounds.high < FIRST_MILLISECONDS:
        return list(term[3])
    if operand in (NUMBER, LINE) and is_number:
        return list(term[3])
    return None


#: Whether a value between two bounds can compare so with the operand.
_COMPARE: Final[dict[str, Callable[[Any, Any, Sequence[Any]], bool]]] = {
    "=": lambda low, high, values: low <= values[0] <= high,
    "!=": lambda low, high, values: not low == high == values[0],
    "<": lambda low, high, values: low < values[0],
    "<=": lambda low, high, values: low <= values[0],
    ">": lambda low, high, values: high > values[0],
    ">=": lambda low, high, values: high >= values[0],
    "in": lambda low, high, values: any(low <= value <= high for value in values),
}
