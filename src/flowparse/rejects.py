"""Floor 2: lines that are not records, from the core's codes to a table and a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.errors import RecordError
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat
from flowparse.schema import check_of

__all__ = [
    "REJECTS_SCHEMA",
    "Reject",
    "decode_text",
    "describe",
    "first_reject",
    "rejects_batch",
]

#: Schema of `FlowReader.rejects`: where a line stands, why it is no record, and the line
#: (its first 4,096 bytes; bytes that are not UTF-8 as `\\xhh`).
REJECTS_SCHEMA: Final = pa.schema(
    [
        ("source", pa.string()),
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("text", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Reject:
    """One reject, with the message that a person reads."""

    source: str
    line: int
    byte_offset: int | None
    field: str | None
    reason: str
    message: str

    def error(self) -> RecordError:
        """The error that `on_reject="raise"` raises."""
        return RecordError(
            self.message,
            source=self.source,
            line=self.line,
            byte_offset=self.byte_offset,
            reason=self.reason,
            field=self.field,
        )


def rejects_batch(raw: pa.RecordBatch, source: str, log_format: LogFormat) -> pa.RecordBatch:
    """Rejects of one source and format: `_core.REJECT_SCHEMA` in, `REJECTS_SCHEMA` out."""
    place = raw["field"]
    place = pc.if_else(pc.less(place, 0), pa.scalar(None, pa.int32()), place)
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(source, raw.num_rows),
            raw["line"],
            raw["byte_offset"],
            pa.array(log_format.fields, pa.string()).take(place),
            pa.array(_core.REASONS).take(raw["reason"]),
            decode_text(raw["text"]),
        ],
        schema=REJECTS_SCHEMA,
    )


def decode_text(text: pa.Array) -> pa.Array:
    r"""Bytes as text; those that are not UTF-8 as `\xhh`."""
    try:
        return text.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8, or cut within a character
        decoded = [value.decode("utf-8", "backslashreplace") for value in text.to_pylist()]
        return pa.array(decoded, pa.string())


def first_reject(raw: pa.RecordBatch, source: str, log_format: LogFormat) -> Reject:
    """The first reject of a batch of the core's."""
    row: dict[str, Any] = raw.slice(0, 1).to_pylist()[0]
    field = log_format.fields[row["field"]] if row["field"] >= 0 else None
    reason = _core.REASONS[row["reason"]]
    what = describe(reason, field, row["value"], row["found"], log_format.fields)
    return Reject(
        source,
        row["line"],
        row["byte_offset"],
        field,
        reason,
        f"{what} ({source}, {_place(row['line'], row['byte_offset'])})",
    )


def _place(line: int, byte_offset: int | None) -> str:
    """Only what is no text has no byte."""
    return f"event {line}" if byte_offset is None else f"line {line}, byte {byte_offset}"


def describe(
    reason: str, field: str | None, value: bytes, found: int, fields: Sequence[str]
) -> str:
    """What is wrong, without the place."""
    if field is not None:
        got = value.decode("utf-8", "backslashreplace")
        if field == EXPORT_TIMESTAMP:
            expected = "an ISO time such as 2023-11-14T22:13:20.000Z"
        else:
            expected = f"0..{check_of(field)[1]}"
        return f"{field}: expected {expected}, got {got!r}"
    if reason == "field-count":
        return f"expected {len(fields)} fields, got {found}"
    if reason == "not-utf8":
        return "the line is not UTF-8"
    return "the line is longer than 64 KiB"
