"""AWS VPC Flow Logs to typed Arrow tables and Parquet, from a native core.

Only the public names, no logic. Topics in submodules are loaded when first used, and so is the
dataset.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from flowparse._core import kernel
from flowparse.errors import (
    DestinationError,
    FlowparseError,
    FormatChangedWarning,
    InflateError,
    LogFormatError,
    NetworkListError,
    RecordError,
    RejectWarning,
    SourceError,
)
from flowparse.fields import FIELDS
from flowparse.logformat import LogFormat
from flowparse.read import open_reader, read_table
from flowparse.reader import FlowReader
from flowparse.write import WriteResult, to_parquet, write_text

if TYPE_CHECKING:
    from flowparse.flowdataset import FlowDataset, dataset
    from flowparse.incremental import IngestResult, ingest
    from flowparse.notified import FollowResult, follow

__all__ = [
    "FIELDS",
    "DestinationError",
    "FlowDataset",
    "FlowReader",
    "FlowparseError",
    "FollowResult",
    "FormatChangedWarning",
    "InflateError",
    "IngestResult",
    "LogFormat",
    "LogFormatError",
    "NetworkListError",
    "RecordError",
    "RejectWarning",
    "SourceError",
    "WriteResult",
    "dataset",
    "follow",
    "ingest",
    "kernel",
    "open_reader",
    "read_table",
    "to_parquet",
    "write_text",
]

__version__: str

_TOPICS = (
    "aggregate",
    "archive",
    "aws",
    "compute",
    "detect",
    "lifecycle",
    "report",
    "testing",
    "thawing",
)
#: Names whose modules `import flowparse` need not wait for.
_LATE = {
    "FlowDataset": "flowdataset",
    "FollowResult": "notified",
    "IngestResult": "incremental",
    "dataset": "flowdataset",
    "follow": "notified",
    "ingest": "incremental",
}


def __getattr__(name: str) -> Any:
    """Load a topic when it is first used: `flowparse.testing` after `import flowparse`."""
    if name == "__version__":
        from importlib.metadata import version

        return version("flowparse")
    if name in _LATE:
        return getattr(importlib.import_module(f"flowparse.{_LATE[name]}"), name)
    if name in _TOPICS:
        return importlib.import_module(f"flowparse.{name}")
    raise AttributeError(f"module 'flowparse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE, *_TOPICS})
