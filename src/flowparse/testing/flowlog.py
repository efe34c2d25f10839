"""Floor 4: a flow log's settings, as `CreateFlowLogs` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowparse.logformat import LogFormat
from flowparse.testing.keys import LAYOUTS, SUFFIXES, check_choice, check_prefix
from flowparse.testing.network import as_format

__all__ = ["FileFormat", "FlowLog", "Layout"]

Layout = Literal["plain", "hourly", "hive", "hive-hourly"]
FileFormat = Literal["text", "parquet"]


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log that delivers to S3. What it is set to stays so for all its objects.

    Parameters
    ----------
    log_format : LogFormat, str or None
        As for `Network.text`.
    layout : {"plain", "hourly", "hive", "hive-hourly"}
        The folders of the keys.
    prefix : str
        Folders before `AWSLogs`.
    file_format : {"text", "parquet"}
        Gzip members with a header line, or Parquet with AWS's names and types and gzip inside.

    Raises
    ------
    ValueError
        An argument is out of its range.
    LogFormatError
        `log_format` cannot be read.

    Examples
    --------
    >>> FlowLog("srcaddr dstaddr end", layout="hive", prefix="/team/").prefix
    'team'
    """

    log_format: LogFormat | str | None = None
    layout: Layout = "plain"
    prefix: str = ""
    file_format: FileFormat = "text"

    def __post_init__(self) -> None:
        """Check and read every parameter."""
        check_choice("layout", self.layout, LAYOUTS)
        check_choice("file_format", self.file_format, SUFFIXES)
        object.__setattr__(self, "log_format", as_format(self.log_format))
        object.__setattr__(self, "prefix", check_prefix(self.prefix))
