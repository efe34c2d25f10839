"""Floor 3: a `pyarrow.compute.Expression` as a list of steps.

pyarrow shows no tree, but it pickles one: an Arrow file of one row, whose metadata are the steps
in order and whose columns hold the literals and options as they are. Only the order of metadata
is more than pyarrow's schema tells; the Arrow C Data Interface does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Call", "Field", "Literal", "Step", "evaluate", "field_names", "read_steps"]


@dataclass(frozen=True, slots=True)
class Field:
    """The values of a column."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """One value, of a type; perhaps null."""

    scalar: pa.Scalar


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the last so many values. Options are a struct, as pyarrow pickles them."""

    function: str
    n_arguments: int
    options: Any = field(default=None)


Step: TypeAlias = Field | Literal | Call


def read_steps(expression: pc.Expression) -> list[Step] | None:
    """The steps that evaluate an expression: arguments come before their function.

    Returns
    -------
    list of Step or None
        None where it cannot be taken apart: it names a column by its number, or within another.
    """
    try:
        _, (pickled,) = expression.__reduce__()
        row = pa.ipc.open_file(pickled).read_all()
    except pa.ArrowNotImplementedError:
        return None
    steps: list[Step] = []
    calls: list[_Open] = []
    for kind, text in _ordered_metadata(row.schema):
        if kind == "call":
            calls.append(_Open(text))
            continue
        if kind == "options":
            calls[-1].options = row.column(int(text))[0]
            continue
        if kind == "end":
            call = calls.pop()
            steps.append(Call(call.function, call.n_arguments, call.options))
        elif kind == "field_ref":
            steps.append(Field(text))
        elif kind == "literal":
            steps.append(Literal(row.column(int(text))[0]))
        else:
            return None
        if calls:
            calls[-1].n_arguments += 1
    return steps


@dataclass(slots=True)
class _Open:
    """A call whose arguments are being read."""

    function: str
    n_arguments: int = 0
    options: Any = None


def field_names(expression: pc.Expression) -> list[str] | None:
    """The columns that an expression looks at; None where that cannot be told."""
    steps = read_steps(expression)
    if steps is None:
        return None
    return list(dict.fromkeys(step.name for step in steps if isinstance(step, Field)))


def evaluate(batch: pa.RecordBatch, expressions: dict[str, pc.Expression]) -> pa.RecordBatch:
    """One column an expression, over the rows of a batch, in their order."""
    from pyarrow.dataset import Scanner

    scanner = Scanner.from_batches(
        [batch],
        schema=batch.schema,
        columns=expressions,
        batch_size=max(batch.num_rows, 1),
        use_threads=False,
    )
    table = scanner.to_table().combine_chunks()
    arrays = [_one_array(column) for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


# ------------------------------------------------- struct ArrowSchema of the C Data Interface

_POINTER_BYTES: Final = ctypes.sizeof(ctypes.c_void_p)
#: Its members format, name and metadata are the first three, all of them pointers.
_METADATA_AT: Final = 2 * _POINTER_BYTES
_INT32_BYTES: Final = 4

_capsule_pointer: Final = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def _ordered_metadata(schema: pa.Schema) -> Iterator[tuple[str, str]]:
    """A schema's metadata in order; a key may come many times."""
    capsule = schema.__arrow_c_schema__()  # owns the memory read below
    struct = _capsule_pointer(capsule, b"arrow_schema")
    at = ctypes.c_void_p.from_address(struct + _METADATA_AT).value
    if at is None:
        return
    n_pairs = ctypes.c_int32.from_address(at).value
    at += _INT32_BYTES
    for _ in range(n_pairs):
        key, at = _read_text(at)
        value, at = _read_text(at)
        yield key, value


def _read_text(at: int) -> tuple[str, int]:
    """A text behind its int32 length, and where the next one begins."""
    n_bytes = ctypes.c_int32.from_address(at).value
    at += _INT32_BYTES
    return ctypes.string_at(at, n_bytes).decode(), at + n_bytes
