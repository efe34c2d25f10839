"""Floor 2: objects of S3 as sources.

`address` reads what the caller wrote, `listing` finds the objects that can hold what is wanted,
`objects` reads one of them in ranges, and `requests` sends what is sent, again where that helps,
and says what is wrong.
"""

from __future__ import annotations

from flowparse.sources.s3.address import is_s3
from flowparse.sources.s3.listing import list_objects
from flowparse.sources.s3.objects import ObjectSource
from flowparse.sources.s3.requests import Bucket

__all__ = ["Bucket", "ObjectSource", "is_s3", "list_objects"]
