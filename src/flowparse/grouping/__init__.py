"""Floor 3: rows by key, and many questions in one pass. Stage "group".

What a question asks is a `Fold`; `run_pass` feeds any number of them from one reading. `Groups`
is the table that most of them keep.
"""

from __future__ import annotations

from flowparse.grouping.fold import Fold, GroupFold
from flowparse.grouping.groups import Groups
from flowparse.grouping.passing import Passed, run_pass
from flowparse.grouping.spec import Key, Measure

__all__ = ["Fold", "GroupFold", "Groups", "Key", "Measure", "Passed", "run_pass"]
