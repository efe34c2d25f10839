"""Floor 2: rows that are no records, from codes to a table and a message.

A row has no line of text, so the `text` of a reject is the value at fault.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.rejects import REJECTS_SCHEMA, Reject, decode_text, describe

__all__ = ["reject_rows"]

_NOT_UTF8 = _core.REASONS.index("not-utf8")
_KEPT_BYTES = 4096
_INT32 = pa.int32()


def reject_rows(
    bad: Mapping[str, pa.Array], stored: Mapping[str, pa.Array], source: str, before: int
) -> tuple[pa.BooleanArray, pa.RecordBatch, Reject]:
    """What is wrong with some rows, at least one of which is no record.

    Parameters
    ----------
    bad : mapping of str to pyarrow.Int32Array
        Code of what is wrong in each row, 0 for nothing, by AWS name, in the format's order.
    stored : mapping of str to pyarrow.Array
        The columns as they are stored.
    source : str
    before : int
        Rows of the source before these.

    Returns
    -------
    is_record : pyarrow.BooleanArray
    rejects : pyarrow.RecordBatch
        Of `REJECTS_SCHEMA`.
    first : Reject
    """
    fields = list(bad)
    place, reason = _first_faults(list(bad.values()))
    rows = pc.indices_nonzero(reason)
    place, reason = place.take(rows), reason.take(rows)
    text = pa.nulls(len(rows), pa.binary())
    for number, field in enumerate(fields):
        value = _as_bytes(stored[field].take(rows))
        text = pc.if_else(pc.equal(place, number), value, text)
    rejects = _table(source, rows, before, fields, place, reason, text)
    field = fields[place[0].as_py()]
    is_record = pc.equal(_first_faults(list(bad.values()))[1], 0)
    return is_record, rejects, _first(rejects, field)


def _first_faults(reasons: list[pa.Array]) -> tuple[pa.Array, pa.Array]:
    """Of each row: which column is at fault, and the code; what is no UTF-8 goes first."""
    n = len(reasons[0])
    place, reason = (pa.repeat(pa.scalar(0, _INT32), n) for _ in range(2))
    for only in (
        (_NOT_UTF8,),
        (_core.REASONS.index("not-a-number"), _core.REASONS.index("out-of-range")),
    ):
        for number, codes in enumerate(reasons):
            hit = pc.and_(pc.equal(reason, 0), pc.is_in(codes, value_set=pa.array(only, _INT32)))
            place = pc.if_else(hit, pa.scalar(number, _INT32), place)
            reason = pc.if_else(hit, codes, reason)
    return place, reason


def _as_bytes(stored: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(stored.type):
        stored = stored.dictionary_decode()
    try:
        value = stored.cast(pa.binary())
    except pa.ArrowNotImplementedError:
        value = stored.cast(pa.string()).cast(pa.binary())
    return pc.binary_slice(value, 0, _KEPT_BYTES)


def _table(
    source: str,
    rows: pa.Array,
    before: int,
    fields: list[str],
    place: pa.Array,
    reason: pa.Array,
    text: pa.Array,
) -> pa.RecordBatch:
    names = pa.array(fields, pa.string()).take(place)
    has_field = pc.not_equal(reason, _NOT_UTF8)
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(source, len(rows)),
            pc.add(rows.cast(pa.int64()), before + 1),
            pa.nulls(len(rows), pa.int64()),
            pc.if_else(has_field, names, pa.scalar(None, pa.string())),
            pa.array(_core.REASONS).take(reason),
            decode_text(text),
        ],
        schema=REJECTS_SCHEMA,
    )


def _first(rejects: pa.RecordBatch, field: str) -> Reject:
    row = rejects.slice(0, 1).to_pylist()[0]
    what = (
        f"{field}: the value is not UTF-8"
        if row["field"] is None
        else describe(row["reason"], field, row["text"].encode(), 0, ())
    )
    return Reject(
        row["source"],
        row["line"],
        None,
        row["field"],
        row["reason"],
        f"{what} ({row['source']}, row {row['line']})",
    )
