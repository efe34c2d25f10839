"""Floor 2: what reading sources gives beside batches, and what waits until its batch is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.enveloped import Enveloped
from flowparse.errors import FlowparseError
from flowparse.logformat import LogFormat
from flowparse.rejects import Reject

__all__ = ["ColumnsUnread", "Ended", "FormatSeen", "Gathered", "Item", "Progressed", "counts_of"]


@dataclass(frozen=True, slots=True)
class FormatSeen:
    """A format came into force: its columns, and those of it that the stream leaves out.

    `filled` are the places of columns that an envelope fills: the core knows the line only.
    """

    log_format: LogFormat
    schema: pa.Schema
    left_out: tuple[str, ...] = ()
    filled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnsUnread:
    """Columns of a Parquet source that no field of a flow log can be."""

    source: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progressed:
    """So many more bytes were taken from a source."""

    bytes_read: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A source is read, as far as it could be; or several are, and nothing is wrong with them."""

    source: str
    counts: Counts
    rejects: list[pa.RecordBatch] = field(default_factory=list)
    first: Reject | None = None
    error: FlowparseError | None = None


#: What a source gives: its batches, and what is to be known beside them.
Item: TypeAlias = pa.RecordBatch | FormatSeen | ColumnsUnread | Progressed | Ended


def counts_of(numbers: Sequence[int], *, objects: int, bytes_read: int) -> Counts:
    """The core's numbers, as `Parser.counts` gives them, and what it does not know."""
    records, no_data, skip_data, rejects, headers, blank, bytes_text = numbers
    return Counts(
        records=records,
        no_data=no_data,
        skip_data=skip_data,
        rejects=rejects,
        headers=headers,
        blank=blank,
        objects=objects,
        bytes_read=bytes_read,
        bytes_text=bytes_text,
    )


class Gathered:
    """What waits with the rows in the parser, and the sums of the sources without a fault."""

    def __init__(self) -> None:
        self.seen: FormatSeen | None = None
        self.events: Enveloped | None = None  # of the rows in the parser, where columns ask
        self.rows_before = 0  # of the rows in the parser: those of sources before this one
        self._ended: list[Ended] = []
        self._sums = [0] * 7
        self._objects = 0
        self._bytes_read = 0
        self._name = ""

    def add_sound(self, name: str, counts: tuple[int, ...], bytes_read: int) -> None:
        """A source was read to its end, and all lines of it are records, headers or blank."""
        self._name = name
        self._sums = [a + b for a, b in zip(self._sums, counts, strict=True)]
        self._objects += 1
        self._bytes_read += bytes_read

    def add(self, ended: Ended) -> None:
        """A source was read that has more to tell."""
        self._sum_up()
        self._ended.append(ended)

    def take_ended(self) -> list[Ended]:
        """What is to be told, in the order of the sources."""
        self._sum_up()
        ended, self._ended = self._ended, []
        return ended

    def _sum_up(self) -> None:
        if self._objects:
            counts = counts_of(self._sums, objects=self._objects, bytes_read=self._bytes_read)
            self._ended.append(Ended(self._name, counts))
            self._sums, self._objects, self._bytes_read = [0] * 7, 0, 0
