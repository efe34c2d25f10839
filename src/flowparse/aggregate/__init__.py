"""Floor 4: answers about a source, a question a file.

Each function reads a source once and gives a small sorted `pyarrow.Table`; `run` asks many
questions in one pass. `import flowparse` does not load it.
"""

from __future__ import annotations

from flowparse.aggregate.conversations import Conversations, conversations
from flowparse.aggregate.denied import Denied, denied
from flowparse.aggregate.distinct import Distinct, distinct
from flowparse.aggregate.paths import PathBytes, path_bytes
from flowparse.aggregate.ports import Ports, ports
from flowparse.aggregate.quality import Quality, quality
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import Answers, run
from flowparse.aggregate.services import Services, services
from flowparse.aggregate.talkers import TopTalkers, top_talkers
from flowparse.aggregate.timeline import Timeline, timeline

__all__ = [
    "Answers",
    "Conversations",
    "Denied",
    "Distinct",
    "PathBytes",
    "Ports",
    "Quality",
    "Question",
    "Services",
    "Timeline",
    "TopTalkers",
    "conversations",
    "denied",
    "distinct",
    "path_bytes",
    "ports",
    "quality",
    "run",
    "services",
    "timeline",
    "top_talkers",
]
