"""Floor 4: one input, from its bytes to rows that spell its lines, and the lines that none spells.

Nothing rests on the parser having understood a line: what the columns do not spell byte for byte
is kept as it stands.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.archive.spelling import line_columns, row_columns
from flowparse.counts import Counts
from flowparse.errors import LogFormatError, SourceError
from flowparse.items import Ended, FormatSeen
from flowparse.logformat import LogFormat
from flowparse.parsing import SourceParser
from flowparse.request import Request, read_request
from flowparse.schema import REQUESTED_COLUMNS, Column
from flowparse.sources import Source, container_of
from flowparse.sources.inflate import inflate
from flowparse.sources.local import BytesSource

__all__ = ["INPUT", "LINE", "LeftAlone", "Rows", "Taken", "Taker", "inflated", "read_stored"]

#: The columns that bring the order back.
INPUT: Final = "archived_input"
LINE: Final = "archived_line"
_READ_LINE: Final = REQUESTED_COLUMNS["line"]
_PIECE_BYTES: Final = 4 << 20


class LeftAlone(SourceError):  # noqa: N818  nothing is wrong with it
    """What is no text of lines: it stays where it is, and the result says so."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of one format: its columns, and the line of each."""

    log_format: LogFormat
    batch: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Taken:
    """One input.

    Attributes
    ----------
    container : {"gzip", "text"}
    sha256 : str
        Of the text.
    text_bytes, lines : int
        Of the text.
    counts : Counts
        All zero where no format is known.
    formats : tuple of str
        Of its records, as headers.
    volume : int
        Sum of `bytes`.
    rows : list of Rows
    rest : (pyarrow.LargeBinaryArray, pyarrow.Int64Array)
        The lines that no row spells, with their newlines, and their numbers.
    """

    container: Literal["gzip", "text"]
    sha256: str
    text_bytes: int
    lines: int
    rest: tuple[pa.Array, pa.Array] = field(repr=False)
    counts: Counts = field(default_factory=Counts)
    formats: tuple[str, ...] = ()
    volume: int = 0
    rows: list[Rows] = field(default_factory=list, repr=False)


class _LineRequest(Request):
    """All fields of a format, and the number of the line."""

    __slots__ = ()

    def columns_of(self, log_format: LogFormat) -> tuple[Column, ...]:
        return (*row_columns(log_format), _READ_LINE)


def _line_request(log_format: LogFormat | None) -> Request:
    plain = read_request(schema="aws", on_reject="collect", threads=1, log_format=log_format)
    return _LineRequest(**{name: getattr(plain, name) for name in Request.__slots__})


def read_stored(source: Source) -> bytes:
    """The bytes of a source as they are stored.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    reader = source.open()
    try:
        return b"".join(iter(lambda: reader.read(_PIECE_BYTES), b""))
    finally:
        reader.close()


def inflated(name: str, stored: bytes) -> tuple[Literal["gzip", "text"], bytes]:
    """The container of an object, and its text.

    Raises
    ------
    LeftAlone
        It holds Parquet or JSON.
    InflateError
        It is damaged.
    """
    container, text = container_of(stored[:4]), stored
    if container == "gzip":
        source = BytesSource(stored, name)
        reader = source.open()
        text = b"".join(inflate(source, reader, reader.read(_PIECE_BYTES)))
        inside = container_of(text[:4])
        if inside == "text":
            return "gzip", text
        container = inside
    if container == "text":
        return "text", text
    raise LeftAlone(
        f"{name}: it holds {container}, and not lines of text: it is left where it is",
        source=name,
    )


class Taker:
    """Reads inputs; any number of threads may use it.

    Parameters
    ----------
    log_format : LogFormat, optional
        Of text without a header.
    """

    def __init__(self, log_format: LogFormat | None = None) -> None:
        self._request = _line_request(log_format)
        self._own = threading.local()

    def take(self, source: Source, stored: bytes) -> Taken:
        """Read one input.

        Parameters
        ----------
        source : Source
            Whose name messages have.
        stored : bytes
            As it lies there.

        Raises
        ------
        LeftAlone, InflateError
            As `inflated`.
        """
        container, text = inflated(source.name, stored)
        lines = _core.TextLines(pa.py_buffer(text))
        about: dict[str, Any] = {
            "container": container,
            "sha256": hashlib.sha256(text).hexdigest(),
            "text_bytes": len(text),
            "lines": len(lines),
        }
        reading = _Reading(lines)
        try:
            for item in self._items(BytesSource(text, source.name)):
                reading.see(item)
        except LogFormatError:  # no flow log: it is kept whole
            return Taken(**about, rest=_core.TextLines(pa.py_buffer(text)).rest())
        return Taken(
            **about,
            counts=reading.counts,
            formats=tuple(dict.fromkeys(rows.log_format.header for rows in reading.rows)),
            volume=sum(_volume(rows.batch) for rows in reading.rows),
            rows=reading.rows,
            rest=lines.rest(),
        )

    def _items(self, source: BytesSource) -> Iterator[Any]:
        """What a parser gives that the thread has for all of its inputs."""
        parser = getattr(self._own, "parser", None) or SourceParser(self._request, None)
        self._own.parser = None  # one that fails is not used again
        yield from parser.parse([source])
        self._own.parser = parser


class _Reading:
    """What the parser gives, one after another."""

    def __init__(self, lines: _core.TextLines) -> None:
        self.lines = lines
        self.rows: list[Rows] = []
        self.counts = Counts()
        self._format = LogFormat.default()

    def see(self, item: Any) -> None:
        if isinstance(item, FormatSeen):
            self._format = _check_names(item.log_format)
        elif isinstance(item, pa.RecordBatch):
            if item.num_rows:
                self._see_rows(item)
        elif isinstance(item, Ended):
            if item.error is not None:
                raise item.error
            self.counts += item.counts

    def _see_rows(self, batch: pa.RecordBatch) -> None:
        self.rows.append(Rows(self._format, batch))
        # Where a value has no text, the lines are kept as they stand.
        with suppress(ValueError):
            self.lines.match(line_columns(batch, self._format), batch.column(_READ_LINE.name))


def _check_names(log_format: LogFormat) -> LogFormat:
    """Refuse fields that would be named as the columns of the archive are."""
    taken = {INPUT, LINE, _READ_LINE.name}.intersection(log_format.columns)
    if taken:
        raise LogFormatError(f"a field is named as a column of the archive: {', '.join(taken)}")
    return log_format


def _volume(batch: pa.RecordBatch) -> int:
    if "bytes" not in batch.schema.names:
        return 0
    # Halves, since the sum of many may not fit 64 bits.
    column = batch.column("bytes")
    low = pc.sum(pc.bit_wise_and(column, 0xFFFFFFFF)).as_py() or 0
    high = pc.sum(pc.shift_right(column, 32)).as_py() or 0
    return int(low) + (int(high) << 32)
