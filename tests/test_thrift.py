"""Thrift's compact protocol: bytes by hand after its specification, and pyarrow's footers."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowparse.thrift import decode_struct, encode_struct

#: A struct's bytes after the specification, and what they say.
KNOWN = {
    "empty": (b"\x00", {}),
    "i32 1": (b"\x15\x02\x00", {1: (5, 1)}),
    "i64 -1": (b"\x16\x01\x00", {1: (6, -1)}),
    "i64 300": (b"\x16\xd8\x04\x00", {1: (6, 300)}),
    "booleans": (b"\x11\x12\x00", {1: (1, None), 2: (2, None)}),
    "binary": (b"\x28\x02hi\x00", {2: (8, b"hi")}),
    "far field": (b"\x05\x28\x02\x00", {20: (5, 1)}),
    "list": (b"\x19\x25\x02\x04\x00", {1: (9, (5, [1, 2]))}),
    "long list": (b"\x19\xf5\x10" + b"\x02" * 16 + b"\x00", {1: (9, (5, [1] * 16))}),
    "list of booleans": (b"\x19\x21\x01\x02\x00", {1: (9, (1, [1, 2]))}),
    "struct": (b"\x1c\x15\x02\x00\x00", {1: (12, {1: (5, 1)})}),
    "byte": (b"\x13\x7f\x00", {1: (3, 127)}),
    "double": (b"\x17" + b"\x00" * 7 + b"\x40\x00", {1: (7, b"\x00" * 7 + b"\x40")}),
}


@pytest.mark.parametrize(("encoded", "fields"), KNOWN.values(), ids=KNOWN)
def test_known_bytes(encoded: bytes, fields: Any) -> None:
    """Every type is read and written as the specification says."""
    assert decode_struct(encoded) == (fields, len(encoded))
    assert encode_struct(fields) == encoded


def test_struct_encoded_before() -> None:
    """A list of structs may have some that are bytes already."""
    assert encode_struct({1: (9, (12, [{1: (5, 1)}, b"\x15\x04\x00"]))}) == (
        b"\x19\x2c\x15\x02\x00\x15\x04\x00\x00"
    )


def test_pyarrow_footer() -> None:
    """A footer of pyarrow, read and written again, is the same bytes."""
    table = pa.table({"x": [1, None], "y": [["a"], []], "z": [0.5, None]})
    file = io.BytesIO()
    pq.write_table(table, file, write_page_index=True)
    data = file.getvalue()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    fields, end = decode_struct(footer)
    assert end == len(footer)
    assert encode_struct(fields) == footer


def test_type_that_is_none() -> None:
    """A type that Parquet does not use is an error, not a guess."""
    with pytest.raises(ValueError, match="type 11 is not expected"):
        decode_struct(b"\x1b\x00\x00")
