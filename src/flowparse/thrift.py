"""Floor 1: Thrift's compact protocol, as far as a Parquet file needs it.

A struct is read without knowing its names: a field's number, its type and its value, so that
fields which this project has never heard of are written as they came.

Source: Apache Thrift, "Thrift Compact protocol encoding"; Apache Parquet, `parquet.thrift`.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

__all__ = [
    "BINARY",
    "I32",
    "I64",
    "LIST",
    "STRUCT",
    "TRUE",
    "Struct",
    "decode_struct",
    "encode_struct",
]

#: Types of the protocol. A boolean is a type alone: it has no value.
TRUE: Final = 1
_FALSE: Final = 2
_BYTE: Final = 3
_I16: Final = 4
I32: Final = 5
I64: Final = 6
_DOUBLE: Final = 7
BINARY: Final = 8
LIST: Final = 9
_SET: Final = 10
STRUCT: Final = 12

_LONG_LIST: Final = 15
_DOUBLE_BYTES: Final = 8

#: Fields by number: type and value. A list is (type of the items, items); an item of a list
#: of structs may be bytes, which are a struct encoded before.
Struct: TypeAlias = dict[int, tuple[int, Any]]


def decode_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """The struct that begins at a place.

    Returns
    -------
    (Struct, int)
        The fields, and where the struct has ended.

    Raises
    ------
    ValueError
        A type that Parquet does not use.
    IndexError
        The data end before the struct does.
    """
    fields: Struct = {}
    number = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _decode_integer(data, at)
        kind = head & 15
        value = None
        if kind > _FALSE:
            value, at = _decode_value(data, at, kind)
        fields[number] = (kind, value)
    return fields, at + 1


def _decode_value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if _I16 <= kind <= I64:
        return _decode_integer(data, at)
    if kind == BINARY:
        size, at = _decode_varint(data, at)
        return data[at : at + size], at + size
    if kind == STRUCT:
        return decode_struct(data, at)
    if kind in (LIST, _SET):
        return _decode_list(data, at)
    if kind <= _BYTE:  # a boolean here is an item of a list
        return data[at], at + 1
    if kind == _DOUBLE:
        return data[at : at + _DOUBLE_BYTES], at + _DOUBLE_BYTES
    raise ValueError(f"byte {at} of a Parquet footer: Thrift type {kind} is not expected")


def _decode_list(data: bytes, at: int) -> tuple[tuple[int, list[Any]], int]:
    n, kind = data[at] >> 4, data[at] & 15
    at += 1
    if n == _LONG_LIST:
        n, at = _decode_varint(data, at)
    items = []
    for _ in range(n):
        item, at = _decode_value(data, at, kind)
        items.append(item)
    return (kind, items), at


def _decode_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while (byte := data[at]) > 127:
        value |= (byte & 127) << shift
        shift += 7
        at += 1
    return value | byte << shift, at + 1


def _decode_integer(data: bytes, at: int) -> tuple[int, int]:
    value, at = _decode_varint(data, at)
    return value >> 1 ^ -(value & 1), at


def encode_struct(fields: Struct) -> bytes:
    """The bytes of a struct, its fields in the order of their numbers."""
    out = bytearray()
    _encode_struct(out, fields)
    return bytes(out)


def _encode_struct(out: bytearray, fields: Struct) -> None:
    before = 0
    for number, (kind, value) in sorted(fields.items()):
        if number - before <= 15:
            out.append(number - before << 4 | kind)
        else:
            out.append(kind)
            _encode_integer(out, number)
        before = number
        if kind > _FALSE:
            _encode_value(out, kind, value)
    out.append(0)


def _encode_value(out: bytearray, kind: int, value: Any) -> None:
    if _I16 <= kind <= I64:
        _encode_integer(out, value)
    elif kind == BINARY:
        _encode_varint(out, len(value))
        out += value
    elif kind == STRUCT and not isinstance(value, bytes):
        _encode_struct(out, value)
    elif kind in (LIST, _SET):
        _encode_list(out, *value)
    elif kind <= _BYTE:
        out.append(value)
    else:  # the eight bytes of a double, or a struct encoded before
        out += value


def _encode_list(out: bytearray, kind: int, items: list[Any]) -> None:
    if len(items) < _LONG_LIST:
        out.append(len(items) << 4 | kind)
    else:
        out.append(_LONG_LIST << 4 | kind)
        _encode_varint(out, len(items))
    for item in items:
        _encode_value(out, kind, item)


def _encode_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _encode_integer(out: bytearray, value: int) -> None:
    _encode_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
