"""DuckDB: `read_csv` with all columns given, nothing sniffed, no quotes, `-` as null.

It checks no range but that of the types, knows no second header, and stops at the first bad
line unless told to drop them without a word. Text is plain strings; times stay integers. The
result is an Arrow table, which takes DuckDB less time than a table of its own.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from flowparse import LogFormat
from flowparse.fields import FIELDS

VERSION = duckdb.__version__

_TYPES = {"int32": "INTEGER", "int64": "BIGINT", "time": "BIGINT"}


def select(paths: list[str], log_format: LogFormat) -> str:
    """The query that reads all files."""
    columns = {name: _TYPES.get(FIELDS[name].kind, "VARCHAR") for name in log_format}
    return (
        f"SELECT * FROM read_csv({paths!r}, columns={columns!r}, delim=' ', header=true, "
        "nullstr='-', quote='', escape='', auto_detect=false)"
    )


def connect(threads: int | None) -> duckdb.DuckDBPyConnection:
    """A database in memory."""
    return duckdb.connect(config={"threads": threads} if threads else {})


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> pa.Table:
    """What a user of DuckDB writes."""
    with connect(threads) as connection:
        return connection.sql(select(paths, log_format)).to_arrow_table()


def top_talkers(paths: list[str], log_format: LogFormat) -> pa.Table:
    """The 20 pairs with most bytes."""
    query = (
        "SELECT srcaddr, dstaddr, sum(bytes)::BIGINT AS bytes, sum(packets)::BIGINT AS packets, "
        'count(*) AS records, min("start") AS "start", max("end") AS "end" '
        f"FROM ({select(paths, log_format)}) GROUP BY srcaddr, dstaddr "
        "ORDER BY bytes DESC NULLS LAST, srcaddr NULLS LAST, dstaddr NULLS LAST LIMIT 20"
    )
    with connect(None) as connection:
        connection.execute("SET preserve_insertion_order = false")
        return connection.sql(query).to_arrow_table()


def to_arrow(result: pa.Table) -> pa.Table:
    """As it is."""
    return result


def write_text(table: pa.Table, destination: str) -> None:
    """The columns of a table as text with blanks; whether it reads back is not asked. On one
    thread, with which it keeps the order.
    """
    with connect(1) as connection:
        connection.register("given", table)
        connection.execute(
            f"COPY given TO '{destination}' "
            "(FORMAT csv, DELIMITER ' ', NULLSTR '-', HEADER, QUOTE '', ESCAPE '')"
        )


def copy_to_parquet(paths: list[str], log_format: LogFormat, destination: str) -> None:
    """The same records to one Parquet file, at zstd's level 1 as pyarrow has it. The order of
    the records may be lost: keeping it would cost DuckDB time.
    """
    with connect(None) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            f"COPY ({select(paths, log_format)}) TO '{destination}' "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
