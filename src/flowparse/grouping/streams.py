"""Floor 3: whatever flow logs come as, as one stream of typed batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flowparse.counts import Counts
from flowparse.grouping.keeping import Keeping
from flowparse.grouping.typed import Typed
from flowparse.read import open_reader
from flowparse.reader import ERRORS_SCHEMA, FlowReader, about_reading
from flowparse.rejects import REJECTS_SCHEMA
from flowparse.schema import is_known
from flowparse.writing.incoming import Incoming, is_arrow, open_arrow

__all__ = ["Passed", "Stream", "open_stream"]

_ROWS = 65536
#: What reading does where nothing else is said; it has no meaning for data that are read.
_DEFAULTS = {"on_reject": "warn"}
_OF_ROWS = ("filters", "since", "until")


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of the lines of one pass.

    Attributes
    ----------
    counts : Counts
        Of data that were Arrow already, what their metadata say; zeros where that is nothing.
    rejects, errors : pyarrow.Table
        As of a `FlowReader`.
    about : dict or None
        What `read_table` keeps in a table's metadata; None where nothing is known of lines.
    """

    counts: Counts
    rejects: pa.Table = field(default_factory=REJECTS_SCHEMA.empty_table)
    errors: pa.Table = field(default_factory=ERRORS_SCHEMA.empty_table)
    about: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """Batches to be taken once, and then what became of their lines."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    passed: Callable[[], Passed]


@contextmanager
def open_stream(
    source: object, names: Sequence[str], threads: int, reading: Mapping[str, Any]
) -> Iterator[Stream]:
    """The columns of these names, as flowparse reads them, of the rows that are kept.

    Raises
    ------
    ValueError
        As `Typed` and `Keeping`, or an option that has no meaning for Arrow data.
    """
    if not is_arrow(source):
        with open_reader(source, columns=_plain(names), threads=threads, **reading) as reader:
            yield _renamed(reader, names)
        return
    given = [n for n, v in reading.items() if v not in (None, _DEFAULTS.get(n)) and n != "progress"]
    if other := [name for name in given if name not in _OF_ROWS]:
        raise ValueError(
            f"{', '.join(other)}: options of reading, and {type(source).__name__} is read already"
        )
    keeping = Keeping(**{name: reading.get(name) for name in _OF_ROWS})
    wanted = tuple(dict.fromkeys((*names, *keeping.columns)))
    if _is_dataset(source):
        scanner = source.scanner(columns=_known(source, wanted))  # type: ignore[attr-defined]
        incoming = open_arrow(scanner, _ROWS)
        yield _typed(incoming, wanted, names, keeping, lambda: _of_dataset(source))
    else:
        incoming = open_arrow(source, _ROWS)
        yield _typed(incoming, wanted, names, keeping, lambda: _of_incoming(incoming))


def _plain(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.replace("-", "_") for name in names))


def _renamed(reader: FlowReader, names: Sequence[str]) -> Stream:
    """A fold finds a column by the name it asked for, hyphens or not."""
    batches: Iterable[pa.RecordBatch] = reader
    schema = reader.schema
    if list(names) != schema.names:
        typed = Typed(schema, names)
        schema, batches = typed.schema, map(typed.batch, reader)
    return Stream(schema, batches, lambda: _of_reader(reader))


def _of_reader(reader: FlowReader) -> Passed:
    return Passed(reader.counts, reader.rejects, reader.errors, about_reading(reader))


# ---------------------------------------------------------------- Arrow data


def _typed(
    incoming: Incoming,
    wanted: Sequence[str],
    names: Sequence[str],
    keeping: Keeping,
    passed: Callable[[], Passed],
) -> Stream:
    typed = Typed(incoming.schema, wanted)
    keeping.begin(typed)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in incoming.batches:
            yield keeping.rows(typed.batch(batch)).select(list(names))

    schema = pa.schema([typed.schema.field(name) for name in names])
    return Stream(schema, batches(), passed)


def _of_incoming(incoming: Incoming) -> Passed:
    if incoming.reader is not None:
        return _of_reader(incoming.reader)
    about = incoming.about()
    return Passed(incoming.counts(), about=json.loads(about) if about else None)


# ---------------------------------------------------------------- datasets


def _is_dataset(source: object) -> bool:
    """Nothing is one if nobody has loaded them."""
    module = sys.modules.get("flowparse.flowdataset")
    return module is not None and isinstance(source, module.FlowDataset)


def _known(dataset: Any, names: Sequence[str]) -> list[str]:
    """Those that it can have: of others `Typed` tells."""
    given = dataset.schema.names
    return [name for name in _plain(names) if name in given or is_known(name)]


def _of_dataset(dataset: Any) -> Passed:
    about = {
        "counts": dataset.counts.as_dict(),
        "first_reject": _first(dataset.rejects.slice(0, 1).to_pylist()),
        "errors": dataset.errors.to_pylist(),
    }
    return Passed(dataset.counts, dataset.rejects, dataset.errors, about)


def _first(rejects: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first reject as a table's metadata have it."""
    for row in rejects:
        text = row.pop("text")
        place = f"{row['source']}, line {row['line']}"
        return {**row, "message": f"{row['reason']}: {text!r} ({place})"}
    return None
