"""polars: the lazy scan of `polars_csv`, over the objects that a glob finds in S3.

It lists by itself, and asks for many objects at a time. What it does not do: see `polars_csv`.
"""

from __future__ import annotations

import polars as pl

from flowparse import LogFormat
from rivals.polars_csv import VERSION, scan, to_arrow

__all__ = ["VERSION", "read", "to_arrow"]


def read(urls: list[str], log_format: LogFormat, threads: int | None) -> pl.DataFrame:
    """All objects below each URL."""
    return scan([f"{url}**/*.log.gz" for url in urls], log_format).collect()
