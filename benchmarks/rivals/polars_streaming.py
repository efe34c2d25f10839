"""polars again, with its streaming engine: which of the two is faster depends on the files.

What it does not do: see `polars_csv`.
"""

from __future__ import annotations

import polars as pl

from flowparse import LogFormat
from rivals import polars_csv
from rivals.polars_csv import VERSION, scan, to_arrow

__all__ = ["VERSION", "read", "to_arrow", "top_talkers"]


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> pl.DataFrame:
    """The streaming engine."""
    return scan(paths, log_format).collect(engine="streaming")


def top_talkers(paths: list[str], log_format: LogFormat) -> pl.DataFrame:
    """The 20 pairs with most bytes, by the streaming engine."""
    return polars_csv.top_talkers(paths, log_format).collect(engine="streaming")
