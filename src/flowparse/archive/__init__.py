"""Floor 4: many small objects become few large ones, and back, byte for byte.

`archive` writes Parquet, sorted for pruning, with a manifest that proves it; `restore` gives back
the text of each original under its own key; `verify` walks an archive and names what is wrong.

`plan` makes units of new inputs, `taking` reads one and finds out which of its lines its columns
spell, `rest` keeps the others, `laying` sorts and writes, `manifest` is the commit point, `weaving`
makes text again, `checking` proves a unit, `originals` removes what is proved, `stores` is where an
archive lies.
"""

from __future__ import annotations

from flowparse.archive.restoring import restore
from flowparse.archive.result import ArchiveResult, Frozen, RestoreResult, VerifyResult
from flowparse.archive.run import archive
from flowparse.archive.verifying import verify

__all__ = [
    "ArchiveResult",
    "Frozen",
    "RestoreResult",
    "VerifyResult",
    "archive",
    "restore",
    "verify",
]
