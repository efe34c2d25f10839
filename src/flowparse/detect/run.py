"""Floor 4: all detectors in one pass. Stage "detect"."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import gather_findings
from flowparse.detect.gather import Duplicates, gather_facts
from flowparse.detect.registry import choose
from flowparse.grouping import Passed

__all__ = ["find", "run"]


def run(
    source: object,
    detectors: Iterable[object] | None = None,
    *,
    lists: Sequence[object] = (),
    baseline: object = None,
    duplicates: Duplicates = "once",
    **reading: Any,
) -> pa.Table:
    """Find what is suspicious in flow logs, in one pass."""
    chosen = arm(choose(detectors), lists, baseline)
    facts, passed = gather_facts(source, duplicates, reading)
    findings, unable = find(facts, chosen)
    return about(findings, passed, unable)


def arm(detectors: Iterable[Detector], lists: Sequence[object], baseline: object) -> list[Detector]:
    """Give threat lists and the baseline to the detectors that have a field for them."""
    given: dict[str, object] = {"lists": tuple(lists), "baseline": baseline}
    return [
        _with(one, {name: value for name, value in given.items() if value}) for one in detectors
    ]


def _with(detector: Any, given: dict[str, object]) -> Detector:
    fields = {field.name for field in dataclasses.fields(detector)}
    wanted = {n: v for n, v in given.items() if n in fields and not getattr(detector, n)}
    armed: Detector = dataclasses.replace(detector, **wanted) if wanted else detector
    return armed


def find(facts: Facts, detectors: Iterable[Detector]) -> tuple[pa.Table, dict[str, str]]:
    """The findings of the detectors, and why some of them could not answer."""
    found, unable = [], {}
    for one in detectors:
        why = one.unable(facts)
        if why is None:
            found.append(one.find(facts))
        else:
            unable[one.name] = why
    return gather_findings(found), unable


def about(findings: pa.Table, passed: Passed, unable: dict[str, str]) -> pa.Table:
    """The findings with what was read, lost and left unanswered in their metadata."""
    said = {
        "counts": passed.counts.as_dict(),
        "errors": passed.errors.to_pylist(),
        "unable": unable,
    }
    return findings.replace_schema_metadata({"flowparse": json.dumps(said)})
