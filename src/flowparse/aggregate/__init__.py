"""Floor 4: answers about a source, a question a file.

Each function reads a source once and gives a small sorted `pyarrow.Table`; `run` asks many
questions in one pass. `import flowparse` does not load it.
"""

from __future__ import annotations

from flowparse.aggregate.denied import Denied, denied
from flowparse.aggregate.distinct import Distinct, distinct
from flowparse.aggregate.ports import Ports, ports
from flowparse.aggregate.quality import Quality, quality
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import Answers, run
from flowparse.aggregate.talkers import TopTalkers, top_talkers
from flowparse.aggregate.timeline import Timeline, timeline

__all__ = [
    "Answers",
    "Denied",
    "Distinct",
    "Ports",
    "Quality",
    "Question",
    "Timeline",
    "TopTalkers",
    "denied",
    "distinct",
    "ports",
    "quality",
    "run",
    "timeline",
    "top_talkers",
]
