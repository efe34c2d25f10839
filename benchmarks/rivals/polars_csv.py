"""polars: a lazy scan of all files with the types given, `-` as null, no quotes.

Text is plain strings, of which polars reads more a second than of categories. It checks no
range and knows no second header; times stay integers.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from flowparse import LogFormat
from flowparse.fields import FIELDS

VERSION = pl.__version__

_TYPES = {"int32": pl.Int32, "int64": pl.Int64, "time": pl.Int64}


def scan(paths: list[str], log_format: LogFormat) -> pl.LazyFrame:
    """The scan, before anything is read."""
    schema = {name: _TYPES.get(FIELDS[name].kind, pl.String) for name in log_format}
    return pl.scan_csv(paths, separator=" ", schema=schema, null_values="-", quote_char=None)


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> pl.DataFrame:
    """The default engine."""
    return scan(paths, log_format).collect()


def top_talkers(paths: list[str], log_format: LogFormat) -> pl.LazyFrame:
    """The query, before anything is read: `sum` of nothing but nulls is 0, all else as ours."""
    order = ["bytes", "srcaddr", "dstaddr"]
    return (
        scan(paths, log_format)
        .group_by("srcaddr", "dstaddr")
        .agg(
            pl.col("bytes", "packets").sum(),
            pl.len().alias("records"),
            pl.col("start").min(),
            pl.col("end").max(),
        )
        .sort(order, descending=[True, False, False], nulls_last=True)
        .head(20)
    )


def to_arrow(result: pl.DataFrame) -> pa.Table:
    """Outside the race."""
    return result.to_arrow()


def write_text(table: pa.Table, destination: str) -> None:
    """The columns of a table as text with blanks, on all cores; whether it reads back is not
    asked.
    """
    frame = pl.from_arrow(table)
    frame.write_csv(destination, separator=" ", null_value="-", quote_style="never")
