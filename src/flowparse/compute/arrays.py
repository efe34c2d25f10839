"""Floor 2: what a caller gives, as Arrow arrays, and a function over each chunk of them.

The functions of the core take one array of text. Here a list becomes an array, a ChunkedArray
its chunks, and a dictionary array its dictionary: what many rows share is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.types as pt

__all__ = [
    "Column",
    "beside",
    "beside_as_arrow",
    "map_binary",
    "map_text",
    "name_distinct",
    "plain_text",
    "whole",
    "without_views",
]

#: What a function is given, once it is Arrow, and what it gives.
Column: TypeAlias = "pa.Array | pa.ChunkedArray"
Run = Callable[[pa.Array], pa.Array]

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())
_TEXT: Final = "text, such as a string array"
_BINARY: Final = "bytes, such as a binary array"
_WHOLE: Final = "whole numbers, such as an int32 array"


def map_text(values: Any, what: str, run: Run, *, keep_dictionary: bool = False) -> Column:
    """What `run` makes of text. It gets string arrays, each null or not; one row gives one.

    With `keep_dictionary`, of a dictionary comes a dictionary, whose values differ.

    Raises
    ------
    TypeError
        The values are no text. `what` names them.
    """
    return _map(values, what, _TEXT, _is_text, pa.string(), run, keep_dictionary)


def map_binary(values: Any, what: str, run: Run) -> Column:
    """The same for bytes, of any kind that Arrow has."""
    return _map(values, what, _BINARY, _is_binary, pa.binary(), run)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_))


def _is_binary(type_: pa.DataType) -> bool:
    kinds = (pt.is_binary, pt.is_large_binary, pt.is_fixed_size_binary, pt.is_binary_view)
    return any(is_kind(type_) for is_kind in kinds)


def _map(
    values: Any,
    what: str,
    expected: str,
    fits: Callable[[pa.DataType], bool],
    type_: pa.DataType,
    run: Run,
    keep_dictionary: bool = False,
) -> Column:
    given = _as_arrow(values, what, expected)
    _check(given.type, what, expected, fits)
    if not isinstance(given, pa.ChunkedArray):
        return _map_array(given, type_, run, keep_dictionary)
    chunks = given.chunks or [pa.array([], given.type)]
    mapped = [_map_array(chunk, type_, run, keep_dictionary) for chunk in chunks]
    return pa.chunked_array(mapped[: given.num_chunks], mapped[0].type)


def _check(
    type_: pa.DataType, what: str, expected: str, fits: Callable[[pa.DataType], bool]
) -> None:
    values = type_.value_type if pt.is_dictionary(type_) else type_
    if not (fits(values) or pt.is_null(values)):
        raise TypeError(f"{what}: expected {expected}, got {type_}")


def _as_arrow(values: Any, what: str, expected: str) -> Column:
    """Arrow as it is; a list, a scalar or what speaks Arrow's protocols as an array."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, pa.Scalar):
        return pa.repeat(values, 1)
    if values is None or isinstance(values, (str, bytes, int)):
        values = [values]
    try:
        if hasattr(values, "__arrow_c_stream__"):
            return pa.chunked_array(values)
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise TypeError(f"{what}: expected {expected} or a list of such: {error}") from None


def _map_array(array: pa.Array, type_: pa.DataType, run: Run, keep_dictionary: bool) -> pa.Array:
    """`run` over the dictionary, if there is one that is no longer than the array."""
    if not pt.is_dictionary(array.type):
        return run(_cast(array, type_))
    values = _cast(array.dictionary, type_)
    if len(values) > len(array):
        mapped = run(values.take(array.indices))
        return mapped.dictionary_encode() if keep_dictionary else mapped
    mapped = run(values)
    if keep_dictionary:
        return _recode(mapped.dictionary_encode(), array.indices)
    return mapped.take(array.indices)


def _cast(array: pa.Array, type_: pa.DataType) -> pa.Array:
    return array if array.type.equals(type_) else array.cast(type_)


def without_views(table: pa.Table) -> pa.Table:
    """Text and bytes in layouts whose rows Arrow can take."""
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    fields = [field.with_type(plain.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def plain_text(values: Any, what: str) -> Column:
    """Text, as strings and no dictionary.

    Raises
    ------
    TypeError
        The values are no text.
    """
    return map_text(values, what, lambda array: array)


def whole(values: Any, what: str) -> Column:
    """Whole numbers, as int64.

    Raises
    ------
    TypeError
        They are none.
    """
    given = _as_arrow(values, what, _WHOLE)
    _check(given.type, what, _WHOLE, pt.is_integer)
    if pt.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    return given if given.type.equals(pa.int64()) else given.cast(pa.int64())


def name_distinct(values: Column, name: Callable[[Any], str | None]) -> Column:
    """A dictionary array of the names of values; `name` is called once for each distinct one."""
    encoded = values.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries()
        if encoded.num_chunks == 0:
            return pa.chunked_array([], type=_DICTIONARY)
        distinct = encoded.chunk(0).dictionary
        indices = pa.chunked_array([chunk.indices for chunk in encoded.chunks])
    else:
        distinct, indices = encoded.dictionary, encoded.indices
    names = pa.array([name(value) for value in distinct.to_pylist()], pa.string())
    return _recode(names.dictionary_encode(), indices)


def _recode(names: pa.DictionaryArray, indices: Column) -> Column:
    """The dictionary array whose row i is `names[indices[i]]`."""
    codes = names.indices.take(indices)
    if isinstance(codes, pa.ChunkedArray):
        return pa.chunked_array(
            [pa.DictionaryArray.from_arrays(chunk, names.dictionary) for chunk in codes.chunks],
            type=_DICTIONARY,
        )
    return pa.DictionaryArray.from_arrays(codes, names.dictionary)


#: A column as it was given, and what makes it one.
Asked = tuple[Any, Callable[[Any, str], Column]]


def beside_as_arrow(columns: Mapping[str, Asked]) -> dict[str, Column]:
    """Columns of one length. A single value stands for every row.

    Raises
    ------
    ValueError
        Their lengths differ.
    """
    made = {name: read(values, name) for name, (values, read) in columns.items()}
    lengths = {n: len(made[n]) for n, (values, _) in columns.items() if not _is_single(values)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"expected columns of one length: {told} rows")
    rows = next(iter(lengths.values()), 1)
    return {
        name: column if name in lengths else pa.repeat(column[0], rows)
        for name, column in made.items()
    }


def beside(columns: Mapping[str, Asked]) -> tuple[list[pa.RecordBatch], bool]:
    """The same, cut wherever one of them is; at least one batch. And, is one of them chunked?"""
    made = beside_as_arrow(columns)
    chunked = any(isinstance(column, pa.ChunkedArray) for column in made.values())
    table = pa.table(made)
    return table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)], chunked


def _is_single(values: Any) -> bool:
    return values is None or isinstance(values, (str, bytes, int, pa.Scalar))
