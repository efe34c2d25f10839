"""Floor 2: where bytes come from.

Stages "open" and "inflate": `listing` lists what the caller has, `local` what is on this
machine, `s3` what is in a bucket and `cloudwatch` what is in a log group; `fetching` brings
objects before they are parsed; `container` tells by the first bytes what a source is, `inflate`
unpacks gzip members, `envelope` reads JSON, `events` lays out as lines what that and a log group
hold, `ahead` unpacks on another thread, `small` reads a small object in one step, and `seekable`
reads one anywhere, as Parquet is read.
"""

from __future__ import annotations

from flowparse.sources.ahead import Ahead
from flowparse.sources.container import TextStream, container_of, open_text
from flowparse.sources.events import EventLines, EventPiece, EventSource
from flowparse.sources.fetching import Fetching, fetch_ahead, is_ranged
from flowparse.sources.listing import list_requested, list_sources
from flowparse.sources.local import Source, as_text, version_of
from flowparse.sources.seekable import SeekableFile
from flowparse.sources.small import SMALL_BYTES, Small, read_small

__all__ = [
    "SMALL_BYTES",
    "Ahead",
    "EventLines",
    "EventPiece",
    "EventSource",
    "Fetching",
    "SeekableFile",
    "Small",
    "Source",
    "TextStream",
    "as_text",
    "container_of",
    "fetch_ahead",
    "is_ranged",
    "list_requested",
    "list_sources",
    "open_text",
    "read_small",
    "version_of",
]
