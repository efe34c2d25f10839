"""Floor 3: rows by key, and many questions in one pass. Stage "group".

What a question asks is a `Fold`; `run_pass` feeds any number of them from one reading. `Groups`
is the table that most of them keep.
"""

from __future__ import annotations

from flowparse.grouping.fold import Fold, GroupFold, Prelude
from flowparse.grouping.groups import Groups
from flowparse.grouping.passing import Passed, run_pass
from flowparse.grouping.seen import Once, Seen
from flowparse.grouping.spec import Key, Measure

__all__ = [
    "Fold",
    "GroupFold",
    "Groups",
    "Key",
    "Measure",
    "Once",
    "Passed",
    "Prelude",
    "Seen",
    "run_pass",
]
