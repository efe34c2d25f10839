"""Floor 2: columns as they are stored become values and faults. Stage "check".

What is stored as a number is compared, what is stored as text is the core's to judge. Both by the
same rules: a number is digits, so a negative one is not a number, and `-` is null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core
from flowparse.delivered.bounds import is_bytes
from flowparse.delivered.spelled import Spelling
from flowparse.fields import FIELDS, INT64_MAX
from flowparse.schema import CHECK_ISO_TIME, CHECK_TEXT, check_of

__all__ = ["Judged", "judge", "map_distinct"]

NOT_UTF8, NOT_A_NUMBER, OUT_OF_RANGE = map(
    _core.REASONS.index, ("not-utf8", "not-a-number", "out-of-range")
)
_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: What needs no change.
_PLAIN: Final = (pa.string(), pa.int32(), pa.int64())
#: The first whole number that is too large for 64 bits, which a float can hold exactly.
_TOO_LARGE: Final = float(INT64_MAX + 1)


class Judged(NamedTuple):
    """A column, judged.

    Attributes
    ----------
    values : pyarrow.Array
        Whole numbers; or text, a dictionary of it where it is stored so. ISO times are
        milliseconds since the epoch. Null where it is null, `-`, or no value.
    reasons : pyarrow.Int32Array or None
        The core's code of what is wrong with each, 0 for nothing; None where nothing is wrong.
    """

    values: pa.Array
    reasons: pa.Array | None = None


def judge(stored: pa.Array, field: str, spelling: Spelling) -> Judged:
    """The values of a field, and what is wrong with them.

    Parameters
    ----------
    stored : pyarrow.Array
        As it comes out of the file.
    field : str
        Its AWS name.
    spelling : Spelling

    Raises
    ------
    pyarrow.ArrowInvalid
        A column that promises UTF-8 has none: the file is malformed.
    """
    stored = _plain(stored)
    check, maximum = check_of(field)
    if check == CHECK_TEXT:
        return _judge_text(stored)
    types, type_ = pa.types, stored.type
    if check == CHECK_ISO_TIME and types.is_timestamp(type_):
        return Judged(stored.cast(pa.timestamp("ms", type_.tz), safe=False).cast(pa.int64()))
    if check == CHECK_ISO_TIME:
        return _judge_spelled(stored, field, spelling)
    if types.is_floating(type_):
        return _judge_floats(stored, maximum)
    if FIELDS[field].kind == "time" and (types.is_timestamp(type_) or types.is_date(type_)):
        stored = _seconds_of(stored)
    if types.is_null(type_):
        return Judged(stored.cast(pa.int64()))
    if types.is_integer(stored.type):
        return _judge_integers(stored, maximum)
    return _judge_spelled(stored, field, spelling)


def map_distinct(texts: pa.Array, of: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What a function says of each distinct text, for every row; null for null."""
    if not pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_encode()
    return of(texts.dictionary).take(texts.indices)


def _plain(stored: pa.Array) -> pa.Array:
    """Without what Arrow may have wrapped around the values of the file."""
    if isinstance(stored, pa.ExtensionArray):
        stored = stored.storage
    type_ = stored.type
    if type_ in _PLAIN:
        return stored
    if pa.types.is_dictionary(type_):
        if not (_is_text(type_.value_type) or is_bytes(type_)) or stored.dictionary.null_count:
            return _plain(stored.dictionary_decode())
        dictionary = _plain(stored.dictionary)
        if stored.indices.type == pa.int32() and dictionary is stored.dictionary:
            return stored
        return pa.DictionaryArray.from_arrays(stored.indices.cast(pa.int32()), dictionary)
    if _is_text(type_):
        return stored.cast(pa.string())
    return stored.cast(pa.binary()) if is_bytes(type_) else stored


def _is_text(type_: pa.DataType) -> bool:
    types = pa.types
    if types.is_string_view(type_):
        return True
    return bool(types.is_string(type_) or types.is_large_string(type_))


# ---------------------------------------------------------------- numbers


def _judge_integers(stored: pa.Array, maximum: int) -> Judged:
    extremes = pc.min_max(stored).as_py()
    if extremes["min"] is None or (extremes["min"] >= 0 and extremes["max"] <= maximum):
        return Judged(stored)
    reasons = pa.repeat(pa.scalar(0, pa.int32()), len(stored))
    if extremes["max"] > maximum:
        largest = pa.scalar(maximum, stored.type)  # it fits: a value is larger
        reasons = _mark(reasons, pc.greater(stored, largest), OUT_OF_RANGE)
    if extremes["min"] < 0:
        reasons = _mark(reasons, pc.less(stored, pa.scalar(0, stored.type)), NOT_A_NUMBER)
    return Judged(_null_where(pc.greater(reasons, 0), stored), reasons)


def _judge_floats(stored: pa.Array, maximum: int) -> Judged:
    """What a tool made of numbers with nulls among them: whole ones are numbers."""
    stored = stored.cast(pa.float64())
    is_whole = pc.fill_null(pc.equal(pc.floor(stored), stored), True)
    is_number = pc.and_(is_whole, pc.fill_null(pc.is_finite(stored), True))
    is_large = pc.fill_null(pc.greater_equal(stored, _TOO_LARGE), False)
    reasons = pa.repeat(pa.scalar(0, pa.int32()), len(stored))
    reasons = _mark(reasons, is_large, OUT_OF_RANGE)
    reasons = _mark(reasons, pc.invert(is_number), NOT_A_NUMBER)
    is_small = pc.fill_null(pc.less(stored, 0.0), False)
    reasons = _mark(reasons, is_small, NOT_A_NUMBER)
    whole = _null_where(pc.greater(reasons, 0), stored).cast(pa.int64())
    judged = _judge_integers(whole, maximum)
    return Judged(judged.values, _either(_if_any(reasons), judged.reasons))


def _seconds_of(stored: pa.Array) -> pa.Array:
    if pa.types.is_date(stored.type):
        stored = stored.cast(pa.timestamp("s"), safe=False)
    per_second = _PER_SECOND[stored.type.unit]
    ticks = stored.cast(pa.int64())
    if per_second == 1:
        return ticks
    # Before 1970 is no time at all, and dividing would round it up to 0.
    return pc.if_else(pc.less(ticks, 0), -1, pc.divide(ticks, per_second))


def _judge_spelled(stored: pa.Array, field: str, spelling: Spelling) -> Judged:
    """Numbers that are stored as text, or as something that is no number at all."""
    as_text = _judge_text(stored)
    texts = as_text.values
    texts = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    spelled = spelling.numbers(texts.dictionary, field)
    values = spelled.values.take(texts.indices)
    reasons = None if spelled.reasons is None else spelled.reasons.take(texts.indices)
    return Judged(values, _either(as_text.reasons, _if_any(reasons)))


# ---------------------------------------------------------------- text


def _judge_text(stored: pa.Array) -> Judged:
    type_ = stored.type
    if is_bytes(type_):
        return _judge_bytes(stored)
    if pa.types.is_dictionary(type_):
        _check_utf8(stored.dictionary)
        return Judged(_without_dash(stored))
    if pa.types.is_string(type_):
        _check_utf8(stored)
        is_dash = pc.equal(stored, "-")
        return Judged(_null_where(is_dash, stored) if pc.any(is_dash).as_py() else stored)
    return Judged(_spell(stored))


def _check_utf8(texts: pa.StringArray) -> None:
    """Raise where text is not what its type promises. Nearly all of it is ASCII: that is fast."""
    _, _, data = texts.buffers()
    if data is not None and not data.to_pybytes().isascii():
        texts.validate(full=True)


def _without_dash(texts: pa.DictionaryArray) -> pa.DictionaryArray:
    place = pc.index(texts.dictionary, "-").as_py()
    if place < 0:
        return texts
    indices = _null_where(pc.equal(texts.indices, pa.scalar(place, pa.int32())), texts.indices)
    return pa.DictionaryArray.from_arrays(indices, texts.dictionary)


def _judge_bytes(stored: pa.Array) -> Judged:
    """Nothing promises that it is UTF-8."""
    encoded = stored if pa.types.is_dictionary(stored.type) else stored.dictionary_encode()
    distinct = encoded.dictionary
    try:
        texts = distinct.cast(pa.string())
    except pa.ArrowInvalid:
        is_text = pa.array([_is_utf8(value) for value in distinct.to_pylist()], pa.bool_())
        texts = pc.if_else(is_text, distinct, b"").cast(pa.string())
        bad = pc.fill_null(pc.invert(is_text).take(encoded.indices), False)
        reasons = _mark(pa.repeat(pa.scalar(0, pa.int32()), len(stored)), bad, NOT_UTF8)
        indices = _null_where(bad, encoded.indices)
        values = _without_dash(pa.DictionaryArray.from_arrays(indices, texts))
        return Judged(values, _if_any(reasons))
    return Judged(_without_dash(pa.DictionaryArray.from_arrays(encoded.indices, texts)))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _spell(stored: pa.Array) -> pa.Array:
    """Text of what is stored as something else."""
    try:
        texts = stored.cast(pa.string())
    except pa.ArrowNotImplementedError:
        texts = pa.array(map(_text_of, stored.to_pylist()), pa.string())
    if pa.types.is_decimal(stored.type):
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    return texts


def _text_of(value: Any) -> str | None:
    return None if value is None else str(value)


# ---------------------------------------------------------------- faults


def _mark(reasons: pa.Array, where: pa.Array, reason: int) -> pa.Array:
    return pc.if_else(pc.fill_null(where, False), pa.scalar(reason, pa.int32()), reasons)


def _if_any(reasons: pa.Array | None) -> pa.Array | None:
    """The codes, null for nothing too; None where nothing is wrong."""
    return pc.fill_null(reasons, 0) if reasons is not None and pc.max(reasons).as_py() else None


def _null_where(where: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(where, False), pa.scalar(None, values.type), values)


def _either(one: pa.Array | None, other: pa.Array | None) -> pa.Array | None:
    """The first of two faults."""
    if one is None or other is None:
        return other if one is None else one
    return pc.if_else(pc.greater(one, 0), one, other)
