"""chDB: ClickHouse's `file()` over text with the structure given and `-` as null.

Its CSV format refuses a blank as the delimiter, so it is CustomSeparated with values escaped as
in CSV. Text is plain strings: LowCardinality takes it about twice the time. It checks no range,
not even that of the types, and knows no second header; times stay integers.
"""

from __future__ import annotations

import chdb
import pyarrow as pa

from flowparse import LogFormat
from flowparse.fields import FIELDS

VERSION = chdb.__version__

_TYPES = {"int32": "Int32", "int64": "Int64", "time": "Int64"}
_SETTINGS = (
    "format_custom_field_delimiter = ' ', format_custom_escaping_rule = 'CSV', "
    "format_csv_delimiter = '|', format_csv_null_representation = '-', "
    "input_format_null_as_default = 0"
)


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> pa.Table:
    """What a user of chDB writes; the result comes as an Arrow table."""
    columns = ", ".join(
        f"`{name}` Nullable({_TYPES.get(FIELDS[name].kind, 'String')})" for name in log_format
    )
    folder = paths[0].rpartition("/")[0]
    names = ",".join(path.rpartition("/")[2] for path in paths)
    glob = f"{folder}/{{{names}}}" if len(paths) > 1 else paths[0]
    query = f"SELECT * FROM file('{glob}', 'CustomSeparatedWithNames', '{columns}')"
    limit = f", max_threads = {threads}" if threads else ""
    return chdb.query(f"{query} SETTINGS {_SETTINGS}{limit}", "ArrowTable")


def to_arrow(result: pa.Table) -> pa.Table:
    """As it is."""
    return result
