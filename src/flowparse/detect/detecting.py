"""Floor 4: all detectors in one pass. Stage "detect"."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import PrefixTable, load_threat_list
from flowparse.detect.baselines import read_baseline
from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import gather_findings
from flowparse.detect.gather import Duplicates, Gathered, gather_facts
from flowparse.detect.registry import choose
from flowparse.detect.state import State, held
from flowparse.grouping import Passed

__all__ = ["Outcome", "arm", "detecting", "find", "run"]


def run(
    source: object,
    detectors: Iterable[object] | None = None,
    *,
    lists: Sequence[object] = (),
    baseline: object = None,
    state: str | os.PathLike[str] | None = None,
    duplicates: Duplicates = "once",
    **reading: Any,
) -> pa.Table:
    r"""Find what is suspicious in flow logs, in one pass.

    Parameters
    ----------
    source : object
        What `flowparse.open_reader` reads, a `pyarrow.Table`, or anything with
        `__arrow_c_stream__`.
    detectors : iterable of str, Detector or subclass of it, optional
        Names of `DETECTORS`, which then have their defaults, or detectors made by you. None is all.
    lists : sequence, optional
        Threat lists for `listed-address`: paths, or what `flowparse.compute.load_threat_list`
        returns.
    baseline : Baseline or path, optional
        What was there before, for `new-service` and `new-peer`.
    state : path, optional
        A folder, made if it is missing. What earlier runs left there is the past of this one, and
        only findings that they did not tell are returned. Give each record to one run; what
        comes again within some hours is known.
    duplicates : {"once", "keep"}
        Whether records that are equal in every column that is read count once: what was
        delivered twice.
    **reading
        As of `flowparse.open_reader`, but for `columns` and `schema`.

    Returns
    -------
    pyarrow.Table
        A row a finding, of the schema `FINDINGS`, by time, detector and entity. `time` is the
        start of the window in which it became evident, and the numbers are those that were
        known then; `srcaddr` is who acts and `dstaddr` the target, null where there are many;
        `measure` is the number that was too large, and `expected` what is usual. The schema's
        metadata holds, under `flowparse`, JSON of the counts, the sources that failed,
        `duplicates`, the records that were left out, and `unable`: the detectors that could not
        run, and why.

    Raises
    ------
    ValueError
        An unknown detector; a list, baseline or state that is not one.
    DestinationError
        Another run uses the state.
    SourceError, InflateError, RecordError, LogFormatError
        As `flowparse.open_reader`.

    Notes
    -----
    What is found depends on which records there are, never on their order, on cuts, or on
    threads. Days that come later change nothing of what was found before. Memory: the facts, a
    row a pair of hosts, port and hour.

    Examples
    --------
    >>> from flowparse import detect
    >>> head = b"interface-id srcaddr dstaddr srcport dstport protocol start end action\n"
    >>> asked = b"eni-1 10.0.0.9 10.0.0.1 40000 443 6 1700000000 1700000060 ACCEPT\n"
    >>> answered = b"eni-1 10.0.0.1 10.0.0.9 443 40000 6 1700000000 1700000060 REJECT\n"
    >>> log = head + asked + answered
    >>> picky = detect.DETECTORS["asymmetric-reject"](minimum_answers=1)
    >>> found = detect.run(log, [picky])
    >>> found.select(["detector", "severity", "entity"]).to_pylist()
    [{'detector': 'asymmetric-reject', 'severity': 'high', 'entity': '10.0.0.1:443 at eni-1'}]
    """
    chosen = arm(choose(detectors), lists, baseline)
    with detecting(source, chosen, state, duplicates, reading) as outcome:
        outcome.commit()
    return outcome.findings


@dataclass(frozen=True)
class Outcome:
    """The findings of a run, and what makes its state the next one's past.

    Attributes
    ----------
    findings : pyarrow.Table
    passed : Passed
    unable : dict
        Detector -> why it could not run.
    commit : callable
        Saves the state. Findings are told again by the next run unless it was called.
    """

    findings: pa.Table
    passed: Passed
    unable: dict[str, str]
    commit: Callable[[], None]


@contextmanager
def detecting(
    source: object,
    detectors: Iterable[Detector],
    state: str | os.PathLike[str] | None,
    duplicates: Duplicates,
    reading: dict[str, Any],
) -> Iterator[Outcome]:
    """Read, and find. Until the block ends, no other run uses the state."""
    if state is None:
        gathered = gather_facts(source, duplicates, reading)
        findings, unable = find(gathered.facts, detectors)
        yield _outcome(findings, gathered, unable, lambda: None)
        return
    with held(state) as folder:
        past = State.load(folder)
        seen = past.seen() if duplicates == "once" else None
        gathered = gather_facts(source, duplicates, reading, seen)
        whole = past.facts.absorb(gathered.facts)
        findings, unable = find(whole, detectors)
        fresh = past.untold(_from(findings, gathered.facts.oldest()))

        def commit() -> None:
            past.after(whole, fresh, seen).save(folder)

        yield _outcome(fresh, gathered, unable, commit)


def _outcome(
    findings: pa.Table, gathered: Gathered, unable: dict[str, str], commit: Callable[[], None]
) -> Outcome:
    """With what was read, lost and left unanswered in the metadata of the findings."""
    said = {
        "counts": gathered.passed.counts.as_dict(),
        "errors": gathered.passed.errors.to_pylist(),
        "duplicates": gathered.duplicates,
        "unable": unable,
    }
    findings = findings.replace_schema_metadata({"flowparse": json.dumps(said)})
    return Outcome(findings, gathered.passed, unable, commit)


def _from(findings: pa.Table, oldest: pa.Scalar) -> pa.Table:
    """Those of windows that new records can have changed: what is found is causal."""
    return findings.filter(pc.fill_null(pc.greater_equal(findings["time"], oldest), False))


def arm(detectors: Iterable[Detector], lists: Sequence[object], baseline: object) -> list[Detector]:
    """Give threat lists and the baseline to the detectors that have a field for them."""
    given: dict[str, object] = {
        "lists": tuple(map(_read_list, lists)),
        "baseline": read_baseline(baseline),
    }
    return [
        _with(one, {name: value for name, value in given.items() if value}) for one in detectors
    ]


def _read_list(given: Any) -> PrefixTable:
    return given if isinstance(given, PrefixTable) else load_threat_list(given)


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
