"""Floor 4: AWS. What needs no connection is here at once; boto3 is imported only when used."""

from __future__ import annotations

from flowparse.access import Access
from flowparse.aws.events import unwrap
from flowparse.keys import Key, parse_key

__all__ = ["Access", "Key", "parse_key", "unwrap"]
