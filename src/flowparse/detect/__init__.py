"""Floor 4: what is suspicious in flow logs, in one pass. Stage "detect".

One pass makes `Facts`, small tables of who talked with whom; each `Detector` is a function of
them. So the order of the records, cuts and threads cannot change what is found.
"""

from __future__ import annotations

from flowparse.detect.baselines import Baseline, baseline
from flowparse.detect.detecting import run
from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import FINDINGS, SEVERITIES, make_findings
from flowparse.detect.gather import facts_of
from flowparse.detect.registry import DETECTORS
from flowparse.detect.rules import SigmaRule, sigma
from flowparse.detect.state import State
from flowparse.detect.thresholds import thresholds

__all__ = [
    "DETECTORS",
    "FINDINGS",
    "SEVERITIES",
    "Baseline",
    "Detector",
    "Facts",
    "SigmaRule",
    "State",
    "baseline",
    "facts_of",
    "make_findings",
    "run",
    "sigma",
    "thresholds",
]
