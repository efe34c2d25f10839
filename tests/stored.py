"""Flow logs as Parquet, stored in every way that holds the same values.

A table is drawn as tokens of text, as a log has them. Each column is then stored as text, or as
any other type that can hold all of its tokens without changing what they mean.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from flowparse.fields import FIELDS
from strategies import (
    DEFAULT,
    EXPORT_TIMESTAMP,
    NOT_UTF8,
    Tape,
    Texts,
    decode_format,
    odd_value,
    record_tokens,
    tapes,
)

__all__ = ["Stored", "parquet_bytes", "stored"]

_WHOLE: Final = re.compile(rb"0|-?[1-9][0-9]*")
_DIGITS: Final = re.compile(rb"-?[0-9]+")


@dataclass(frozen=True)
class Stored:
    """The same records as text, with a header, and as Parquet."""

    text: bytes
    parquet: bytes = field(repr=False)
    names: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def case(self) -> Texts:
        """The text, as the laws of text take it."""
        return Texts((self.text,), None, (self.names,))


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, compression="gzip", **options)
    return file.getvalue()


@st.composite
def stored(draw: st.DrawFn, *, lines: int = 16) -> Stored:
    """A log of up to so many records, some of them bad."""
    setup = Tape(draw(tapes(90)))
    names = tuple(dict.fromkeys((*decode_format(setup), *DEFAULT[:3])))
    rows = [tokens_of(names, Tape(tape)) for tape in draw(st.lists(tapes(12), max_size=lines))]
    columns = [store(name, [row[place] for row in rows], setup) for place, name in enumerate(names)]
    spelled = [name.replace("-", "_") if setup.below(8) else name for name in names]
    table = pa.Table.from_arrays(columns, names=spelled)
    options = {
        "row_group_size": setup.pick((1000, 1, 3, 7)),
        "write_statistics": setup.below(3) != 2,
        "store_schema": setup.below(2) == 0,
        "use_dictionary": setup.below(3) != 2,
        "data_page_size": setup.pick((1 << 20, 1)),
    }
    text = b"\n".join([" ".join(names).encode(), *(b" ".join(row) for row in rows), b""])
    return Stored(text, parquet_bytes(table, **options), names, tuple(str(c.type) for c in columns))


def tokens_of(names: Sequence[str], tape: Tape) -> list[bytes]:
    """A record, or one that is spoilt."""
    tokens = record_tokens(tuple(names), tape)
    kind = tape.below(8)
    if kind >= 5:
        for _ in range(1 + tape.below(2)):
            place = tape.below(len(names))
            tokens[place] = odd_value(names[place], tape)
    if kind == 7 and tape.one_in(3):
        tokens[tape.below(len(names))] += tape.pick(NOT_UTF8)
    return tokens


# ---------------------------------------------------------------- types


def store(name: str, tokens: list[bytes], tape: Tape) -> pa.Array:
    """A column of some type that can hold the tokens."""
    fits = [make for make in STORES if make(name, tokens, 0) is not None]
    make = fits[-1 - tape.below(len(fits))] if fits else as_bytes
    column = make(name, tokens, tape.below(4))
    return as_bytes(name, tokens, 0) if column is None else column


def texts_of(tokens: list[bytes]) -> list[str] | None:
    try:
        return [token.decode() for token in tokens]
    except UnicodeDecodeError:
        return None


def as_bytes(name: str, tokens: list[bytes], style: int) -> pa.Array:
    """Nothing says that it is text."""
    return pa.array(tokens, pa.binary())


def as_text(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
    """Text, with `-` or null, or the one here and the other there."""
    texts = texts_of(tokens)
    if texts is None:
        return None
    dash = {0: "-", 1: None, 2: "-", 3: None}[style]
    values = [dash if text == "-" else text for text in texts]
    if style == 3 and "-" in texts:
        values[texts.index("-")] = "-"
    column = pa.array(values, pa.string())
    return column.cast(pa.large_string()) if style == 2 else column


def as_dictionary(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
    column = as_text(name, tokens, style)
    return None if column is None else column.dictionary_encode()


def numbers_of(name: str, tokens: list[bytes]) -> list[int | None] | None:
    """Numbers, where that is what the tokens are; of text, only in the shortest spelling."""
    known = FIELDS.get(name)
    is_number = known is not None and known.maximum is not None
    shape = _DIGITS if is_number else _WHOLE
    if name == EXPORT_TIMESTAMP:
        return None
    if not all(token == b"-" or (shape.fullmatch(token) and token != b"-0") for token in tokens):
        return None
    return [None if token == b"-" else int(token) for token in tokens]


def numeric(type_: pa.DataType) -> Callable[[str, list[bytes], int], pa.Array | None]:
    def make(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
        numbers = numbers_of(name, tokens)
        try:
            return None if numbers is None else pa.array(numbers, type_)
        except (pa.ArrowInvalid, OverflowError):
            return None

    return make


def as_float(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
    """Where a float holds the number exactly, and text would not show the difference."""
    numbers = numbers_of(name, tokens)
    known = FIELDS.get(name)
    if numbers is None or known is None or known.maximum is None:
        return None
    if any(number is not None and abs(number) > 2**53 for number in numbers):
        return None
    return pa.array(numbers, pa.float64())


def as_decimal(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
    numbers = numbers_of(name, tokens)
    if numbers is None or any(n is not None and abs(n) >= 10**34 for n in numbers):
        return None
    decimals = [None if number is None else Decimal(number) for number in numbers]
    return pa.array(decimals, pa.decimal128(38, 2 if style == 3 else 0))


def as_time(name: str, tokens: list[bytes], style: int) -> pa.Array | None:
    """Seconds as a timestamp: what says its unit is not in milliseconds."""
    known, numbers = FIELDS.get(name), numbers_of(name, tokens)
    if known is None or known.kind != "time" or numbers is None:
        return None
    if any(number is not None and not 0 <= number < 10**11 for number in numbers):
        return None
    unit, per_second = (("s", 1), ("ms", 10**3), ("us", 10**6), ("ms", 10**3))[style]
    ticks = [None if number is None else number * per_second for number in numbers]
    column = pa.array(ticks, pa.int64())
    return column.cast(pa.timestamp(unit, None if style == 3 else "UTC"))


#: The last that fits is the plainest.
STORES: Final = (
    as_time,
    as_decimal,
    as_float,
    as_bytes,
    as_dictionary,
    *map(numeric, (pa.uint64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.int8(), pa.int16())),
    as_text,
    *map(numeric, (pa.int32(), pa.int64())),
)
