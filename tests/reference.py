"""The oracle: a slow, obvious reader of plain log text, written from the contract alone.

It shares nothing with the library but the field registry and the error classes. Every line is
judged by itself, as Python `bytes`; nothing is cut into blocks, nothing is skipped, nothing is
fast. Containers (gzip, Parquet, JSON envelopes) are none of its business.

Rulings, where the contract leaves room:

- A line is the raw bytes up to a newline. Blanks, tabs and carriage returns at both ends are
  trimmed; what is left is split at runs of blanks and tabs. Blank = nothing is left.
- `line-too-long` counts the raw bytes without newline and without a byte order mark, but with
  outer blanks and carriage returns. A line of blanks is blank, however long.
- A number is ASCII digits. Leading zeros are fine. Digits whose value does not fit are
  `out-of-range`, anything else is `not-a-number`. A field that stands twice is checked at both
  places and has the value of the first.
- An ISO time is `YYYY-MM-DDTHH:MM:SS[.f](Z|+HH:MM|-HH:MM)`, one to nine digits f, cut to
  milliseconds. The wrong shape is `not-a-number`; the right shape with an impossible month,
  day, hour, minute, second, offset or the year 0000 is `out-of-range`. The field is
  `export-timestamp`, wherever a format has it: given, detected, or in a header.
- The export prefix is looked for on the first line that is not blank, if that line is at most
  64 KiB: its first token has the shape of an ISO time and either no format is given and the
  rest has the default format's shape, or a format without export-timestamp is given that begins
  with a number column or has another number of fields than the line has tokens.
- The default format's shape: 14 tokens, `2` first, ACCEPT, REJECT or `-` in the 13th, OK,
  NODATA or SKIPDATA in the 14th. A first line over 64 KiB has no shape.
- A header is at most 64 KiB, too. Its known names are counted as they stand, a name twice
  counts twice; `export-timestamp` is not among the known. Names are compared with `_` as `-`.
  A given format is in force before the first line.
- A format joins the union when a header names it or when a line is judged by it. Where none
  does, the schema is that of the given format, else of the default format.
- A column may be asked for if the registry has it, or a format that a source opens with: a
  typing error shows before a long reading, not after it.
- `in network` is false on what `ipaddress` does not take; a scope (`%`) is no address. It can
  be asked of address columns and of columns that the registry does not know.
- Text is ordered by its UTF-8 bytes. In `schema="aws"` a filter on start or end compares the
  raw number, in `"typed"` the scaled one; `since` and `until` always the scaled one.
- The text kept of a reject is its first 4096 bytes, decoded with `backslashreplace`.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from flowparse.errors import LogFormatError
from flowparse.fields import FIELDS

__all__ = ["Result", "holds", "read"]

LINE_MAX_BYTES: Final = 65536
TEXT_KEPT_BYTES: Final = 4096
FIRST_MILLISECONDS: Final = 10**11
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
EXPORT_TIMESTAMP: Final = "export-timestamp"
NAME: Final = re.compile(rb"[a-z][a-z0-9_-]*")
ISO_TIME: Final = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
DEFAULT_NAMES: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
DEFAULT_FORMAT: Final = tuple(DEFAULT_NAMES.split())
TEXT_KINDS: Final = ("address", "text", "unknown")
#: Columns that no field makes, and what they hold.
EXTRA_KINDS: Final = {
    "source": "text",
    "line": "number",
    "export_timestamp": "iso-time",
    "log_group": "text",
    "log_stream": "text",
}

Format = tuple[str, ...]
Value = int | str | None


@dataclass
class Result:
    """What a read gives: `columns` in order, and everything that was not a record."""

    columns: dict[str, list[Value]]
    num_rows: int
    rejects: list[dict[str, Any]]
    counts: dict[str, int]
    #: Columns that only a later header brings, which a stream cannot know when it opens.
    later_names: list[str]

    @property
    def column_names(self) -> list[str]:
        return list(self.columns)


@dataclass
class Record:
    """A good line: its raw value for every column it has, and the format it was read by."""

    format: Format
    values: dict[str, Value]


@dataclass
class Reading:
    """What one source came to."""

    formats: list[Format] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    headers: int = 0
    blank: int = 0


def read(
    sources: Iterable[tuple[str, bytes]],
    *,
    columns: Sequence[str] | None = None,
    filters: Sequence[Any] | None = None,
    since: Any = None,
    until: Any = None,
    log_format: Any = None,
    schema: str = "typed",
    stream: bool = False,
) -> Result:
    """Read named texts as `flowparse.read_table` would, or, with `stream`, `open_reader`."""
    if schema not in ("typed", "aws"):
        raise ValueError(f"unknown schema {schema!r}")
    given = None if log_format is None else parse_log_format(log_format)
    wanted = None if columns is None else [column_of(name) for name in columns]
    if wanted is not None and len(set(wanted)) < len(wanted):
        raise ValueError(f"a column is asked for twice: {wanted}")
    readings = [read_source(name, text, given) for name, text in sources]
    formats = [f for reading in readings for f in reading.formats] or [given or DEFAULT_FORMAT]
    opening = [reading.formats[0] for reading in readings if reading.formats] or formats[:1]
    known = known_columns(opening)
    for name in wanted or ():
        if name not in known:
            raise ValueError(f"unknown column {name!r}")
    chosen = default_columns(opening if stream else formats) if wanted is None else wanted
    keeps = predicate(filters, known, schema)
    inside = window(since, until, formats)
    records = [
        r for reading in readings for r in reading.records if inside(r) and keeps(r.values.get)
    ]
    return Result(
        columns={n: [shown(n, r.values.get(n), schema) for r in records] for n in chosen},
        num_rows=len(records),
        rejects=[reject for reading in readings for reject in reading.rejects],
        counts=count(readings),
        later_names=[n for n in default_columns(formats) if n not in default_columns(opening)],
    )


def count(readings: list[Reading]) -> dict[str, int]:
    statuses = [r.values.get("log_status") for reading in readings for r in reading.records]
    return {
        "records": len(statuses),
        "no_data": statuses.count("NODATA"),
        "skip_data": statuses.count("SKIPDATA"),
        "rejects": sum(len(reading.rejects) for reading in readings),
        "headers": sum(reading.headers for reading in readings),
        "blank": sum(reading.blank for reading in readings),
    }


# ---------------------------------------------------------------- log formats


def parse_log_format(text: Any) -> Format:
    """The fields of a `log_format` text (or of a `LogFormat`)."""
    if not isinstance(text, str):
        return tuple(text.fields)
    text = text.strip()
    if len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]:
        text = text[1:-1]
    names, at = [], 0
    while at < len(text):
        part = re.compile(r"[ \t\r\n,]+|\$?\$\{([^}]*)\}|([^ \t\r\n,$]+)").match(text, at)
        if part is None:
            raise LogFormatError(f"no field name at {at} in {text!r}")
        at = part.end()
        name = part[1] if part[1] is not None else part[2]
        if name is not None:
            names.append(name.strip().encode())
    if not names or not all(NAME.fullmatch(name) for name in names):
        raise LogFormatError(f"no log format: {text!r}")
    return field_names(names)


def field_names(tokens: Sequence[bytes]) -> Format:
    return tuple(token.decode("ascii").replace("_", "-") for token in tokens)


def column_of(name: str) -> str:
    return name.replace("-", "_")


def default_columns(formats: Iterable[Format]) -> list[str]:
    """The union of the formats' columns, each where it first stands."""
    names = dict.fromkeys(name for format_ in formats for name in format_)
    return [column_of(name) for name in names if name != EXPORT_TIMESTAMP]


def known_columns(formats: Iterable[Format]) -> dict[str, str]:
    """Every column that may be asked for, and what its values are."""
    names = [*FIELDS, *(name for format_ in formats for name in format_)]
    return {column_of(name): kind_of(name) for name in names} | EXTRA_KINDS


def kind_of(name: str) -> str:
    """What a field holds: `number`, `time`, `iso-time`, `address`, `text` or `unknown`."""
    if name == EXPORT_TIMESTAMP:
        return "iso-time"
    if name not in FIELDS:
        return "unknown"
    kind = FIELDS[name].kind
    return "number" if kind in ("int32", "int64") else kind


def is_header(tokens: list[bytes], size: int, force: Format | None) -> bool:
    if size > LINE_MAX_BYTES or not all(NAME.fullmatch(token) for token in tokens):
        return False
    names = field_names(tokens)
    known = [name for name in names if name in FIELDS]
    if len(known) >= 3 or names == force:
        return True
    return force is None and len(names) <= 2 and len(known) == len(names)


def opening_format(tokens: list[bytes], size: int, given: Format | None) -> Format:
    """The format that a first line, which is no header, is judged by."""
    shaped = size <= LINE_MAX_BYTES
    prefixed = shaped and ISO_TIME.fullmatch(tokens[0]) is not None
    if given is None:
        if shaped and fits_default(tokens):
            return DEFAULT_FORMAT
        if prefixed and fits_default(tokens[1:]):
            return (EXPORT_TIMESTAMP, *DEFAULT_FORMAT)
        raise LogFormatError("no header, and not the default format: pass log_format")
    if prefixed and EXPORT_TIMESTAMP not in given:
        begins_with_number = kind_of(given[0]) in ("number", "time")
        if begins_with_number or len(tokens) != len(given):
            return (EXPORT_TIMESTAMP, *given)
    return given


def fits_default(tokens: list[bytes]) -> bool:
    return (
        len(tokens) == 14
        and tokens[0] == b"2"
        and tokens[12] in (b"ACCEPT", b"REJECT", b"-")
        and tokens[13] in (b"OK", b"NODATA", b"SKIPDATA")
    )


# ---------------------------------------------------------------- lines


def read_source(name: str, text: bytes, given: Format | None) -> Reading:
    """Judge every line of one source, in order."""
    reading = Reading()
    force = given
    first = True
    for number, byte_offset, raw in physical_lines(text):
        tokens = split_line(raw)
        if not tokens:
            reading.blank += 1
            continue
        if is_header(tokens, len(raw), force):
            reading.headers += 1
            force = field_names(tokens)
            reading.formats.append(force)
        else:
            if first:
                force = opening_format(tokens, len(raw), given)
                reading.formats.append(force)
            assert force is not None
            place = {"source": name, "line": number, "byte_offset": byte_offset}
            judge(reading, raw, tokens, force, place)
        first = False
    return reading


def physical_lines(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, byte offset and raw bytes of every line; a last newline ends no other line."""
    at = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    lines = text[at:].split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, raw in enumerate(lines, start=1):
        yield number, at, raw
        at += len(raw) + 1


def split_line(raw: bytes) -> list[bytes]:
    trimmed = raw.strip(b" \t\r")
    return re.split(rb"[ \t]+", trimmed) if trimmed else []


def judge(
    reading: Reading, raw: bytes, tokens: list[bytes], format_: Format, place: dict[str, Any]
) -> None:
    """Add the line to the records or to the rejects."""
    reason, bad_field = find_fault(raw, tokens, format_)
    if reason is None:
        values: dict[str, Value] = {"source": place["source"], "line": place["line"]}
        for name, token in reversed(list(zip(format_, tokens, strict=True))):
            values[column_of(name)] = value_of(name, token)  # the first place wins
        reading.records.append(Record(format_, values))
    else:
        text = raw[:TEXT_KEPT_BYTES].decode("utf-8", "backslashreplace")
        reading.rejects.append(place | {"field": bad_field, "reason": reason, "text": text})


def find_fault(raw: bytes, tokens: list[bytes], format_: Format) -> tuple[str | None, str | None]:
    """The reason why a line is no record, and the field at fault."""
    if len(raw) > LINE_MAX_BYTES:
        return "line-too-long", None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not-utf8", None
    if len(tokens) != len(format_):
        return "field-count", None
    for name, token in zip(format_, tokens, strict=True):
        reason = field_fault(name, token)
        if reason is not None:
            return reason, name
    return None, None


# ---------------------------------------------------------------- fields


def field_fault(name: str, token: bytes) -> str | None:
    if token == b"-" or kind_of(name) in TEXT_KINDS:
        return None
    if kind_of(name) == "iso-time":
        if ISO_TIME.fullmatch(token) is None:
            return "not-a-number"
        return "out-of-range" if iso_milliseconds(token) is None else None
    if re.fullmatch(rb"[0-9]+", token) is None:
        return "not-a-number"
    digits = token.lstrip(b"0") or b"0"
    maximum = FIELDS[name].maximum
    assert maximum is not None
    return "out-of-range" if len(digits) > 19 or int(digits) > maximum else None


def value_of(name: str, token: bytes) -> Value:
    """The value of a good token; start and end as they stand."""
    if token == b"-":
        return None
    if kind_of(name) in TEXT_KINDS:
        return token.decode("utf-8")
    if kind_of(name) == "iso-time":
        return iso_milliseconds(token)
    return int(token.lstrip(b"0") or b"0")


def iso_milliseconds(token: bytes) -> int | None:
    """Milliseconds since 1970 in UTC; None where the calendar has no such time."""
    part = ISO_TIME.fullmatch(token)
    assert part is not None
    year, month, day, hour, minute, second = (int(digits) for digits in part.groups()[:6])
    offset_hours, offset_minutes = int(part[9] or 0), int(part[10] or 0)
    if hour > 23 or minute > 59 or second > 59 or offset_hours > 23 or offset_minutes > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None
    offset = (offset_hours * 60 + offset_minutes) * (-1 if part[8] == b"-" else 1)
    seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * 1000 + int((part[7] or b"")[:3].ljust(3, b"0"))


def in_seconds(value: int) -> int:
    """A start or end in seconds, whichever of seconds and milliseconds it is."""
    return value // 1000 if value >= FIRST_MILLISECONDS else value


def shown(name: str, value: Value, schema: str) -> Value:
    """The value as the column of that schema holds it."""
    if name in ("start", "end") and isinstance(value, int) and schema == "typed":
        return in_seconds(value)
    return value


# ---------------------------------------------------------------- filters

Keeps = Callable[[Callable[[str], Value]], bool]
COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, items: any(value == item for item in items),
    "not in": lambda value, items: all(value != item for item in items),
}


def predicate(filters: Sequence[Any] | None, known: dict[str, str], schema: str) -> Keeps:
    """Whether a row, given as a lookup by column, passes the filters."""
    if not filters:
        return lambda row: True
    groups = [filters] if isinstance(filters[0][0], str) else filters
    terms = [[checked_term(term, known, schema) for term in group] for group in groups]
    return lambda row: any(all(term(row) for term in group) for group in terms)


def checked_term(term: Sequence[Any], known: dict[str, str], schema: str) -> Keeps:
    column, op = column_of(term[0]), term[1]
    if column not in known:
        raise ValueError(f"unknown column {column!r}")
    kind = known[column]
    if op in ("is null", "is not null"):
        return lambda row: (row(column) is None) == (op == "is null")
    operand = operand_of(kind, op, term[2])

    def keeps(row: Callable[[str], Value]) -> bool:
        return holds(comparable(kind, shown(column, row(column), schema)), op, operand)

    return keeps


def operand_of(kind: str, op: str, value: Any) -> Any:
    """What the column's values are compared with."""
    if op == "in network":
        if kind not in ("address", "unknown"):
            raise ValueError(f"{kind} has no network")
        networks = [value] if isinstance(value, str) else value
        return [ipaddress.ip_network(network, strict=False) for network in networks]
    if op in ("in", "not in"):
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{op} takes a list, not {value!r}")
        return [operand_of(kind, "=", item) for item in value]
    if op not in COMPARISONS:
        raise ValueError(f"unknown op {op!r}")
    if kind in TEXT_KINDS and isinstance(value, str):
        return value.encode("utf-8")
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind in ("time", "iso-time"):
        return seconds_of(value)
    raise ValueError(f"{value!r} cannot be compared with a {kind}")


def comparable(kind: str, value: Value) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8")
    if kind == "iso-time" and value is not None:
        return Fraction(value, 1000)
    return value


def holds(value: Any, op: str, operand: Any) -> bool:
    """Whether `value op operand`; a null holds nothing."""
    if value is None:
        return False
    if op == "in network":
        return in_network(value.decode("utf-8"), operand)
    return COMPARISONS[op](value, operand)


def in_network(text: str, networks: list[Any]) -> bool:
    if "%" in text:
        return False
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


def seconds_of(value: Any) -> Fraction | int | float:
    """A moment as seconds since 1970: a number as it stands, a time to the microsecond."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is no time")
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction(since_epoch // timedelta(microseconds=1), 10**6)


def window(since: Any, until: Any, formats: list[Format]) -> Callable[[Record], bool]:
    """Whether a record's start..end overlaps [since, until)."""
    if since is None and until is None:
        return lambda record: True
    if any("start" not in format_ and "end" not in format_ for format_ in formats):
        raise ValueError("since and until need a format with start or end")
    low = None if since is None else moment_or_age(since)
    high = None if until is None else moment_or_age(until)

    def inside(record: Record) -> bool:
        times = [record.values[n] for n in ("start", "end") if n in record.format]
        seconds = [in_seconds(time) for time in times if isinstance(time, int)]
        if len(seconds) < len(times):
            return False
        return (low is None or seconds[-1] >= low) and (high is None or seconds[0] < high)

    return inside


def moment_or_age(value: Any) -> Fraction | int | float:
    age = re.fullmatch(r"([0-9]+)([smhdw])", value) if isinstance(value, str) else None
    if age is None:
        return seconds_of(value)
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[age[2]]
    return Fraction(datetime.now(UTC).timestamp()) - int(age[1]) * unit
