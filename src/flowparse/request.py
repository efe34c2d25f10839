"""Floor 1: what one call asks for, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from flowparse.access import Access, read_access
from flowparse.fields import FIELDS, column_name, field_name, near_names
from flowparse.filters import Filters, Window, condition_term, read_filters
from flowparse.logformat import LogFormat
from flowparse.schema import Column, SchemaName, format_columns, is_known, named_column
from flowparse.times import Moment, read_bound

__all__ = ["OnReject", "Progress", "Request", "read_request", "read_threads"]

OnReject = Literal["warn", "collect", "raise"]
#: Called with the bytes read so far, and the bytes in all or None.
Progress = Callable[[int, int | None], Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The options that `read_table`, `open_reader` and `to_parquet` share.

    Attributes
    ----------
    columns : tuple of Column or None
        None: all that the formats have.
    """

    columns: tuple[Column, ...] | None
    filters: Filters
    window: Window
    log_format: LogFormat | None
    schema: SchemaName
    on_reject: OnReject
    threads: int
    progress: Progress | None
    access: Access = field(default_factory=Access)

    @property
    def unknown_names(self) -> tuple[str, ...]:
        """Names asked for that are not in the registry: some format must have them."""
        asked = [column.name for column in self.columns or ()]
        asked += [condition.column for group in self.filters for condition in group]
        return tuple(name for name in dict.fromkeys(asked) if not is_known(name))

    def columns_of(self, log_format: LogFormat) -> tuple[Column, ...]:
        """The columns that records of this format give."""
        if self.columns is not None:
            return self.columns
        return format_columns(log_format, self.schema)

    def check_names(self, formats: Iterable[LogFormat]) -> None:
        """Refuse names that neither the registry nor any of these formats has."""
        in_formats = tuple(dict.fromkeys(name for f in formats for name in f.columns))
        for name in self.unknown_names:
            if name not in in_formats:
                near = near_names(name, in_formats)
                hint = f"; did you mean {near}?" if near else ""
                raise ValueError(
                    f"no column {name!r}: neither AWS's registry nor the formats read have it{hint}"
                )


def read_request(
    *,
    columns: Sequence[str] | None = None,
    filters: Sequence[Any] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    log_format: LogFormat | str | None = None,
    schema: SchemaName = "typed",
    on_reject: OnReject = "warn",
    threads: int | None = None,
    progress: Progress | None = None,
    session: object = None,
) -> Request:
    """The caller's keyword arguments, checked.

    Raises
    ------
    ValueError
        An option is none of those that there are, or a filter cannot be evaluated.
    LogFormatError
        `log_format` cannot be read.
    """
    _check_choice("schema", schema, get_args(SchemaName))
    _check_choice("on_reject", on_reject, get_args(OnReject))
    if log_format is not None and not isinstance(log_format, LogFormat):
        log_format = LogFormat.parse(log_format)
    request = Request(
        columns=_read_columns(columns, schema),
        filters=read_filters(filters),
        window=Window(
            None if since is None else read_bound(since, "since"),
            None if until is None else read_bound(until, "until"),
        ),
        log_format=log_format,
        schema=schema,
        on_reject=on_reject,
        threads=read_threads(threads),
        progress=progress,
        access=read_access(session),
    )
    for group in request.filters:
        for condition in filter(lambda c: is_known(c.column), group):
            condition_term(condition, LogFormat.default(), schema, "")
    return request


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")


def _read_columns(columns: Sequence[str] | None, schema: SchemaName) -> tuple[Column, ...] | None:
    if columns is None:
        return None
    if isinstance(columns, str):
        raise ValueError(f"columns: expected a list of names, got {columns!r}: [{columns!r}]?")
    if not isinstance(columns, Iterable):
        raise ValueError(f"columns: expected a list of names, got {columns!r}")
    names = [_read_name(name) for name in columns]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"columns: named twice: {', '.join(sorted(twice))}")
    return tuple(named_column(name, schema) for name in names)


def _read_name(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError(f"columns: expected names, got {name!r}")
    known = field_name(name)
    return FIELDS[known].column if known in FIELDS else column_name(name)


def read_threads(threads: int | None) -> int:
    """So many as the caller says; None is one a core that the process may use."""
    if threads is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0)) or 1
        return os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads: expected 1 or more, or None for all cores, got {threads!r}")
    return threads
