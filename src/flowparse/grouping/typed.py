"""Floor 3: columns of Arrow data as flowparse would have read them.

Whatever wrote them: fields have the type of schema `typed`, and a field that is not there is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from flowparse.delivered.keep import scaled
from flowparse.fields import column_name, near_names
from flowparse.schema import is_known, named_column

__all__ = ["Typed"]


class Typed:
    """Chooses columns of batches of one schema, and casts them: once a batch.

    Parameters
    ----------
    given : pyarrow.Schema
        Of the data. Names may have hyphens for underscores.
    names : iterable of str
        The columns that are wanted.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of what comes out.

    Raises
    ------
    ValueError
        A name is neither in the data nor a field that AWS knows.
    """

    def __init__(self, given: pa.Schema, names: Iterable[str]) -> None:
        self._given = given
        self._places: list[int | None] = []
        fields = []
        for name in dict.fromkeys(names):
            place = find_column(given, name)
            self._places.append(place)
            fields.append(pa.field(name, _type_of(given, name, place)))
        self.schema = pa.schema(fields)

    def has(self, name: str) -> bool:
        """Are there data of it?"""
        return self._places[self.schema.get_field_index(name)] is not None

    def batch(self, data: Any) -> pa.RecordBatch:
        """The columns that are wanted.

        Raises
        ------
        ValueError
            A value does not fit the type that its field has.
        """
        if not self._places:  # which an array of columns would say nothing of
            return data.select([])
        columns = []
        for place, field in zip(self._places, self.schema, strict=True):
            if place is None:
                columns.append(pa.nulls(data.num_rows, field.type))
            else:
                columns.append(_cast(data.column(place), field))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def find_column(given: pa.Schema, name: str) -> int | None:
    """Where the data have a column, however its name is written.

    Raises
    ------
    ValueError
        They have none, and no field has that name.
    """
    names: Sequence[str] = given.names
    if name in names:
        return names.index(name)
    plain = [column_name(one) for one in names]
    if column_name(name) in plain:
        return plain.index(column_name(name))
    if is_known(name):
        return None
    near = near_names(name, tuple(names))
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    raise ValueError(f"no column {name!r} in the data; {hint}")


def _type_of(given: pa.Schema, name: str, place: int | None) -> pa.DataType:
    if is_known(name):
        return named_column(name, "typed").type
    assert place is not None
    type_ = given.field(place).type
    types = pa.types
    if types.is_large_string(type_) or types.is_string_view(type_):
        return pa.string()
    if types.is_large_binary(type_) or types.is_binary_view(type_):
        return pa.binary()
    return type_


def _cast(array: Any, field: pa.Field) -> pa.Array:
    if array.type == field.type:
        return array
    try:
        return _as(array, field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(
            f"column {field.name!r} is {array.type}, and not all of it can be {field.type}: {error}"
        ) from error


def _as(array: Any, type_: Any) -> pa.Array:
    types = pa.types
    if types.is_null(array.type):
        return pa.nulls(len(array), type_)
    if types.is_dictionary(type_):
        if not types.is_dictionary(array.type):
            return array.cast(type_.value_type).dictionary_encode()
        codes, values = array.indices.cast(type_.index_type), array.dictionary
        return pa.DictionaryArray.from_arrays(codes, values.cast(type_.value_type))
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_timestamp(type_) and types.is_integer(array.type):
        seconds = scaled(array).cast(pa.int64())
        return seconds.cast(pa.timestamp("s", type_.tz)).cast(type_)
    if types.is_timestamp(type_) and types.is_timestamp(array.type):
        return array.cast(type_, safe=False)  # a part of a second is cut off
    return array.cast(type_)
