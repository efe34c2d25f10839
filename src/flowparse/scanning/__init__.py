"""Floor 3: lazy scans. What a query asks of a dataset becomes a reader of just that.

Stages: `expressions` reads a pyarrow expression, `predicates` turns it into filters of the core,
`scan` is the plan of one pass and carries it out, `scanner` is what a query holds, `fragments`
serves pyarrow's own scanner.
"""

from __future__ import annotations

from flowparse.scanning.scan import FlowScan
from flowparse.scanning.scanner import FlowScanner

__all__ = ["FlowScan", "FlowScanner"]
