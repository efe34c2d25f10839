"""AWS VPC Flow Logs to typed Arrow tables and Parquet, from a native core.

Only the public names, no logic. Topics in submodules are loaded when first used.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version as _version
from types import ModuleType

from flowparse._core import kernel
from flowparse.errors import (
    FlowparseError,
    FormatChangedWarning,
    InflateError,
    LogFormatError,
    RecordError,
    RejectWarning,
    SourceError,
)
from flowparse.fields import FIELDS
from flowparse.logformat import LogFormat
from flowparse.read import FlowReader, open_reader, read_table

__all__ = [
    "FIELDS",
    "FlowReader",
    "FlowparseError",
    "FormatChangedWarning",
    "InflateError",
    "LogFormat",
    "LogFormatError",
    "RecordError",
    "RejectWarning",
    "SourceError",
    "kernel",
    "open_reader",
    "read_table",
]

__version__ = _version("flowparse")

_TOPICS = ("aws", "testing")


def __getattr__(name: str) -> ModuleType:
    """Load a topic when it is first used: `flowparse.testing` after `import flowparse`."""
    if name in _TOPICS:
        return importlib.import_module(f"flowparse.{name}")
    raise AttributeError(f"module 'flowparse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_TOPICS])
