"""Floor 4: the file of what no column spells: headers, rejects, odd lines, whole inputs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from flowparse.archive.lines import Run

__all__ = ["encode_rest", "read_rest"]

_SCHEMA: Final = pa.schema(
    [
        pa.field("input", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
        pa.field("raw", pa.large_binary(), nullable=False),
    ]
)
_GROUP_BYTES: Final = 64 << 20


def encode_rest(runs: Sequence[tuple[int, Run]]) -> tuple[bytes, int]:
    """A Parquet file of runs of lines, each with the number of its input; and its row groups.

    Parameters
    ----------
    runs : sequence of (int, Run)
        By input and line, rising.
    """
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    groups = 0
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd", compression_level=9) as writer:
        for part in _parts(runs):
            columns = [
                pa.array([number for number, _ in part], pa.int32()),
                *(
                    pa.array([getattr(run, name) for _, run in part], type_)
                    for name, type_ in zip(_SCHEMA.names[1:], _SCHEMA.types[1:], strict=True)
                ),
            ]
            table = pa.Table.from_arrays(columns, schema=_SCHEMA)
            writer.write_table(table, row_group_size=max(1, len(part)))
            groups += 1
    return sink.getvalue(), groups


def _parts(runs: Sequence[tuple[int, Run]]) -> list[list[tuple[int, Run]]]:
    """Runs in groups that are no larger than memory likes."""
    parts: list[list[tuple[int, Run]]] = [[]]
    size = 0
    for number, run in runs:
        if size and size + len(run.raw) > _GROUP_BYTES:
            parts.append([])
            size = 0
        parts[-1].append((number, run))
        size += len(run.raw)
    return parts if runs else []


def read_rest(data: bytes) -> dict[int, list[Run]]:
    """The runs of each input, from the bytes of the file.

    Raises
    ------
    pyarrow.ArrowInvalid, OSError
        It is none.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(data), schema=_SCHEMA)
    found: dict[int, list[Run]] = {}
    names = zip(*(table.column(name).to_pylist() for name in _SCHEMA.names), strict=True)
    for number, line, lines, raw in names:
        found.setdefault(number, []).append(Run(line, lines, raw))
    return found
