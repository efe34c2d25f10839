"""Floor 4: flow logs on one page of HTML that opens anywhere. Stage "report".

One pass gathers small tables; they become charts and tables of one file that asks for no other:
no script, no font, no image from elsewhere.
"""

from __future__ import annotations

from flowparse.report.made import ReportResult, write_report
from flowparse.report.missing import ReportLibraryError

__all__ = ["ReportLibraryError", "ReportResult", "write_report"]
