"""What the six laws are tried on: log files, options, cuts, as hypothesis strategies.

A file is drawn as a few short strings of bytes, one for its set-up and one for each line. Each
byte is one decision, and the byte 0 is always the plainest one, so drawing is fast and a failing
file shrinks to few and plain lines. `FLOWPARSE_EXAMPLES` sets the number of examples.
"""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from flowparse.fields import FIELDS

__all__ = [
    "BLOCK_BYTES",
    "LAW",
    "CutFile",
    "Options",
    "Tape",
    "Texts",
    "Writer",
    "columns_of",
    "cut_sizes",
    "filters",
    "gzip_members",
    "member_cuts",
    "options",
    "texts",
]

#: The settings of every law.
LAW: Final = settings(
    max_examples=int(os.environ.get("FLOWPARSE_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: Sizes at and around what a kernel reads at a time, and None, the library's own.
BLOCK_BYTES: Final = (None, 64, 1, 63, 65, 2, 3, 1000)

Format = tuple[str, ...]
T = TypeVar("T")


class Tape:
    """Bytes that decide one thing after another; past their end every decision is 0."""

    def __init__(self, data: bytes) -> None:
        self._rest: Iterator[int] = iter(data)

    def below(self, n: int) -> int:
        return next(self._rest, 0) % n

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def rest(self) -> bytes:
        return bytes(self._rest)

    def one_in(self, n: int) -> bool:
        return self.below(n) == n - 1


def tapes(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


# ---------------------------------------------------------------- formats

DEFAULT: Final[Format] = tuple(f.name for f in FIELDS.values() if f.version == 2)
ALL: Final[Format] = tuple(f.name for f in FIELDS.values() if "vpc" in f.services)
TRANSIT_GATEWAY: Final[Format] = tuple(f.name for f in FIELDS.values() if "tgw" in f.services)
#: The fields whose values can go wrong come first and again, the many ids once.
FAVOURITES: Final[Format] = (
    *("dstport", "srcaddr", "action", "bytes", "start", "end", "log-status", "protocol"),
    *("version", "instance-tag", "pkt-dstaddr", "tcp-flags", "region", "packets", "type"),
)
NAMES: Final[Format] = FAVOURITES * 3 + tuple(FIELDS)
UNKNOWN: Final = ("quantum-id", "x", "future-a", "a1--b-", "version-2", "srcaddr-", "nodata")
EXPORT_TIMESTAMP: Final = "export-timestamp"


def decode_format(tape: Tape) -> Format:
    """A log format that a header can bring: most have three known names or more."""
    style = tape.below(10)
    if style == 0:
        return DEFAULT
    if style == 1:
        return tape.pick((ALL, TRANSIT_GATEWAY))
    if style == 2:
        return rotate(DEFAULT, tape)
    if style == 3:
        return tuple(tape.pick(NAMES) for _ in range(1 + tape.below(2)))
    names = [tape.pick(NAMES) for _ in range(3 + tape.below(6))]
    if style >= 6:
        names = list(dict.fromkeys(names))
    if style == 8:
        names[tape.below(len(names)) :] += [tape.pick(UNKNOWN), tape.pick(UNKNOWN)]
    if style == 9 and tape.one_in(3):
        names.insert(tape.below(len(names)), EXPORT_TIMESTAMP)
    return tuple(names)


def rotate(names: Format, tape: Tape) -> Format:
    at = tape.below(len(names))
    turned = names[at:] + names[:at]
    return turned[::-1] if tape.below(2) else turned


def header_line(names: Format, tape: Tape) -> bytes:
    """The header of a format, now and then with underscores."""
    text = " ".join(names)
    return (text.replace("-", "_") if tape.one_in(4) else text).encode()


def format_text(names: Format, tape: Tape) -> str:
    """The format as a caller may write it."""
    style = tape.below(4)
    if style == 0:
        return " ".join(f"${{{name}}}" for name in names)
    if style == 1:
        return ",".join(names).replace("-", "_")
    if style == 2:
        return '"' + " ".join(f"$${{{name}}}" for name in names) + '"'
    return "\n".join(names)


def columns_of(names: Format) -> list[str]:
    kept = [name.replace("-", "_") for name in names if name != EXPORT_TIMESTAMP]
    return list(dict.fromkeys(kept))


# ---------------------------------------------------------------- values

GOOD_NUMBERS: Final = (b"1", b"0", b"6", b"17", b"-", b"255", b"22", b"0", b"00080", b"64", b"7")
GOOD_PORTS: Final = (b"443", b"0", b"65535", b"80", b"-", b"0065535", b"49152", b"1023", b"53")
GOOD_COUNTS: Final = (
    *(b"840", b"0", b"1", b"4294967296", b"-", b"9007199254740993", b"9223372036854775807"),
    *(b"009223372036854775807", b"2147483647", b"99999999", b"12345678", b"1234567890123456"),
)
GOOD_TIMES: Final = (
    *(b"1700000000", b"1700000060", b"1700000120", b"0", b"-", b"1700000000999"),
    *(b"1700000060000", b"99999999999", b"100000000000", b"9223372036854775807", b"1700000001"),
)
GOOD_ADDRESSES: Final = tuple(
    b"""192.0.2.1 198.51.100.20 203.0.113.5 192.0.2.128 - 2001:db8:: 0.0.0.0 255.255.255.255 ::
    ::1 2001:0DB8::00aB ::ffff:192.0.2.1 ::ffff:c000:201 1:2:3:4:5:6:7:8 1:2:3:4:5:6:192.0.2.1
    1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 10.255.0.1 fe80::1 ::192.0.2.1 64:ff9b::c000:201""".split()
)  # fmt: skip
GOOD_TEXTS: Final = tuple(
    text.encode()
    for text in (
        *("a", "ACCEPT", "REJECT", "eni-0a1b2c3d", "-", "us-east-1", "unknown", "000000000042"),
        *("é", "日本", "🚀", "web%20server", "srcaddr", "version", "nodata", "--", "-x", "0"),
        *("a\rb", "\0", "x\0y", "a\u00a0b", "\u2028", "\x0b", "\x0c", "a\x1cb", "\u0085", "\x7f"),
        *("\ufeffa", "#", "a,b", '"', "${x}", "subnet-0\u0430bc", "x" * 63, "y" * 64, "z" * 130),
    )
)
GOOD_ISO_TIMES: Final = (
    *(b"2023-11-14T22:13:20.000Z", b"2023-11-14T22:13:21Z", b"2023-11-14T22:13:20.123456789Z"),
    *(b"1969-12-31T23:59:59.9999Z", b"2024-02-29T00:00:00+05:30", b"2023-11-14T22:13:20.5-00:01"),
    *(b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59.999-23:59", b"2000-02-29T23:59:59Z"),
)
STATUSES: Final = (b"OK", b"NODATA", b"SKIPDATA", b"OK", b"-", b"INCOMPLETEDATA")
ACTIONS: Final = (b"ACCEPT", b"REJECT", b"-", b"ACCEPT")
VERSIONS: Final = (b"2", b"3", b"5", b"11", b"-", b"002")

#: What no number column takes, and what only some do.
BAD_NUMBERS: Final = (
    *(b"x", b"70000", b"65536", b"-1", b"+1", b"1.5", b"443x", b"256", b"2147483648", b"0x1f"),
    *(b"9223372036854775808", b"10000000000000000000", b"18446744073709551616", b"1" * 25),
    *(b"0" * 40, b"0" * 30 + b"7", b"4\0", b"\0", b"4\r3", "４".encode(), b"--", b"1e3", b"1_0"),
    *(
        b"99999999999999999999999999x",
        b"/",
        b":",
        b"12345678/",
        b"0000000:",
        b"1,000",
        "²".encode(),
    ),
)
BAD_ADDRESSES: Final = tuple(
    """192.0.2.01 192.0.2 192.0.2.256 1.2.3.4.5 ::1:: 12345:: 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9
    ::1.2.3 192.0.2.1/32 0x7f.1 １.2.3.4 fe80::1%eth0 ::ffff:192.0.2.01 :1:2 1::2:3:4:5:6:7:8
    1:2:3:4:5:6:7: 00001:: 1.2.3.4: g:: : . .. 1. .1.2.3 1.2.3. ::: 1:::2 ::1.2.3.4:5 1.2.3.4::
    ::1%1 192.0.2.1%x 2001:db8::1% 1:2:3:4:5:6:7:1.2.3.4 ::1.2.3.256
    999999999999.1.1.1 -::1 localhost 192.0.2.1x""".encode()
    .split()
)  # fmt: skip
BAD_ISO_TIMES: Final = tuple(
    b"""2023-13-01T00:00:00Z 2023-02-29T00:00:00Z 1900-02-29T00:00:00Z 2023-04-31T00:00:00Z
    2023-01-01T24:00:00Z 2023-01-01T00:60:00Z 2023-01-01T00:00:60Z 0000-01-01T00:00:00Z
    2023-00-01T00:00:00Z 2023-01-00T00:00:00Z 2023-01-01T00:00:00+24:00 2023-01-01T00:00:00-00:60
    2023-01-01T00:00:00 2023-01-01t00:00:00Z 2023-01-01T00:00:00z 2023-01-01T00:00:00.Z
    2023-01-01T00:00:00.1234567890Z 2023-01-01 2023-1-01T00:00:00Z 2023-01-01T00:00Z x 1700000000
    2023-01-01T00:00:00+0530 2023-01-01T00:00:00+05 2023-01-01T00:00:00.12Zx +023-01-01T00:00:00Z
    2023-01-01T00:00:00,5Z 2023-0\x00-01T00:00:00Z""".split()
)  # fmt: skip
#: Parts that make addresses of every shape, when joined.
ADDRESS_PARTS: Final = ("0", "", "1", "ffff", "192.0.2.1", "12345", "g", "00ab", "255.255.255.255")


def good_values(name: str) -> tuple[bytes, ...]:
    """Values that a field takes, the plainest first."""
    special = {"log-status": STATUSES, "action": ACTIONS, "version": VERSIONS}
    if name in special:
        return special[name]
    if name == EXPORT_TIMESTAMP:
        return GOOD_ISO_TIMES
    field = FIELDS.get(name)
    if field is None or field.kind == "text":
        return GOOD_TEXTS
    if field.kind == "int32":
        return GOOD_PORTS if name.endswith("port") else GOOD_NUMBERS
    return {"int64": GOOD_COUNTS, "time": GOOD_TIMES, "address": GOOD_ADDRESSES}[field.kind]


def odd_value(name: str, tape: Tape) -> bytes:
    """A value from the edge of what a field takes, or from beyond it."""
    if name == EXPORT_TIMESTAMP:
        return tape.pick((b"-", *BAD_ISO_TIMES))
    field = FIELDS.get(name)
    if field is not None and field.kind == "address":
        return made_address(tape) if tape.below(2) else tape.pick(BAD_ADDRESSES)
    if field is None or field.kind == "text":
        return tape.pick(GOOD_TEXTS + BAD_NUMBERS)
    if tape.below(3):
        return tape.pick(BAD_NUMBERS)
    at = FIELDS[name].maximum or 0
    return b"%d" % (at + tape.below(3) - 1)


def made_address(tape: Tape) -> bytes:
    parts = [tape.pick(ADDRESS_PARTS) for _ in range(2 + tape.below(8))]
    return tape.pick((":", ":", ":", ".")).join(parts).encode()


# ---------------------------------------------------------------- lines

SEPARATORS: Final = (b" ", b" ", b" ", b"  ", b"\t", b" \t ", b"\t\t", b"    ")
OUTER: Final = (
    *((b"", b""), (b"", b""), (b"", b""), (b"", b"\r"), (b" ", b""), (b"", b" "), (b"\t", b" \r")),
    *((b"\r", b"\r\r"), (b" \r ", b"\t\t")),
)
BLANKS: Final = (b"", b" ", b"\r", b"\t \r", b" " * 64, b"\r\r\t ")
BOGUS: Final = (
    *(b"bad", b"Exported on Tuesday", b"\0" * 70, b"-", b"version", b"srcaddr dstport"),
    *(b"srcaddr dstport x", b"version srcaddr Dstport", b"- - - - - - - - - - - - - -", b"#"),
    *(b"srcaddr dstaddr version", b"export-timestamp version srcaddr dstport", b"alpha beta"),
)
NOT_UTF8: Final = (
    *(
        b"\xff",
        b"caf\xe9",
        b"\xc3(",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xc0\x80",
        b"\xe2\x82",
    ),
    *(b"\xf0\x9f\x9a", b"\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80"),
)
LONG: Final = (65536, 65537, 65535, 70000)
#: One for each value of a byte; 0 is a plain record.
LINE_KINDS: Final = (
    *["record"] * 111, *["odd"] * 64, *["blank"] * 14, *["not-utf8"] * 10, *["width"] * 14,
    *["prefixed"] * 4, *["noise"] * 4, *["header"] * 8, *["bogus"] * 10, *["other-header"] * 14,
    *["long"] * 3,
)  # fmt: skip
LINE_BYTES: Final = 16


def record_tokens(names: Format, tape: Tape) -> list[bytes]:
    """Good values; one byte decides them all."""
    seed = tape.below(256)
    values = [good_values(name) for name in names]
    return [good[seed * (i + 1) % len(good)] for i, good in enumerate(values)]


def join(tokens: Sequence[bytes], tape: Tape) -> bytes:
    """The tokens as a line, with separators of some kind and something around it."""
    left, right = tape.pick(OUTER)
    separator = tape.pick(SEPARATORS)
    return left + separator.join(tokens) + right


class Writer:
    """Turns tapes into lines, and knows the format that stands above them."""

    def __init__(self, names: Format) -> None:
        self.names = names
        self.seen = [names]

    def line(self, tape: Tape) -> bytes:
        kind = tape.pick(LINE_KINDS)
        if kind == "blank":
            return tape.pick(BLANKS)
        if kind == "bogus":
            return tape.pick(BOGUS)
        if kind == "noise":
            return b"n" + tape.rest()
        if kind in ("header", "other-header"):
            return self.header(tape, other=kind == "other-header")
        tokens = record_tokens(self.names, tape)
        if kind == "long":
            return lengthen(tokens, tape)
        self.spoil(kind, tokens, tape)
        return join(tokens, tape)

    def header(self, tape: Tape, *, other: bool) -> bytes:
        if other:
            self.names = decode_format(tape)
            self.seen.append(self.names)
        return join(header_line(self.names, tape).split(), tape)

    def spoil(self, kind: str, tokens: list[bytes], tape: Tape) -> None:
        """Change a few tokens, as the kind of line wants it."""
        if kind == "odd":
            for _ in range(1 + tape.below(2)):
                place = tape.below(len(tokens))
                tokens[place] = odd_value(self.names[place], tape)
        elif kind == "not-utf8":
            tokens[tape.below(len(tokens))] += tape.pick(NOT_UTF8)
        elif kind == "width":
            place = tape.below(len(tokens) + 1)
            tokens[place : place + tape.below(2)] = [] if tape.below(2) else [b"1", b"x"]
        elif kind == "prefixed":
            tokens.insert(0, tape.pick(GOOD_ISO_TIMES))


def lengthen(tokens: list[bytes], tape: Tape) -> bytes:
    """A line of about 64 KiB: blanks before it, or one long token in it."""
    size = tape.pick(LONG) - len(b" ".join(tokens))
    style = tape.below(4)
    if style == 0:
        return b" " * size + b" ".join(tokens)
    if style == 1:
        return b" " * tape.pick(LONG)
    tokens[tape.below(len(tokens))] += (b"x" if style == 2 else b"0") * size
    return b" ".join(tokens)


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class Texts:
    """The texts of one call, the format given with them, and the formats that occur in them."""

    texts: tuple[bytes, ...]
    log_format: str | None
    formats: tuple[Format, ...]

    @property
    def columns(self) -> list[str]:
        """Names of all columns that the formats have, each where it first stands."""
        return list(dict.fromkeys(c for names in self.formats for c in columns_of(names)))


OPENINGS: Final = ("header", "header", "header", "bare", "export", "other-header", "header")
GIVEN_OPENINGS: Final = ("bare", "bare", "header", "export", "bare", "other-header")


@st.composite
def texts(
    draw: st.DrawFn, *, most: int = 2, lines: int = 20, headed: bool = False, plain: bool = False
) -> Texts:
    """Up to `most` texts for one call, of up to `lines` lines each.

    `headed`: each text begins with a header that is one wherever it stands, and ends with a
    newline. `plain`: no format has a field twice.
    """
    setup = Tape(draw(tapes(16)))
    given = not headed and setup.below(5) in (3, 4)
    names = decode_format(setup)
    if plain:
        names = tuple(dict.fromkeys(names))
    if given and setup.one_in(6):
        names = (EXPORT_TIMESTAMP, *names)
    if headed:
        names = tuple(dict.fromkeys((*names, *DEFAULT[:3])))
    log_format = format_text(names, setup) if given else None
    made, seen = [], [names]
    for _ in range(draw(st.integers(1, most))):
        line_tapes = draw(st.lists(tapes(LINE_BYTES), max_size=lines))
        text, formats = decode_text(Tape(draw(tapes(12))), line_tapes, names, given, headed)
        made.append(text)
        seen += formats
    return Texts(tuple(made), log_format, tuple(dict.fromkeys(seen)))


def decode_text(
    tape: Tape, line_tapes: list[bytes], names: Format, given: bool, headed: bool
) -> tuple[bytes, list[Format]]:
    """One text, and the formats that its author had in mind."""
    ends = tape.below(4) != 3 or headed
    begins = (
        b"" if headed else tape.pick((b"", b"", b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"))
    )
    opening = "header" if headed else tape.pick(GIVEN_OPENINGS if given else OPENINGS)
    opened, writer = open_text(opening, tape, names, given)
    lines = opened + [writer.line(Tape(data)) for data in line_tapes]
    if tape.one_in(16) and not headed:
        del lines[0:1]
    text = b"\n".join(lines)
    if lines and ends:
        text += b"\n"
    return begins + text, writer.seen


def open_text(opening: str, tape: Tape, names: Format, given: bool) -> tuple[list[bytes], Writer]:
    """The first line, if the opening has one of its own, and a writer of what follows."""
    if opening == "other-header":
        names = decode_format(tape)
    if opening in ("header", "other-header"):
        return [join(header_line(names, tape).split(), tape)], Writer(names)
    if opening == "export":
        return open_export(tape, names if given else DEFAULT, given)
    return ([], Writer(names)) if given else ([default_line(tape)], Writer(DEFAULT))


def open_export(tape: Tape, names: Format, given: bool) -> tuple[list[bytes], Writer]:
    """The lines of a CloudWatch export: an ISO time before each."""
    writer = Writer((EXPORT_TIMESTAMP, *names))
    time = tape.pick((*GOOD_ISO_TIMES, *BAD_ISO_TIMES[:12]))
    rest = b" ".join(record_tokens(names, tape)) if given else default_line(tape)
    return [time + b" " + rest], writer


def default_line(tape: Tape) -> bytes:
    """A record of the default format that shows itself as one."""
    tokens = record_tokens(DEFAULT, tape)
    tokens[0] = b"2"
    tokens[12], tokens[13] = tape.pick(ACTIONS), tape.pick(STATUSES[:3])
    return join(tokens, tape)


# ---------------------------------------------------------------- options

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
AT: Final = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
MOMENTS: Final[tuple[Any, ...]] = (
    *(0, "2023-11-14T22:13:20Z", AT.replace(tzinfo=None), 1700000000.5, 1700000001),
    *("2023-11-14T22:14:20", AT + timedelta(seconds=60, microseconds=1), "2023-11-15"),
    *(datetime(2023, 11, 15, 2, 0, tzinfo=timezone(timedelta(hours=1))), 99999999999, 10**15),
)
NUMBER_OPERANDS: Final[tuple[Any, ...]] = (
    *(443, 0, 1, 6, 17, 80, 22, 53, 65535, 840, 255, 2147483647, 4294967296, -1, 1.5, 443.0, 0.0),
    *(9007199254740992.0, 9007199254740993, 2**63 - 1, 2**63, 1e19, -1e300, float("inf"), 10**30),
)
TIME_OPERANDS: Final[tuple[Any, ...]] = (
    *(*MOMENTS, 1700000000, 1700000060, 1700000000999, 1700000060000, 100000000, 2**63 - 1),
    *("2023-11-14T22:13:20.5+00:00", EPOCH, -1, 9223372036854775),
)
NETWORKS: Final = (
    *("192.0.2.0/24", "0.0.0.0/0", "::/0", "192.0.2.77/25", "203.0.113.5"),
    *("2001:db8::/32", "::ffff:0:0/96", "::ffff:192.0.2.0/120", "198.51.100.16/28"),
    *("192.0.2.1/32", "::1", "fe80::/10", "255.255.255.255", "10.0.0.0/7"),
    *("1:2:3:4:5:6:7:8/127", "1:2:3:4::/65", "::/127", "192.0.2.129/31", "2001:DB8::aB"),
)
COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=", "==", "in", "not in")
EXTRA_COLUMNS: Final = ("line", "source", "export_timestamp", "log_group", "log_stream")


@dataclass(frozen=True)
class Options:
    """Keyword arguments of a call, but for the format."""

    columns: tuple[str, ...] | None = None
    filters: Any = None
    since: Any = None
    until: Any = None
    schema: str = "typed"


def operands(column: str) -> tuple[Any, ...]:
    """What the values of a column are compared with."""
    name = column.replace("_", "-")
    if name == "line":
        return (1, 2, 3, 5, 8, 2.5)
    if name == EXPORT_TIMESTAMP:
        return ("2023-11-14T22:13:20Z", AT, 1700000000.123, 1700000001, 0, -1, MOMENTS[6])
    field = FIELDS.get(name)
    if field is None or field.kind in ("text", "address"):
        return tuple(value.decode() for value in good_values(name))
    return TIME_OPERANDS if field.kind == "time" else NUMBER_OPERANDS


def decode_term(names: Sequence[str], tape: Tape) -> tuple[Any, ...]:
    """One term of a filter."""
    column = tape.pick(names)
    if tape.one_in(6):
        return tape.pick(((column, "is null"), (column, "is not null", None)))
    pool = operands(column)
    field = FIELDS.get(column.replace("_", "-"))
    may_be_address = column != "line" if field is None else field.kind == "address"
    if may_be_address and tape.below(2):
        some = [tape.pick(NETWORKS) for _ in range(tape.below(4))]
        return (column, "in network", some or tape.pick(NETWORKS))
    op = tape.pick(COMPARISONS)
    if op in ("in", "not in"):
        return (column, op, [tape.pick(pool) for _ in range(tape.below(4))])
    return (column, op, tape.pick(pool))


def decode_filters(names: Sequence[str], tape: Tape) -> Any:
    """All of one list, or one of several lists."""
    groups = [
        [decode_term(names, tape) for _ in range(tape.pick((1, 1, 2, 3)))]
        for _ in range(tape.pick((1, 1, 2, 3)))
    ]
    return groups[0] if len(groups) == 1 else groups


@st.composite
def filters(draw: st.DrawFn, names: Sequence[str]) -> Any:
    """Filters over columns of these names, over columns that are lacking, and over the line."""
    pool = [*names, *names, *names, "line", "dstport", "pkt_srcaddr", "tcp-flags", "start"]
    return decode_filters(pool, Tape(draw(tapes(48))))


def decode_columns(names: Sequence[str], tape: Tape) -> tuple[str, ...] | None:
    """Columns asked for: none named, some that there are, some that are lacking."""
    if tape.below(2) == 0:
        return None
    pool = [*names, *names, *EXTRA_COLUMNS, "tcp_flags", "tgw-id", "end", "srcaddr"]
    pool += ["export_timestamp"] * (len(names) // 4)
    chosen = [tape.pick(pool) for _ in range(tape.below(6))]
    return tuple({name.replace("-", "_"): name for name in chosen}.values())


@st.composite
def options(draw: st.DrawFn, given: Texts, *, times: bool = True) -> Options:
    """Options for a call on these texts; `times`: with since and until."""
    tape = Tape(draw(tapes(16)))
    names = given.columns or ["line"]
    schema = tape.pick(("typed", "typed", "aws"))
    timed = all("start" in names_ or "end" in names_ for names_ in given.formats)
    windows = times and tape.one_in(5 if timed else 40)
    since, until = decode_window(tape) if windows else (None, None)
    columns = decode_columns(names, tape)
    chosen = draw(filters(names)) if draw(st.booleans()) else None
    return Options(columns, chosen, since, until, schema)


def decode_window(tape: Tape) -> tuple[Any, Any]:
    low, high = sorted((tape.below(len(MOMENTS)), tape.below(len(MOMENTS))))
    return tape.pick(((MOMENTS[low], MOMENTS[high]), (MOMENTS[low], None), (None, MOMENTS[high])))


# ---------------------------------------------------------------- cuts

#: How many bytes a file hands over at a time, over and over.
cut_sizes = st.lists(
    st.sampled_from((1000, 1, 2, 3, 7, 16, 63, 64, 65, 130)), min_size=1, max_size=4
)
#: Where gzip members end, as parts of 255; the same place twice makes an empty member.
member_cuts = st.lists(st.integers(0, 255), max_size=4)


class CutFile(io.RawIOBase):
    """A binary file that hands over few bytes at a time, and cannot seek."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self._data = data
        self._at = 0
        self._reads = 0
        self._sizes = tuple(sizes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(self._sizes[self._reads % len(self._sizes)], len(buffer))
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        self._reads += 1
        buffer[: len(piece)] = piece
        return len(piece)


def gzip_members(text: bytes, cuts: Sequence[int], zeros: int = 0) -> bytes:
    """The text as gzip members that end at the cuts, with zeros between them and after."""
    places = [0, *sorted(cut * len(text) // 255 for cut in cuts), len(text)]
    return b"".join(
        gzip.compress(text[a:b], 1, mtime=0) + bytes(zeros) for a, b in pairwise(places)
    )
