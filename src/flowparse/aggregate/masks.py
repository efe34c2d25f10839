"""Floor 4: rows whose text is one value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["true_where"]


def true_where(texts: Any, value: str) -> pa.BooleanArray:
    """True where the text is the value, else null; of a dictionary each value is looked at once."""
    if pa.types.is_dictionary(texts.type):
        return _only(texts.dictionary, value).take(texts.indices)
    return _only(texts, value)


def _only(texts: Any, value: str) -> Any:
    is_value = pc.equal(pc.cast(texts, pa.string()), value)
    return pc.if_else(is_value, True, pa.scalar(None, pa.bool_()))
