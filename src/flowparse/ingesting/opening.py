"""Floor 3: which sink the caller means."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from flowparse.access import Access
from flowparse.ingesting.delta import DeltaSink
from flowparse.ingesting.iceberg import IcebergSink
from flowparse.ingesting.places import open_place
from flowparse.ingesting.sinks import ParquetSink, Sink

__all__ = ["SinkName", "open_sink"]

SinkName = Literal["parquet", "delta", "iceberg"]


def open_sink(
    name: SinkName,
    destination: str | os.PathLike[str],
    partition_by: Sequence[str],
    access: Access,
    options: Mapping[str, str],
) -> Sink:
    """The sink of this name.

    Raises
    ------
    ValueError
        There is none, or an option does not go with it.
    DestinationError
        The destination is none that it can have, or its package is not installed.
    """
    if name not in get_args(SinkName):
        known = ", ".join(get_args(SinkName))
        raise ValueError(f"sink: expected one of {known}, got {name!r}")
    if name == "parquet":
        if options:
            raise ValueError("sink_options: Parquet has none; a session is for S3")
        return ParquetSink(open_place(destination, access))
    if name == "delta":
        return DeltaSink(destination, partition_by, options)
    if partition_by:
        raise ValueError(
            "partition_by: a table of Iceberg is partitioned by its own specification: make it "
            "in the catalog before, empty"
        )
    return IcebergSink(os.fsdecode(destination), options)
