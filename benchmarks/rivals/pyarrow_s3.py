"""pyarrow.dataset: CSV with the types given, over all objects below a prefix in S3.

It asks for 4 objects at a time unless told otherwise; here 64, on as many threads. What it does
not do: see `pyarrow_csv`.
"""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.fs

from flowparse import LogFormat
from rivals.pyarrow_csv import VERSION, column_types, to_arrow

__all__ = ["VERSION", "read", "to_arrow"]

_AT_A_TIME = 64


def read(urls: list[str], log_format: LogFormat, threads: int | None) -> pa.Table:
    """What a user of pyarrow writes who has read of its read-ahead."""
    pa.set_io_thread_count(_AT_A_TIME)
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    files = pa.fs.S3FileSystem(endpoint_override=endpoint, scheme=endpoint.partition(":")[0])
    csv = pa.dataset.CsvFileFormat(
        parse_options=pa.csv.ParseOptions(delimiter=" ", quote_char=False),
        convert_options=pa.csv.ConvertOptions(null_values=["-"], strings_can_be_null=True),
    )
    types = column_types(log_format)
    schema = pa.schema([(name, types[name]) for name in log_format])
    paths = [url.removeprefix("s3://").rstrip("/") for url in urls]
    tables = (
        pa.dataset.dataset(path, filesystem=files, format=csv, schema=schema).to_table(
            fragment_readahead=_AT_A_TIME
        )
        for path in paths
    )
    return pa.concat_tables(tables)
