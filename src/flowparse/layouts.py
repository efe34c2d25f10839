"""Floor 2: how the core is told of a format: its fields, the columns wanted, and the filter.

Stage "format".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flowparse import _core
from flowparse.enveloped import Enveloped
from flowparse.filters import EVENT_COLUMNS, is_of_event, layout_terms
from flowparse.items import FormatSeen
from flowparse.logformat import LogFormat
from flowparse.request import Request
from flowparse.schema import REQUESTED_COLUMNS, Column, check_of, schema_of

__all__ = ["Layouts"]

_LAYOUTS_KEPT: Final = 256


class Layouts:
    """The layouts of one request.

    Parameters
    ----------
    request : Request
    fixed : tuple of Column or None
        The columns of a stream, whatever the formats; None: each format's own.

    Attributes
    ----------
    by_source, by_event : bool
        The filter looks at the name of the source, or at what an envelope says of an event.
    """

    def __init__(self, request: Request, fixed: tuple[Column, ...] | None) -> None:
        self.request = request
        self.fixed = fixed
        filtered = {condition.column for group in request.filters for condition in group}
        self.by_source = "source" in filtered
        self.by_event = not filtered.isdisjoint(EVENT_COLUMNS)
        self._kept: dict[tuple[LogFormat, str], tuple[_core.Layout, FormatSeen]] = {}

    def layout(self, log_format: LogFormat, source: str) -> tuple[_core.Layout, FormatSeen]:
        """The core's layout for a format. Made once, unless the filter looks at the source."""
        key = (log_format, source if self.by_source else "")
        if key not in self._kept:
            if len(self._kept) >= _LAYOUTS_KEPT:  # headers without end are no reason to grow
                self._kept.clear()
            self._kept[key] = self._make_layout(log_format, source)
        return self._kept[key]

    def _make_layout(self, log_format: LogFormat, source: str) -> tuple[_core.Layout, FormatSeen]:
        columns = self._columns_of(log_format)
        layout = self._core_layout(log_format, columns, self.terms(log_format, source, None))
        return layout, self._format_seen(log_format, columns)

    def event_layout(
        self, log_format: LogFormat, source: str, events: Enveloped
    ) -> tuple[_core.Layout, FormatSeen]:
        """A layout for an envelope, whose filter holds for the lines of one piece."""
        columns = self._columns_of(log_format)
        filled = self.fills(log_format)
        lines = REQUESTED_COLUMNS["line"]
        asked = [lines if at in filled else column for at, column in enumerate(columns)]
        layout = self._core_layout(log_format, asked, self.terms(log_format, source, events))
        return layout, self._format_seen(log_format, columns, filled)

    def fills(self, log_format: LogFormat) -> tuple[int, ...]:
        """Places of the columns that an envelope fills."""
        return tuple(
            at
            for at, column in enumerate(self._columns_of(log_format))
            if column == REQUESTED_COLUMNS.get(column.name) and is_of_event(column.name, log_format)
        )

    def _columns_of(self, log_format: LogFormat) -> tuple[Column, ...]:
        return self.request.columns_of(log_format) if self.fixed is None else self.fixed

    def terms(
        self, log_format: LogFormat, source: str, events: Enveloped | None
    ) -> list[tuple[Any, ...]] | None:
        """The filter for records of a format, or for those of one piece of an envelope."""
        request = self.request
        line_term = None if events is None else events.line_term
        return layout_terms(
            request.filters, request.window, log_format, request.schema, source, line_term
        )

    def _core_layout(
        self, log_format: LogFormat, columns: Sequence[Column], terms: Any
    ) -> _core.Layout:
        place = {name: at for at, name in reversed(list(enumerate(log_format.fields)))}
        return _core.Layout(
            [(name, *check_of(name)) for name in log_format.fields],
            [(c.kind, place.get(c.field, -1) if c.field else -1) for c in columns],
            terms,
        )

    def _format_seen(
        self, log_format: LogFormat, columns: Sequence[Column], filled: tuple[int, ...] = ()
    ) -> FormatSeen:
        names = {column.name for column in columns}
        own = self.request.columns_of(log_format)
        left_out = tuple(column.name for column in own if column.name not in names)
        return FormatSeen(log_format, schema_of(columns), left_out, filled)
