"""Floor 2: where bytes come from.

Stages "open" and "inflate": `local` lists what the caller has, `container` tells by the first
bytes what it is, `inflate` unpacks gzip members.
"""

from __future__ import annotations

from flowparse.sources.container import TextStream, container_of, open_text
from flowparse.sources.local import Source, list_sources

__all__ = ["Source", "TextStream", "container_of", "list_sources", "open_text"]
