"""Floor 2: where bytes come from.

Stages "open" and "inflate": `local` lists what the caller has, `container` tells by the first
bytes what it is, `inflate` unpacks gzip members, `ahead` does so on another thread, and `small`
reads a small object in one step.
"""

from __future__ import annotations

from flowparse.sources.ahead import Ahead
from flowparse.sources.container import TextStream, container_of, open_text
from flowparse.sources.local import Source, list_sources
from flowparse.sources.small import SMALL_BYTES, Small, read_small

__all__ = [
    "SMALL_BYTES",
    "Ahead",
    "Small",
    "Source",
    "TextStream",
    "container_of",
    "list_sources",
    "open_text",
    "read_small",
]
