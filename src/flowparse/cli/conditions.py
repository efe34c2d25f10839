"""Floor 5: `--filter "column op value"` becomes a tuple of `filters`."""

from __future__ import annotations

import re
from typing import Any, Final

from flowparse.fields import FIELDS, column_name, field_name

__all__ = ["read_condition"]

_SHAPE: Final = re.compile(
    r"""\s*(?P<column>[a-z_][\w-]*)
    (?: \s*(?P<sign>==|!=|<=|>=|=|<|>)(?![<>=!~])
      | \s+(?P<word>is\s+not\s+null|is\s+null|not\s+in|in\s+network|in)(?![\w-]) )
    \s*(?P<value>.*?)\s*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_FORM: Final = (
    "expected 'column op value' with one of = != < <= > >=, in, not in, in network, "
    "is null, is not null"
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_NUMBERS: Final = ("int32", "int64")


def read_condition(text: str) -> tuple[Any, ...]:
    """One condition as `flowparse.read_table` takes it.

    Parameters
    ----------
    text : str
        `column op value`. Ops of one value: `=`, `!=`, `<`, `<=`, `>`, `>=`; of values with
        commas between them: `in`, `not in`, `in network`; of none: `is null`, `is not null`.
        A value may stand in quotes, a list in brackets.

    Returns
    -------
    tuple
        `(column, op)` or `(column, op, value)`, numbers as int.

    Raises
    ------
    ValueError
        It has not this form, or a number column is compared with what is no number.

    Examples
    --------
    >>> read_condition("dstport in 22, 3389")
    ('dstport', 'in', [22, 3389])
    >>> read_condition("action=REJECT")
    ('action', '=', 'REJECT')
    >>> read_condition("tcp-flags is null")
    ('tcp-flags', 'is null')
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError(f"{_FORM}; got {text!r}")
    column, value = shape["column"], shape["value"]
    op = shape["sign"] or " ".join(shape["word"].lower().split())
    if op.startswith("is "):
        if value:
            raise ValueError(f"{column} {op}: takes no value, got {value!r}")
        return column, op
    if not value:
        raise ValueError(f"{column} {op}: a value is missing; for null write '{column} is null'")
    if op in ("in", "not in", "in network"):
        return column, op, [_read_value(column, one) for one in _split(value)]
    return column, op, _read_value(column, value)


def _split(text: str) -> list[str]:
    if text[0] + text[-1] in ("()", "[]"):
        text = text[1:-1]
    return [one.strip() for one in text.split(",") if one.strip()]


def _read_value(column: str, text: str) -> str | int:
    """The value in the type of its column: number columns have numbers, times also numbers."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    kind = _kind_of(column)
    if kind in (*_NUMBERS, "time") and _WHOLE.fullmatch(text):
        return int(text)
    if text == "-":
        raise ValueError(f"{column}: '-' is null: write '{column} is null'")
    if kind in _NUMBERS:
        raise ValueError(f"{column} holds numbers, got {text!r}")
    return text


def _kind_of(column: str) -> str:
    if column_name(column) == "line":
        return "int64"
    field = FIELDS.get(field_name(column))
    return field.kind if field else "text"
