"""Floor 3: batches wait until they are a row group of a Parquet file. Stage "gather"."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from flowparse.thrift import Struct
from flowparse.writing.chunks import encode_columns
from flowparse.writing.footer import COUNTS_KEY, MAGIC, Footer, Piece, empty_footer
from flowparse.writing.incoming import Incoming
from flowparse.writing.partition import Partition, split_batch
from flowparse.writing.staging import Stage, StagedFile

__all__ = ["ROWS_MAX", "Encoding", "PartFiles", "read_encoding"]

#: Most rows of a row group that pyarrow writes.
ROWS_MAX: Final = 64 << 20

_COMPRESSIONS: Final = ("zstd", "snappy", "gzip", "lz4", "brotli", "none")
#: Bytes of rows that wait in all files together, where there are several.
_WAITING_BYTES: Final = 512 << 20
#: What a column of a small piece takes beside its values.
_COLUMN_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Encoding:
    """How rows are laid down in a file."""

    row_group_rows: int
    compression: str


def read_encoding(row_group_rows: int, compression: str | None) -> Encoding:
    """The caller's options, checked.

    Raises
    ------
    ValueError
        One of them is none that there is.
    """
    is_number = isinstance(row_group_rows, int) and not isinstance(row_group_rows, bool)
    if not is_number or not 1 <= row_group_rows <= ROWS_MAX:
        raise ValueError(f"row_group_rows: expected 1..{ROWS_MAX}, got {row_group_rows!r}")
    name = "none" if compression is None else compression
    if name not in _COMPRESSIONS:
        known = ", ".join(_COMPRESSIONS)
        raise ValueError(f"compression: expected one of {known}, got {compression!r}")
    if name != "none" and not pa.Codec.is_available(name):
        raise ValueError(f"compression: this build of pyarrow has no {name}")
    return Encoding(row_group_rows, name)


class PartFile:
    """One Parquet file in the making, and the rows that wait for their row group."""

    def __init__(
        self, file: StagedFile, schema: pa.Schema, encoding: Encoding, under_way: UnderWay
    ) -> None:
        self.file = file
        self.encoding = encoding
        self.schema = schema
        self.footer = Footer()
        self.waiting_rows = 0
        self.waiting_bytes = 0
        self._waiting: deque[pa.RecordBatch] = deque()
        self._under_way = under_way

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows; write the row groups that are full."""
        self._waiting.append(batch)
        self.waiting_rows += batch.num_rows
        self.waiting_bytes += _size_of(batch)
        while self.waiting_rows >= self.encoding.row_group_rows:
            self._write_rows(self.encoding.row_group_rows)

    def write_waiting(self) -> None:
        """Write what waits as one row group."""
        if self.waiting_rows:
            self._write_rows(self.waiting_rows)

    def finish(self, empty: Struct) -> None:
        """Write what waits, and the end of the file, made from its footer without rows."""
        self.write_waiting()
        self._under_way.land()
        with self.file.opened():
            self._begin()
            self.file.write(self.footer.to_bytes(empty))

    def write_pieces(self, pieces: Sequence[Piece], rows: int) -> None:
        """Write a row group that is encoded."""
        with self.file.opened():
            self._begin()
            self.footer.add_row_group(pieces, rows, self.file.size)
            for piece in pieces:
                for part in piece.parts:
                    self.file.write(part)
            self.file.hasten()

    def _begin(self) -> None:
        if self.file.size == 0:
            self.file.write(MAGIC)

    def _write_rows(self, n: int) -> None:
        batches = self._take(n)
        columns = [
            pa.chunked_array([batch.column(at) for batch in batches])
            for at in range(len(self.schema))
        ]
        self._under_way.start(self, columns, n)

    def _take(self, n: int) -> list[pa.RecordBatch]:
        taken = []
        self.waiting_rows -= n
        while n:
            batch = self._waiting.popleft()
            self.waiting_bytes -= _size_of(batch)
            if batch.num_rows > n:
                rest = batch.slice(n)
                self._waiting.appendleft(rest)
                self.waiting_bytes += _size_of(rest)
                batch = batch.slice(0, n)
            taken.append(batch)
            n -= batch.num_rows
        return taken


class UnderWay:
    """The row group that is being encoded, at most one, while the rows after it are read.

    Parameters
    ----------
    compression : str
    pool : concurrent.futures.Executor
        Encodes the columns.
    waits : bool
        Nothing is read meanwhile.
    """

    def __init__(self, compression: str, pool: Executor, *, waits: bool) -> None:
        self._compression = compression
        self._pool = pool
        self._waits = waits
        self._landing: Callable[[], None] | None = None

    def start(self, part: PartFile, columns: Sequence[pa.ChunkedArray], rows: int) -> None:
        """Encode a row group, once the one before it is written."""
        self.land()
        pieces = encode_columns(part.schema, columns, self._compression, self._pool)
        self._landing = lambda: part.write_pieces(pieces(), rows)
        if self._waits:
            self.land()

    def land(self) -> None:
        """Wait for the row group and write it, if there is one."""
        landing, self._landing = self._landing, None
        if landing is not None:
            landing()


def _size_of(batch: pa.RecordBatch) -> int:
    return int(batch.nbytes) + _COLUMN_BYTES * int(batch.num_columns)


class PartFiles:
    """The files of one run, one a folder.

    Parameters
    ----------
    staging : Stage
    single : Path or None
        The one file of the run; None: files `part-<run>-<n>.parquet` in folders.
    schema : pyarrow.Schema
        Of every file.
    encoding : Encoding
    pool : concurrent.futures.Executor
        Encodes the columns.
    waits : bool
        Nothing is read while columns are encoded.
    run : str, optional
        What the files are named after; by default no other run's are.

    Notes
    -----
    A row group is full, but for a file's last, and but for one case: with several files, and
    more than 512 MiB of rows waiting in all, the file with most of them writes them early.
    """

    def __init__(
        self,
        staging: Stage,
        single: Path | None,
        schema: pa.Schema,
        encoding: Encoding,
        pool: Executor,
        *,
        waits: bool,
        run: str | None = None,
    ) -> None:
        self._under_way = UnderWay(encoding.compression, pool, waits=waits)
        self._staging = staging
        self._single = single
        metadata = {k: v for k, v in (schema.metadata or {}).items() if k != COUNTS_KEY}
        self._schema = schema.with_metadata(metadata or None)
        self._encoding = encoding
        self._run = run or secrets.token_hex(8)
        self._parts: dict[str, PartFile] = {}
        self._waiting_bytes = 0

    def __iter__(self) -> Iterator[PartFile]:
        return iter(self._parts.values())

    def part(self, folder: str) -> PartFile:
        """The file in a folder, made if it is not there yet."""
        if folder not in self._parts:
            name = f"part-{self._run}-{len(self._parts):05}.parquet"
            final = self._single or self._staging.folder / folder / name
            file = self._staging.file(final)
            self._parts[folder] = PartFile(file, self._schema, self._encoding, self._under_way)
        return self._parts[folder]

    def add(self, folder: str, batch: pa.RecordBatch) -> None:
        """Rows for the file in a folder."""
        part = self.part(folder)
        self._waiting_bytes -= part.waiting_bytes
        part.add(batch)
        self._waiting_bytes += part.waiting_bytes
        while self._waiting_bytes > _WAITING_BYTES and len(self._parts) > 1:
            largest = max(self, key=lambda one: one.waiting_bytes)
            self._waiting_bytes -= largest.waiting_bytes
            largest.write_waiting()

    def fill(self, incoming: Incoming, keys: Sequence[Partition]) -> None:
        """All records into the files of their folders, and every file to its end."""
        names = self._schema.names
        for batch in incoming.batches:
            for folder, piece in split_batch(batch, keys, incoming.time()):
                self.add(folder, piece.select(names))
        self.finish(incoming.about())

    def finish(self, counts: bytes | None) -> None:
        """Complete every file; each is to hold the counts of the run."""
        empty = empty_footer(self._schema, counts)
        for part in self:
            part.finish(empty)
