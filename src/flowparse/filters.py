"""Floor 1: a pushed-down predicate, from the caller's tuples to the core's terms.

`filters` has the form of `pyarrow.parquet`: a list of `(column, op, value)` that must all
hold, or a list of such lists one of which must. A null compares as false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from flowparse.fields import FIELDS, column_name, field_name
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.operands import (
    FALSE,
    ISO_TIME,
    LINE,
    NUMBER,
    TIME,
    TRUE,
    Condition,
    Term,
    compare_constant,
    compare_number,
    network_term,
    null_term,
    number_term,
    text_term,
)
from flowparse.schema import REQUESTED_COLUMNS, SchemaName
from flowparse.times import exact_number, is_number, read_time

__all__ = [
    "EVENT_COLUMNS",
    "Condition",
    "Filters",
    "LineTerm",
    "Window",
    "is_of_event",
    "number_test",
    "read_filters",
    "text_test",
]

_OPS: Final = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "in": "in",
    "not in": "not in",
    "is null": "is null",
    "is not null": "is not null",
    "in network": "in network",
}
_WITHOUT_VALUE: Final = ("is null", "is not null")
_OF_MANY: Final = ("in", "not in")
# A network iterates its addresses: all of them.
_ONE_NETWORK: Final = (str, bytes, IPv4Network, IPv6Network)


#: What an envelope says of a record, and its line does not.
EVENT_COLUMNS: Final = ("line", "export_timestamp", "log_group", "log_stream")
#: The lines for which a condition on one of these holds.
LineTerm = Callable[["Condition"], Term]

#: Groups of conditions: all of a group must hold, one of the groups must.
Filters = tuple[tuple[Condition, ...], ...]


def read_filters(filters: Sequence[Any] | None) -> Filters:
    """The caller's `filters` in one shape. Empty: every record is kept.

    Raises
    ------
    ValueError
        It has not the form that the module's docstring gives, or an op is unknown.
    """
    if filters is None:
        return ()
    if isinstance(filters, (str, bytes, tuple)) or not isinstance(filters, Sequence):
        raise ValueError(
            "filters: expected a list of (column, op, value) or a list of such lists, "
            f"got {filters!r}"
        )
    if not filters:
        return ()
    groups = [filters] if _is_condition(filters[0]) else filters
    return tuple(_read_group(group) for group in groups)


def _is_condition(item: object) -> bool:
    return isinstance(item, (tuple, list)) and bool(item) and isinstance(item[0], str)


def _read_group(group: object) -> tuple[Condition, ...]:
    if not isinstance(group, Sequence) or isinstance(group, (str, bytes)) or not group:
        raise ValueError(f"filters: expected a list of (column, op, value), got {group!r}")
    return tuple(_read_condition(item) for item in group)


def _read_condition(item: Any) -> Condition:
    if not _is_condition(item) or len(item) not in (2, 3):
        raise ValueError(f"filters: expected (column, op, value), got {item!r}")
    column, op, *value = item
    known = _OPS.get(op) if isinstance(op, str) else None
    if known is None:
        raise ValueError(f"filters: unknown op {op!r}; there are {', '.join(_OPS)}")
    if known in _WITHOUT_VALUE:
        return Condition(column_name(column), known)
    if not value or value[0] is None:
        raise ValueError(f"filters: {column} {op}: a value is missing; use 'is null' for null")
    return Condition(column_name(column), known, _read_value(column, known, value[0]))


def _read_value(column: str, op: str, value: object) -> object:
    """Many values become a tuple, so that an iterator can be read for every format."""
    if op in _OF_MANY:
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise ValueError(f"filters: {column} {op}: expected a list of values, got {value!r}")
        return tuple(value)
    if op == "in network":
        one = isinstance(value, _ONE_NETWORK) or not isinstance(value, Iterable)
        return (value,) if one else tuple(value)  # type: ignore[arg-type]
    return value


def condition_term(
    condition: Condition,
    log_format: LogFormat,
    schema: SchemaName,
    source: str,
    line_term: LineTerm | None = None,
) -> Term:
    """The core's term for a condition on records of one format. In an envelope, `line_term`
    has those for its columns.

    Raises
    ------
    ValueError
        The value cannot be compared with the column.
    """
    requested = REQUESTED_COLUMNS.get(condition.column)
    field = field_name(condition.column)
    if line_term is not None and is_of_event(condition.column, log_format):
        return line_term(condition)
    if requested is not None and requested.field is None:
        return _requested_term(condition, source)
    place = log_format.fields.index(field) if field in log_format.fields else -1
    term = _field_term(condition, field, schema)
    if place < 0:
        return TRUE if condition.op == "is null" else FALSE
    return term._replace(field=place)


def is_of_event(column: str, log_format: LogFormat) -> bool:
    """Has an envelope what this column asks for? A time in the line itself goes first."""
    if column == "export_timestamp":
        return EXPORT_TIMESTAMP not in log_format.fields
    return column in EVENT_COLUMNS


def number_test(condition: Condition) -> Callable[[int | None], bool]:
    """What a condition on `line` or `export_timestamp` says of a number; None is null."""
    if condition.column == "line":
        term = _requested_term(condition, "")
    else:
        term = _field_term(condition, EXPORT_TIMESTAMP, "typed")
    return lambda number: compare_number(term, number)


def text_test(condition: Condition, text: str | None) -> bool:
    """Whether a condition on `log_group` or `log_stream` holds."""
    return compare_constant(condition, text)


def _requested_term(condition: Condition, source: str) -> Term:
    """A column that no field fills: the line's number, or a constant of the source."""
    if condition.column == "line":
        if condition.op in _WITHOUT_VALUE:
            return TRUE if condition.op == "is not null" else FALSE
        term = number_term(condition, LINE, _read_numbers(condition, _read_number))
        return term if term.operand == LINE else TRUE if term != FALSE else FALSE
    constant = source if condition.column == "source" else None
    return TRUE if compare_constant(condition, constant) else FALSE


def _field_term(condition: Condition, field: str, schema: SchemaName) -> Term:
    known = FIELDS.get(field)
    kind = "iso" if field == EXPORT_TIMESTAMP else known.kind if known else "unknown"
    if condition.op in _WITHOUT_VALUE:
        return null_term(condition)
    if condition.op == "in network":
        if kind not in ("address", "unknown"):
            raise ValueError(f"filters: {condition.column} holds no addresses: 'in network'")
        return network_term(condition)
    if kind in ("address", "text", "unknown"):
        return text_term(condition)
    if kind == "iso":
        milliseconds = [1000 * t for t in _read_numbers(condition, read_time)]
        return number_term(condition, ISO_TIME, milliseconds)
    if kind == "time":
        operand = TIME if schema == "typed" else NUMBER
        return number_term(condition, operand, _read_numbers(condition, read_time))
    return number_term(condition, NUMBER, _read_numbers(condition, _read_number))


def _read_numbers(condition: Condition, read: Any) -> list[Any]:
    values = condition.value if condition.op in _OF_MANY else (condition.value,)
    return [read(value, f"filters: {condition.column}") for value in values]


def _read_number(value: object, name: str) -> Fraction | float:
    if not is_number(value):
        raise ValueError(
            f"{name} is a number and cannot be compared with {type(value).__name__} {value!r}"
        )
    try:
        return exact_number(value)
    except (ValueError, OverflowError):
        return float(value)  # NaN and infinity


@dataclass(frozen=True, slots=True)
class Window:
    """Keeps records whose window overlaps [since, until). Epoch seconds; None is open."""

    since: Fraction | None
    until: Fraction | None

    def terms(self, log_format: LogFormat, place: str) -> list[Term]:
        """The core's terms for records of one format; all of them must hold.

        Raises
        ------
        ValueError
            The format has neither start nor end.
        """
        if self.since is None and self.until is None:
            return []
        has = [name for name in ("start", "end") if name in log_format.fields]
        if not has:
            raise ValueError(
                f"{place}: since and until need start or end, and its format has neither: "
                f"{log_format}"
            )
        terms = [_time_term(name, "is not null", None, log_format) for name in has]
        if self.since is not None:
            terms.append(_time_term(has[-1], ">=", self.since, log_format))
        if self.until is not None:
            terms.append(_time_term(has[0], "<", self.until, log_format))
        return terms


def _time_term(name: str, op: str, value: Fraction | None, log_format: LogFormat) -> Term:
    condition = Condition(name, op, value)
    term = null_term(condition) if value is None else number_term(condition, TIME, [value])
    return term._replace(field=log_format.fields.index(name))


def layout_terms(
    filters: Filters,
    window: Window,
    log_format: LogFormat,
    schema: SchemaName,
    source: str,
    line_term: LineTerm | None = None,
) -> list[tuple[Any, ...]] | None:
    """What `_core.Layout` takes as its filter; None where every record is kept."""
    window_terms = window.terms(log_format, source)
    if not filters and not window_terms:
        return None
    groups = [
        [condition_term(condition, log_format, schema, source, line_term) for condition in group]
        for group in filters or ((),)
    ]
    return [
        (number, *term) for number, terms in enumerate(groups) for term in (*terms, *window_terms)
    ]
