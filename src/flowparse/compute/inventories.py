"""Floor 2: inventories of one's own networks, as CSV, Parquet or Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from flowparse.compute.opened import bad_line, decode_text, open_bytes
from flowparse.compute.prefixes import EXPECTED_NETWORK, PrefixTable
from flowparse.errors import NetworkListError, SourceError

__all__ = ["load_networks"]

_COLUMNS: Final = ("network", "cidr", "prefix", "ip")
_PARQUET, _FILE, _STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"


def load_networks(source: Any, column: str | None = None, *, delimiter: str = ",") -> PrefixTable:
    r"""Read an inventory of networks: one a row, and what is known of it.

    Parameters
    ----------
    source : path, bytes, or binary file object
        CSV in UTF-8 with a header, Parquet, or Arrow IPC, told by its first bytes; or gzip of it.
    column : str, optional
        The column that holds CIDR ranges or addresses; by default the first of `network`, `cidr`,
        `prefix` and `ip` that is there.
    delimiter : str
        Of CSV.

    Returns
    -------
    PrefixTable
        Its values have the file's columns. Those of CSV are text, so that an account's leading
        zeros survive; an empty cell is null, and blank lines are passed over. A file without rows
        is an empty table.

    Raises
    ------
    NetworkListError
        There is no such column; or a row holds no network, or has not as many cells as the
        header: with the source, the line (of Parquet and Arrow the row, from 1) and the text.
    SourceError
        The source cannot be read, or is damaged.

    Examples
    --------
    >>> from flowparse import compute
    >>> inventory = b"cidr,team\n10.0.0.0/8,all\n10.7.0.0/16,shop\n"
    >>> table = compute.load_networks(inventory)
    >>> compute.longest_prefix(["10.7.1.2", "10.8.1.2"], table, "team").to_pylist()
    ['shop', 'all']
    """
    name, data = open_bytes(source)
    read = _reader(data)
    if read is None:
        values, lines = _read_csv(name, decode_text(name, data), delimiter)
    else:
        values, lines = _read_arrow(name, data, read), None
    if not values.column_names and column is None:
        return PrefixTable([], values)
    networks = _networks(name, values, _choose(name, values.column_names, column))
    return PrefixTable.of_lines(
        networks,
        values,
        lambda row, text: bad_line(name, lines[row] if lines else row + 1, text, EXPECTED_NETWORK),
    )


def _reader(data: bytes) -> Callable[[pa.BufferReader], pa.Table] | None:
    """What reads a container of columns; None: it is text."""
    if data.startswith(_PARQUET):
        return lambda file: pq.read_table(file)
    if data.startswith(_FILE):
        return lambda file: pa.ipc.open_file(file).read_all()
    if data.startswith(_STREAM):
        return lambda file: pa.ipc.open_stream(file).read_all()
    return None


def _read_arrow(name: str, data: bytes, read: Callable[[pa.BufferReader], pa.Table]) -> pa.Table:
    try:
        return read(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{name}: damaged: {error}", source=name) from error


def _choose(name: str, names: Sequence[str], column: str | None) -> str:
    for wanted in (column,) if column is not None else _COLUMNS:
        if wanted in names:
            return wanted
    wanted = column or f"one of {', '.join(_COLUMNS)}: name it with column="
    raise NetworkListError(
        f"{name}, line 1: expected a column {wanted}, got {', '.join(names) or 'none'}",
        source=name,
        line=1,
        text=", ".join(names),
    )


def _networks(name: str, values: pa.Table, column: str) -> pa.StringArray:
    networks = values.column(column)
    type_ = networks.type.value_type if pt.is_dictionary(networks.type) else networks.type
    kinds = (pt.is_string, pt.is_large_string, pt.is_string_view, pt.is_null)
    if not any(is_kind(type_) for is_kind in kinds):
        raise NetworkListError(
            f"{name}: column {column}: expected text, got {type_}", source=name, line=1, text=column
        )
    return networks.cast(pa.string()).combine_chunks()


def _read_csv(name: str, text: str, delimiter: str) -> tuple[pa.Table, list[int]]:
    """All columns as text, and the line on which each row begins."""
    rows = _csv_rows(name, text, delimiter)
    line, header = next(rows, (1, []))
    if len(set(header)) < len(header):
        raise bad_line(name, line, delimiter.join(header), "columns with different names")
    cells: list[list[str | None]] = [[] for _ in header]
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            expected = f"{len(header)} cells as in the header"
            raise bad_line(name, line, delimiter.join(row), expected)
        lines.append(line)
        for column, cell in zip(cells, row, strict=True):
            column.append(cell or None)
    arrays = [pa.array(column, pa.string()) for column in cells]
    return pa.table(arrays, names=header), lines


def _csv_rows(name: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    begin = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begin, [cell.strip() for cell in row]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise bad_line(name, begin, None, f"CSV ({error})") from None
