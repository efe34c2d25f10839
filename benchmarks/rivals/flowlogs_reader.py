"""flowlogs-reader: its S3 reader over a stand-in for the S3 client, so no byte travels.

It gives one Python object a record and reads on one thread by default; its threads share the
GIL. It counts what it cannot read, and does not say what that was. Addresses stay text; times
are datetimes without a zone.
"""

from __future__ import annotations

import importlib.metadata
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import flowlogs_reader as library
import pyarrow as pa

from flowparse import LogFormat

VERSION = importlib.metadata.version("flowlogs-reader")

_FOLDER = "AWSLogs/111122223333/vpcflowlogs/"
_OBJECT = "us-east-1/2026/01/01/111122223333_vpcflowlogs_us-east-1_fl-1_20260101T0005Z_1.log.gz"


class _Bucket:
    """As much of an S3 client as the reader calls: one bucket with one object."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    def list_objects_v2(self, *, Prefix: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        below = _FOLDER + "us-east-1/" if Prefix.endswith("vpcflowlogs/") else _FOLDER
        return {"CommonPrefixes": [{"Prefix": below.removesuffix("vpcflowlogs/")}]}

    def get_paginator(self, _: str) -> _Bucket:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": _FOLDER + _OBJECT}]}]

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": BytesIO(self.packed), "ContentLength": len(self.packed)}


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> list[Any]:
    """What a user of flowlogs-reader writes, for one object."""
    [path] = paths
    reader = library.S3FlowLogsReader(
        "bucket",
        boto_client=_Bucket(Path(path).read_bytes()),
        start_time=datetime(2026, 1, 1),
        end_time=datetime(2026, 1, 1, 12),
        raise_on_error=True,
    )
    return list(reader)


def to_arrow(result: list[Any]) -> pa.Table:
    """The columns that are compared."""
    names = ("bytes", "srcaddr", "dstport")
    return pa.table({name: [getattr(record, name) for record in result] for name in names})
