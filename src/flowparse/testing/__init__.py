"""Floor 4: flow logs as AWS delivers them, made up, for tests, demos and benchmarks.

A `Network` invents accounts, interfaces and peers. `Network.text` writes their flow log,
`write_delivery` what S3 gets of it in some hours, `write_tree` what a bucket holds after weeks,
`cloudwatch_events` what CloudWatch Logs gets of it. All is seeded, so that a test sees the same
bytes everywhere, and what was planted comes with labels, by which `judge` judges a detector.
`import flowparse` does not load it.
"""

from __future__ import annotations

from flowparse.testing.cloudwatch import (
    LogEvent,
    SubscriptionDocument,
    SubscriptionEvent,
    cloudwatch_events,
    export_lines,
    firehose_lines,
    json_bytes,
    lambda_event,
    subscription_documents,
)
from flowparse.testing.delivered import DeliveredObject, Delivery
from flowparse.testing.delivery import write_delivery
from flowparse.testing.flowlog import FlowLog
from flowparse.testing.judging import judge, label_findings
from flowparse.testing.keys import LAYOUTS
from flowparse.testing.levels import NOISE, Level
from flowparse.testing.network import Network
from flowparse.testing.objects import gzip_member
from flowparse.testing.stories import STORIES, Label
from flowparse.testing.tree import Tree, TreeObject, write_tree

__all__ = [
    "LAYOUTS",
    "NOISE",
    "STORIES",
    "DeliveredObject",
    "Delivery",
    "FlowLog",
    "Label",
    "Level",
    "LogEvent",
    "Network",
    "SubscriptionDocument",
    "SubscriptionEvent",
    "Tree",
    "TreeObject",
    "cloudwatch_events",
    "export_lines",
    "firehose_lines",
    "gzip_member",
    "json_bytes",
    "judge",
    "label_findings",
    "lambda_event",
    "subscription_documents",
    "write_delivery",
    "write_tree",
]
