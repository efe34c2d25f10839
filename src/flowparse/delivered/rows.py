"""Floor 2: the rows of a Parquet file, as batches. All stages from "format" to "export".

A row group is read in two steps. First come the columns that tell what its rows are: those that
the filter looks at, the log status, and number columns whose range neither type nor statistics
prove, whether or not they are asked for. So which rows are records depends on nothing but the
file. The other columns are read from the first row on that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.delivered.bounds import (
    UNKNOWN,
    Bounds,
    bounds_of,
    is_bytes,
    is_proven,
    rules_out,
)
from flowparse.delivered.columns import GroupColumns
from flowparse.delivered.faults import reject_rows
from flowparse.delivered.footer import damage_at, open_columns, read_footer
from flowparse.delivered.groups import DamageError, Group
from flowparse.delivered.judge import Judged, judge
from flowparse.delivered.keep import rows_kept
from flowparse.delivered.shape import shape_batch
from flowparse.delivered.spelled import Spelling, row_numbers
from flowparse.filters import layout_terms
from flowparse.items import FormatSeen
from flowparse.operands import LINE
from flowparse.rejects import Reject
from flowparse.request import Request
from flowparse.schema import Column, schema_of
from flowparse.sources import SeekableFile

__all__ = ["Delivered"]

_STATUS: Final = "log-status"
#: Of so many columns or more a batch is read at a time; of fewer, up to so many batches at once.
_WIDE_COLUMNS: Final = 16
_MOST_BATCHES: Final = 4
_COUNTED: Final = ("NODATA", "SKIPDATA")


class Delivered:
    """One Parquet source.

    Parameters
    ----------
    file : SeekableFile
    request : Request
    fixed : tuple of Column or None
        The columns of a stream, whatever the formats; None: the file's own.
    use_threads : bool
        Columns may be decoded side by side.

    Attributes
    ----------
    seen : FormatSeen
    unread : tuple of str
        Columns that no field can be.
    counts : tuple of int
        Of the rows so far, whatever the filter keeps, as `_core.Parser.counts` has it.
    rejects : list of pyarrow.RecordBatch
    first : Reject or None

    Raises
    ------
    LogFormatError
        No column is a field of AWS's.
    SourceError
        It is cut off or malformed.
    ValueError
        The filter cannot be evaluated on these columns.
    """

    def __init__(
        self,
        file: SeekableFile,
        request: Request,
        fixed: tuple[Column, ...] | None,
        *,
        use_threads: bool = False,
    ) -> None:
        footer = read_footer(file)
        log_format = footer.log_format
        own = request.columns_of(log_format)
        self.columns = own if fixed is None else fixed
        names = {column.name for column in self.columns}
        left_out = tuple(column.name for column in own if column.name not in names)
        self.seen = FormatSeen(log_format, schema_of(self.columns), left_out)
        self.unread = footer.unread
        self._records = self._no_data = self._skip_data = self._rejected = 0
        self.rejects: list[pa.RecordBatch] = []
        self.first: Reject | None = None
        self.terms = layout_terms(
            request.filters, request.window, log_format, request.schema, file.name
        )
        self.file = file
        self.footer = footer
        self.spelling = Spelling()
        self.use_threads = use_threads
        self._raise = request.on_reject == "raise"
        self.asked = _in_format({c.field for c in self.columns if c.field}, log_format.fields)
        self.filtered = _in_format(
            {log_format.fields[term[3]] for term in self.terms or () if term[3] >= 0},
            log_format.fields,
        )
        self.opened = open_columns(file, footer, self._dictionaries())

    def _dictionaries(self) -> list[str]:
        """Columns of text whose distinct values are worth more than all of them."""
        wanted = {c.field for c in self.columns if pa.types.is_dictionary(c.type)}
        wanted |= {*self.filtered, _STATUS}
        types = self.footer.types
        return [
            self.footer.names[field]
            for field, type_ in types.items()
            if (is_bytes(type_) or pa.types.is_string(type_) or pa.types.is_large_string(type_))
            and (field in wanted or not is_proven(UNKNOWN, field, type_))
        ]

    @property
    def counts(self) -> tuple[int, ...]:
        """(records, no_data, skip_data, rejects, headers, blank, text_bytes)."""
        return self._records, self._no_data, self._skip_data, self._rejected, 0, 0, 0

    def batches(self) -> Iterator[pa.RecordBatch | None]:
        """The rows that are kept, in order; None where some were read and none is kept.

        Raises
        ------
        SourceError
            The file is damaged. All rows before came out.
        RecordError
            A row is no record, under `on_reject="raise"`.
        """
        groups = self.footer.groups
        before = 0
        for number, group in enumerate(groups):
            place = (
                f"row group {number + 1} of {len(groups)}, "
                f"rows {before + 1} to {before + group.rows}"
            )
            with damage_at(self.file, place):
                for batch in _Group(self, number, group, before).batches():
                    yield from [None] if batch is None else _in_batches(batch)
            before += group.rows

    def reject(self, judged: dict[str, Judged], stored: pa.RecordBatch, before: int) -> pa.Array:
        """Keep what is wrong with some rows; gives which of them are records.

        Raises
        ------
        RecordError
            Under `on_reject="raise"`.
        """
        bad = {field: j.reasons for field, j in judged.items() if j.reasons is not None}
        raw = {field: self.column(stored, field) for field in bad}
        is_record, rejects, first = reject_rows(bad, raw, self.file.name, before)
        self.first = self.first or first
        if self._raise:
            raise first.error()
        self.rejects.append(rejects)
        self._rejected += rejects.num_rows
        return is_record

    def column(self, stored: pa.RecordBatch, field: str) -> pa.Array:
        """The column of a field; of several with its name, the first."""
        return stored.column(stored.schema.get_all_field_indices(self.footer.names[field])[0])

    def count(self, status: pa.Array | None, is_record: pa.Array | None, rows: int) -> None:
        """Count rows, and those whose log status says that there is no data."""
        self._records += rows if is_record is None else pc.sum(is_record).as_py()
        if status is not None:
            if not pa.types.is_dictionary(status.type):
                status = status.dictionary_encode()
            no_data, skip_data = (_count(status, word, is_record) for word in _COUNTED)
            self._no_data += no_data
            self._skip_data += skip_data


class _Group:
    """One row group, read as `Delivered` says."""

    def __init__(self, owner: Delivered, number: int, group: Group, before: int) -> None:
        self.owner = owner
        self.number = number
        self.group = group
        self.before = before
        fields = owner.seen.log_format.fields
        self.bounds = {field: self._bounds(field) for field in fields}
        self.checked = {f for f in fields if not self._is_proven(f)}
        self.ruled_out = self._is_ruled_out()
        first = self.checked | self._status_needed()
        if not self.ruled_out:
            first |= set(owner.filtered if owner.terms else owner.asked)
        self.first = _in_format(first, fields)
        rest = set() if self.ruled_out else set(owner.asked) - first
        self.rest = _in_format(rest, fields)

    def _bounds(self, field: str) -> Bounds:
        footer = self.owner.footer
        return bounds_of(self.group, footer.leaves[field], footer.types[field])

    def _is_proven(self, field: str) -> bool:
        return is_proven(self.bounds[field], field, self.owner.footer.types[field])

    def _status_needed(self) -> set[str]:
        bounds = self.bounds.get(_STATUS)
        if bounds is None or bounds.all_null:
            return set()
        is_text = isinstance(bounds.low, str) and isinstance(bounds.high, str)
        if is_text and not any(bounds.low <= word <= bounds.high for word in _COUNTED):
            return set()
        return {_STATUS}

    def _is_ruled_out(self) -> bool:
        """Whether no row can be kept."""
        if self.owner.terms is None:
            return False
        fields = self.owner.seen.log_format.fields
        lines = Bounds(self.before + 1, self.before + self.group.rows, none_null=True)
        groups: dict[int, bool] = {}
        for group, *term in self.owner.terms:
            field = term[2]
            known = self.bounds[fields[field]] if field >= 0 else lines
            if field < 0 and term[1] != LINE:
                known = UNKNOWN
            groups[group] = groups.get(group, False) or rules_out(term, known)
        return all(groups.values())

    def batches(self) -> Iterator[pa.RecordBatch | None]:
        """The rows that are kept."""
        first = self._open(self.first)
        rest: GroupColumns | None = None
        done = skipped = 0
        while (stored := first.next()) is not None:
            rows = stored.num_rows
            judged = self._judge(self.first, stored)
            keep = self._keep(judged, stored, done)
            if keep is not None and not pc.any(keep).as_py():
                skipped += rows
                yield None
            else:
                if self.rest:
                    rest = rest or self._open(self.rest)
                    rest.skip(skipped)
                    judged |= self._judge(self.rest, rest.take(rows))
                skipped = 0
                yield self._shape(judged, keep, done, rows)
            done += rows
        if done != self.group.rows:
            raise DamageError(f"the footer tells of {self.group.rows} rows, {done} came")

    def _open(self, fields: Sequence[str]) -> GroupColumns:
        owner = self.owner
        names = [owner.footer.names[field] for field in fields]
        columns = max(1, len(self.first) + len(self.rest))
        rows = _core.BATCH_ROWS * max(1, min(_MOST_BATCHES, _WIDE_COLUMNS // columns))
        return GroupColumns(owner.opened, self.number, names, rows, use_threads=owner.use_threads)

    def _judge(self, fields: Sequence[str], stored: pa.RecordBatch) -> dict[str, Judged]:
        judged = {}
        for field in fields:
            column = self.owner.column(stored, field)
            judged[field] = judge(column, field, self.owner.spelling)
            if judged[field].reasons is not None and field not in self.checked:
                name = self.owner.footer.names[field]
                raise DamageError(f"column {name} holds what its statistics rule out")
        return judged

    def _keep(
        self, judged: dict[str, Judged], stored: pa.RecordBatch, done: int
    ) -> pa.Array | None:
        """Which rows are handed out; None for all."""
        owner, rows, before = self.owner, stored.num_rows, self.before + done
        is_record = None
        if any(one.reasons is not None for one in judged.values()):
            is_record = owner.reject(judged, stored, before)
        status = judged[_STATUS].values if _STATUS in judged else None
        owner.count(status, is_record, rows)
        if self.ruled_out:
            return pa.repeat(pa.scalar(False), rows)
        if owner.terms is None:
            return is_record
        fields = owner.seen.log_format.fields
        values = {fields.index(field): judged[field].values for field in owner.filtered}
        numbers = partial(row_numbers, before, rows)
        keep = rows_kept(owner.terms, values, numbers, owner.spelling, rows)
        return keep if is_record is None else pc.and_(keep, is_record)

    def _shape(
        self, judged: dict[str, Judged], keep: pa.Array | None, done: int, rows: int
    ) -> pa.RecordBatch:
        owner = self.owner
        values = {field: judged[field].values for field in owner.asked}
        numbers = partial(row_numbers, self.before + done, rows)
        if keep is not None and not pc.all(keep).as_py():
            values = {field: column.filter(keep) for field, column in values.items()}
            kept = numbers().filter(keep)
            numbers, rows = partial(_same, kept), len(kept)
        return shape_batch(owner.columns, owner.seen.schema, values, numbers, owner.file.name, rows)


def _in_batches(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if rows.num_rows <= _core.BATCH_ROWS:
        yield rows
        return
    for at in range(0, rows.num_rows, _core.BATCH_ROWS):
        yield rows.slice(at, _core.BATCH_ROWS)


def _same(numbers: pa.Int64Array) -> pa.Int64Array:
    return numbers


def _in_format(fields: set[str], order: Sequence[str]) -> tuple[str, ...]:
    """Those that the format has, in its order."""
    return tuple(field for field in order if field in fields)


def _count(status: pa.DictionaryArray, word: str, is_record: pa.Array | None) -> int:
    place = pc.index(status.dictionary, word).as_py()
    if place < 0:
        return 0
    has = pc.equal(status.indices, pa.scalar(place, pa.int32()))
    return pc.sum(has if is_record is None else pc.and_(has, is_record)).as_py() or 0
