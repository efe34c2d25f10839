"""Percent-encoding of tags against urllib."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flowparse import compute
from shapes import shaped
from strategies import LAW

PARTS = st.one_of(
    st.text(max_size=6),
    st.text(max_size=6).map(quote),
    st.integers(0, 255).map("%{:02x}".format),
    st.sampled_from(["%", "%%", "%4", "%4G", "%C3", "%c3%A9", "+", "%00", "%ED%A0%80"]),
)
VALUES = st.lists(PARTS, max_size=5).map("".join)


def decoded(text: str | None) -> str | None:
    """As urllib decodes it; all of it as it stands where that is no UTF-8."""
    try:
        return None if text is None else unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text


@LAW
@given(st.data())
def test_tags(data: Any) -> None:
    """decode_tag gives what urllib gives, or the raw text; a dictionary comes of a dictionary."""
    rows = data.draw(st.lists(st.one_of(st.none(), VALUES), max_size=20))
    given_rows = data.draw(shaped(rows, pa.string()))
    found = compute.decode_tag(given_rows)
    found.validate(full=True)
    assert found.to_pylist() == [decoded(row) for row in rows]
    is_dictionary = isinstance(getattr(given_rows, "type", None), pa.DictionaryType)
    assert pa.types.is_dictionary(found.type) == is_dictionary


def test_a_dictionary_stays_one() -> None:
    """Values that become the same share a code, in each chunk of a column."""
    column = pa.chunked_array([["a%20b", "a b", None], ["%41"]]).dictionary_encode()
    found = compute.decode_tag(column)
    assert found.type == pa.dictionary(pa.int32(), pa.string())
    assert found.to_pylist() == ["a b", "a b", None, "A"]
    for chunk in found.chunks:
        values = chunk.dictionary.to_pylist()
        assert len(values) == len(set(values))
