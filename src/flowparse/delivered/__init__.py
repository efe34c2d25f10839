"""Floor 2: flow logs that AWS delivers as Parquet, by the rules of text.

`footer` opens a file and tells its format, `bounds` says what its statistics rule out, `columns`
takes columns out of a row group, `judge` turns them into values and faults, `spelled` lets the
core judge what is text, `keep` evaluates the filter, `shape` gives columns their types, and
`rows` puts it together.
"""

from __future__ import annotations

from flowparse.delivered.footer import format_of
from flowparse.delivered.rows import Delivered

__all__ = ["Delivered", "format_of"]
