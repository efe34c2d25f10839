"""Floor 1: the values of a filter, made ready for the core.

Numbers are whole in the data, so a comparison with any number becomes one with a whole
number, or is known beforehand; lists are sorted; networks become ranges of addresses.
"""

from __future__ import annotations

import ipaddress
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

from flowparse.fields import INT64_MAX

__all__ = [
    "FALSE",
    "ISO_TIME",
    "LINE",
    "NETWORK",
    "NUMBER",
    "OPS",
    "TEXT",
    "TIME",
    "TRUE",
    "Condition",
    "Term",
    "compare_constant",
    "compare_number",
    "lines_term",
    "network_term",
    "null_term",
    "number_term",
    "text_term",
]

INT64_MIN: Final = -(2**63)

# fp_operand of flowparse.h
NUMBER: Final = 0
TIME: Final = 1
ISO_TIME: Final = 2
TEXT: Final = 3
NETWORK: Final = 4
LINE: Final = 5

# fp_op of flowparse.h
_CODES: Final = {
    "false": 0,
    "true": 1,
    "is null": 2,
    "is not null": 3,
    "=": 4,
    "!=": 5,
    "<": 6,
    "<=": 7,
    ">": 8,
    ">=": 9,
    "in": 10,
    "not in": 11,
    "in network": 12,
}
#: What the code of a term's op stands for.
OPS: Final = {code: op for op, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: a column, an op and a value."""

    column: str
    op: str
    value: Any = None


class Term(NamedTuple):
    """A `fp_term` without its group."""

    op: int
    operand: int = NUMBER
    field: int = -1
    numbers: Sequence[int] = ()
    texts: Sequence[bytes] = ()
    ranges4: Sequence[tuple[int, int]] = ()
    ranges6: Sequence[tuple[int, int]] = ()


FALSE: Final = Term(_CODES["false"])
TRUE: Final = Term(_CODES["true"])
_NOT_NULL: Final = Term(_CODES["is not null"])


def null_term(condition: Condition) -> Term:
    """`is null` and `is not null`."""
    return Term(_CODES[condition.op])


def number_term(condition: Condition, operand: int, values: Sequence[Fraction | float]) -> Term:
    """A comparison with numbers, which need not be whole nor fit 64 bits."""
    op = condition.op
    if op in ("in", "not in"):
        whole = sorted({int(v) for v in values if _is_int64(v)})
        return Term(_CODES[op], operand, numbers=whole)
    (value,) = values
    if isinstance(value, float) and math.isnan(value):
        return _NOT_NULL if op == "!=" else FALSE
    if op in ("=", "!="):
        if not _is_int64(value):
            return FALSE if op == "=" else _NOT_NULL
        return Term(_CODES[op], operand, numbers=[int(value)])
    return _order_term(op, operand, value)


def lines_term(lines: Sequence[int]) -> Term:
    """Lines by their numbers, ascending."""
    return Term(_CODES["in"], LINE, numbers=lines) if lines else FALSE


def _is_int64(value: Fraction | float) -> bool:
    if isinstance(value, float):
        return False  # only NaN and infinity stay floats
    return value.denominator == 1 and INT64_MIN <= value <= INT64_MAX


def _order_term(op: str, operand: int, value: Fraction | float) -> Term:
    """The bound is made whole first: x < 1.5 is x < 2, and x <= 1.5 is x <= 1."""
    if value > INT64_MAX:
        return _NOT_NULL if op in ("<", "<=") else FALSE
    if value < INT64_MIN:
        return _NOT_NULL if op in (">", ">=") else FALSE
    bound = math.ceil(value) if op in ("<", ">=") else math.floor(value)
    return Term(_CODES[op], operand, numbers=[bound])


def text_term(condition: Condition) -> Term:
    """A comparison of text, by its UTF-8 bytes."""
    many = condition.op in ("in", "not in")
    values = condition.value if many else (condition.value,)
    texts = sorted({_encode_text(condition, value) for value in values})
    return Term(_CODES[condition.op], TEXT, texts=texts)


def _encode_text(condition: Condition, value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError(
            f"filters: {condition.column} is text and cannot be compared with "
            f"{type(value).__name__} {value!r}"
        )
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"filters: {condition.column}: {value!r} is not UTF-8") from None


def network_term(condition: Condition) -> Term:
    """`in network`: CIDR ranges and single hosts; host bits are masked."""
    networks = [_read_network(condition, value) for value in condition.value]
    four = [n for n in networks if isinstance(n, ipaddress.IPv4Network)]
    six = [n for n in networks if isinstance(n, ipaddress.IPv6Network)]
    return Term(
        _CODES["in network"],
        NETWORK,
        ranges4=_merge_ranges(ipaddress.collapse_addresses(four)),
        ranges6=_merge_ranges(ipaddress.collapse_addresses(six)),
    )


def _read_network(condition: Condition, value: object) -> Any:
    if isinstance(value, (int, bytes)):
        raise ValueError(f"filters: {condition.column}: {value!r} is not a CIDR range")
    try:
        return ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError(
            f"filters: {condition.column}: expected a CIDR range such as '10.0.0.0/8' or an "
            f"address, got {value!r}"
        ) from None


def _merge_ranges(networks: Any) -> list[tuple[int, int]]:
    """Lowest and highest address of each network, in order; collapsed ones do not overlap."""
    return sorted((int(n.network_address), int(n.broadcast_address)) for n in networks)


_COMPARE: Final = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare_constant(condition: Condition, constant: str | None) -> bool:
    """Does a condition hold for a text that all records of a source share?"""
    if condition.op in ("is null", "is not null"):
        return (constant is None) == (condition.op == "is null")
    if condition.op == "in network":
        raise ValueError(f"filters: {condition.column} holds no addresses: 'in network'")
    texts = text_term(condition).texts
    if constant is None:
        return False
    value = constant.encode("utf-8", "backslashreplace")
    if condition.op in ("in", "not in"):
        return (value in texts) == (condition.op == "in")
    return bool(_COMPARE[condition.op](value, texts[0]))


_NAMES: Final = {code: op for op, code in _CODES.items()}


def compare_number(term: Term, number: int | None) -> bool:
    """Does a term on numbers hold for this one? As the core says; None is null."""
    op = _NAMES[term.op]
    if op in ("true", "false"):
        return op == "true"
    if op in ("is null", "is not null"):
        return (number is None) == (op == "is null")
    if number is None:
        return False
    if op in ("in", "not in"):
        return (number in term.numbers) == (op == "in")
    return bool(_COMPARE[op](number, term.numbers[0]))
