"""Floor 3: columns of any type that means the same, as the few that the core groups by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse import _core

__all__ = ["CoreColumn", "key_column", "measure_column", "units_of"]

_UNITS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_CODES: Final = {text: pa.dictionary(pa.int32(), text) for text in (pa.string(), pa.binary())}


@dataclass(frozen=True, slots=True)
class CoreColumn:
    """How a column goes into the core, and comes out of it.

    Attributes
    ----------
    kind : int
        KEY_ of the core.
    inner : pyarrow.DataType
        What arrays are cast to; of times, a whole number as wide as they are.
    outer : pyarrow.DataType
        What results have.
    """

    kind: int
    inner: pa.DataType
    outer: pa.DataType

    def encode(self, array: Any) -> pa.Array:
        """The same values as the core takes them."""
        if array.type == self.inner:
            return array
        if pa.types.is_null(array.type):
            return pa.nulls(len(array), self.inner)
        if _is_time(array.type):  # of one type, but for what a cast makes of another unit
            array = array if array.type == self.outer else array.cast(self.outer)
            return array.view(self.inner)
        if pa.types.is_dictionary(array.type) and self.kind != _core.KEY_CODES:
            array = array.dictionary_decode()
        elif self.kind == _core.KEY_CODES and not pa.types.is_dictionary(array.type):
            array = pc.dictionary_encode(array.cast(self.inner.value_type))
        return array.cast(self.inner)

    def decode(self, buffers: list[Any], n: int, nulls: int, values: pa.Array | None) -> pa.Array:
        """What the core gives for groups. values: the dictionary of codes."""
        if pa.types.is_null(self.outer):
            return pa.nulls(n)
        if values is not None:
            codes = pa.Array.from_buffers(pa.int32(), n, buffers, nulls)
            return pa.DictionaryArray.from_arrays(codes, values, safe=False)
        if self.kind == _core.KEY_BOOL:
            return pa.Array.from_buffers(pa.int32(), n, buffers, nulls).cast(pa.bool_())
        found = pa.Array.from_buffers(self.inner, n, buffers, nulls)
        return found.view(self.outer) if _is_time(self.outer) else found.cast(self.outer)


def units_of(type_: Any) -> int:
    """So many units of a time, or of a number that counts seconds, are a second."""
    return _UNITS[type_.unit] if pa.types.is_timestamp(type_) else 1


def key_column(name: str, type_: Any, *, every: bool) -> CoreColumn:
    """How rows are grouped by a column of this type.

    Raises
    ------
    ValueError
        They cannot be, or what is no number was to be rounded.
    """
    if every and not (pa.types.is_integer(type_) or pa.types.is_timestamp(type_)):
        raise ValueError(f"column {name!r}: only numbers and times have multiples, not {type_}")
    if pa.types.is_dictionary(type_) and _text(type_.value_type) is not None:
        codes = _CODES[_text(type_.value_type)]
        return CoreColumn(_core.KEY_CODES, codes, codes)
    if pa.types.is_dictionary(type_):
        return key_column(name, type_.value_type, every=every)
    if _text(type_) is not None:
        return CoreColumn(_core.KEY_TEXT, _text(type_), _text(type_))
    if pa.types.is_null(type_):
        return CoreColumn(_core.KEY_INT32, pa.int32(), type_)
    return _number(name, type_, wide=every)


def measure_column(name: str, how: str, type_: Any) -> CoreColumn:
    """How a column of this type is measured.

    Raises
    ------
    ValueError
        It has no such measure.
    """
    if pa.types.is_dictionary(type_):
        return measure_column(name, how, type_.value_type)
    if pa.types.is_null(type_):
        return CoreColumn(_core.KEY_INT64, pa.int64(), pa.int64())
    if how in ("sum", "or") and _is_time(type_):
        raise ValueError(f"column {name!r}: times have no {how!r}, only min and max")
    if how == "minutes" and not (pa.types.is_timestamp(type_) or pa.types.is_integer(type_)):
        raise ValueError(f"column {name!r}: {how!r} is of times, not of {type_}")
    return _number(name, type_, wide=False)


def _number(name: str, type_: Any, *, wide: bool) -> CoreColumn:
    if pa.types.is_boolean(type_):
        return CoreColumn(_core.KEY_BOOL, type_, type_)
    if pa.types.is_integer(type_):
        if wide:
            return CoreColumn(_core.KEY_INT64, pa.int64(), pa.int64())
        narrow = type_ in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16())
        if narrow:
            return CoreColumn(_core.KEY_INT32, pa.int32(), type_)
        return CoreColumn(_core.KEY_INT64, pa.int64(), type_)
    if _is_time(type_):
        narrow = type_.bit_width == 32
        return CoreColumn(
            _core.KEY_INT32 if narrow else _core.KEY_INT64,
            pa.int32() if narrow else pa.int64(),
            type_,
        )
    raise ValueError(
        f"column {name!r} is {type_}; expected whole numbers, times, bool, text, binary, or a "
        "dictionary of these"
    )


def _is_time(type_: Any) -> bool:
    return bool(pa.types.is_temporal(type_)) and not pa.types.is_interval(type_)


def _text(type_: Any) -> Any:
    is_ = pa.types
    if is_.is_string(type_) or is_.is_large_string(type_) or is_.is_string_view(type_):
        return pa.string()
    if is_.is_binary(type_) or is_.is_large_binary(type_) or is_.is_binary_view(type_):
        return pa.binary()
    return None
