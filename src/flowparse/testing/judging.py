"""Floor 4: findings of detectors against labels of stories: what was found, missed, made up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from flowparse.testing.stories import Label

__all__ = ["MAY_FIND", "MUST_FIND", "judge", "label_findings"]

#: The stories, and the detectors each of which must find it.
MUST_FIND: Final[Mapping[str, tuple[str, ...]]] = {
    "port-scan": ("vertical-scan",),
    "denied-ssh": ("brute-force",),
    "exfiltration": ("exfiltration",),
    "beacon": ("beacon",),
    "denied-spike": ("denied-spike",),
    "accepted-scan": ("vertical-scan",),
    "host-sweep": ("horizontal-scan",),
    "ssh-brute-force": ("brute-force",),
    "rdp-brute-force": ("brute-force",),
    "exposed-admin": ("exposed-admin",),
    "listed-address": ("listed-address",),
    "new-service": ("new-service",),
    "new-peer": ("new-peer",),
    "odd-protocol": ("unusual-protocol",),
    "skipdata": ("data-loss",),
    "silence": ("data-loss",),
    "acl-asymmetry": ("asymmetric-reject",),
    "closed-door": (),
}

#: The detectors that are right, too, if they find it.
MAY_FIND: Final[Mapping[str, tuple[str, ...]]] = {
    "port-scan": ("denied-spike",),
    "denied-ssh": ("denied-spike",),
    "exfiltration": ("new-peer",),
    "beacon": ("new-peer",),
    # Its open ports are one of an admin, and none that the host ever answered at.
    "accepted-scan": ("exposed-admin", "new-service", "new-peer"),
    "host-sweep": ("new-peer",),
    "ssh-brute-force": ("exposed-admin", "new-service", "new-peer"),
    "rdp-brute-force": ("exposed-admin", "new-service", "new-peer"),
    "exposed-admin": ("new-service", "new-peer"),
    "listed-address": ("new-peer",),
    "new-service": ("new-peer",),
    "odd-protocol": ("new-peer",),
    "acl-asymmetry": ("denied-spike", "new-peer"),
    "closed-door": ("denied-spike",),
}

# A finding that does not say when it was seen: as long as the longest window of a detector.
_WINDOW: Final = timedelta(hours=1)

_VERDICT: Final = pa.schema(
    [
        ("detector", pa.string()),
        ("stories", pa.int64()),
        ("found", pa.int64()),
        ("missed", pa.int64()),
        ("findings", pa.int64()),
        ("false_alarms", pa.int64()),
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("missed_stories", pa.list_(pa.string())),
    ]
)


def judge(
    findings: Any, labels: Iterable[Label], *, finds: Mapping[str, Sequence[str]] | None = None
) -> pa.Table:
    """How good detectors are: what they found of the stories, and what they made up.

    Parameters
    ----------
    findings : pyarrow.Table or object with `__arrow_c_stream__`
        As `flowparse.detect.run` returns them. Needed are the columns `time`, `detector`,
        `entity`, `interface_id`, `srcaddr`, `dstaddr`, `first_seen` and `last_seen`.
    labels : iterable of Label
        All that was planted where the findings come from.
    finds : mapping of str to sequence of str, optional
        Of detectors of your own: the stories that each must find.

    Returns
    -------
    pyarrow.Table
        A row for each detector with a story or a finding, by name: `stories` that it must find,
        of which `found` and `missed`; its `findings`, of which `false_alarms`; `precision`, the
        share of findings that are none (null without a finding), `recall`, the share of
        stories found (null without a story), and `missed_stories` by name.

    Raises
    ------
    KeyError
        A column is missing.

    Notes
    -----
    A story is found by a finding of a detector that must find it (`MUST_FIND`), if every address
    of the finding is one of the label's, at least one is named, or the interface where the
    finding has no address, and their times overlap. Several findings of one story are all right.
    A finding that fits no label is a false alarm, unless its detector is one of those that are
    right there, too (`MAY_FIND`): brute force from the internet has found an exposed port.

    Examples
    --------
    >>> from flowparse.testing import Network
    >>> (scan,) = Network(interfaces=10, peers=50).labels(["port-scan"])
    >>> row = {
    ...     "time": scan.start,
    ...     "detector": "vertical-scan",
    ...     "entity": scan.sources[0],
    ...     "interface_id": scan.interface_id,
    ...     "srcaddr": scan.sources[0],
    ...     "dstaddr": scan.destinations[0],
    ...     "first_seen": scan.start,
    ...     "last_seen": scan.end,
    ... }
    >>> elsewhere = row | {"entity": "10.9.9.9", "srcaddr": "10.9.9.9"}
    >>> verdict = judge(pa.Table.from_pylist([row, elsewhere]), [scan])
    >>> verdict.select(["detector", "found", "false_alarms", "precision", "recall"]).to_pylist()
    [{'detector': 'vertical-scan', 'found': 1, 'false_alarms': 1, 'precision': 0.5, 'recall': 1.0}]
    """
    labels = tuple(labels)
    must = _must_find(finds or {})
    rows = _rows_of(findings)
    fits = [_fitting(row, labels, must) for row in rows]
    alarms = Counter(row["detector"] for row in rows)
    right = Counter(row["detector"] for row, places in zip(rows, fits, strict=True) if places)
    seen = {
        (row["detector"], place) for row, places in zip(rows, fits, strict=True) for place in places
    }
    wanted = [(d, place) for place, x in enumerate(labels) for d in must.get(x.story, ())]
    verdicts = []
    for detector in sorted({*alarms, *(name for name, _ in wanted)}):
        places = [place for name, place in wanted if name == detector]
        missed = [labels[place].story for place in places if (detector, place) not in seen]
        verdicts.append(_verdict(detector, len(places), missed, alarms[detector], right[detector]))
    return pa.Table.from_pylist(verdicts, _VERDICT)


def label_findings(
    findings: Any, labels: Iterable[Label], *, finds: Mapping[str, Sequence[str]] | None = None
) -> pa.Table:
    """The findings with one more column, `story`: what each found, null for a false alarm.

    Parameters
    ----------
    findings, labels, finds
        As for `judge`.

    Returns
    -------
    pyarrow.Table

    Examples
    --------
    >>> names = ["detector", "entity", "interface_id", "srcaddr", "dstaddr"]
    >>> times = ["time", "first_seen", "last_seen"]
    >>> none = pa.table({name: pa.array([], pa.string()) for name in [*names, *times]})
    >>> label_findings(none, []).column_names[-1]
    'story'
    """
    labels = tuple(labels)
    table, must = _table_of(findings), _must_find(finds or {})
    stories = []
    for row in _rows_of(table):
        places = _fitting(row, labels, must)
        stories.append(labels[places[0]].story if places else None)
    return table.append_column("story", pa.array(stories, pa.string()))


def _must_find(finds: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """`MUST_FIND`, and what the caller's own detectors must find."""
    stories = {*MUST_FIND, *(story for named in finds.values() for story in named)}
    return {
        story: (
            *MUST_FIND.get(story, ()),
            *(detector for detector, named in finds.items() if story in named),
        )
        for story in stories
    }


def _table_of(findings: Any) -> pa.Table:
    return findings if isinstance(findings, pa.Table) else pa.table(findings)


def _rows_of(findings: Any) -> list[dict[str, Any]]:
    names = "time detector entity interface_id srcaddr dstaddr first_seen last_seen".split()
    rows: list[dict[str, Any]] = _table_of(findings).select(names).to_pylist()
    return rows


def _verdict(
    detector: str, stories: int, missed: list[str], findings: int, right: int
) -> dict[str, Any]:
    return {
        "detector": detector,
        "stories": stories,
        "found": stories - len(missed),
        "missed": len(missed),
        "findings": findings,
        "false_alarms": findings - right,
        "precision": right / findings if findings else None,
        "recall": (stories - len(missed)) / stories if stories else None,
        "missed_stories": missed,
    }


# ---------------------------------------------------------------- does a finding fit a label?


def _fitting(
    row: dict[str, Any], labels: Sequence[Label], must: Mapping[str, Sequence[str]]
) -> list[int]:
    """The places of the labels that a finding fits; those that it must find come first."""
    detector = row["detector"]
    fits = [place for place, label in enumerate(labels) if _fits(row, label)]
    musts = [place for place in fits if detector in must.get(labels[place].story, ())]
    mays = [place for place in fits if detector in MAY_FIND.get(labels[place].story, ())]
    return musts + mays


def _fits(row: dict[str, Any], label: Label) -> bool:
    return _same_party(row, label) and _same_time(row, label)


def _same_party(row: dict[str, Any], label: Label) -> bool:
    parties = {*label.sources, *label.destinations}
    named = {row["srcaddr"], row["dstaddr"]} - {None}
    if named:
        return named <= parties
    if _names(row["entity"], parties | {label.interface_id}):
        return True
    return bool(row["interface_id"] == label.interface_id)


def _names(entity: str | None, parties: Iterable[str]) -> bool:
    """Is one of them in the text, whole, such as `10.0.0.1` in `10.0.0.1:22`?"""
    words = set(re.findall(r"[\w.-]+", entity or "")) | {entity}
    return not words.isdisjoint(parties)


def _same_time(row: dict[str, Any], label: Label) -> bool:
    since, until = label.since or label.start, label.until or label.end
    time, first, last = (_moment(row[name]) for name in ("time", "first_seen", "last_seen"))
    begin = min(at for at in (time, first) if at is not None)
    end = max(at for at in (time, last or begin + _WINDOW) if at is not None)
    return begin <= until and end >= since


def _moment(at: datetime | None) -> datetime | None:
    """Without a zone, a time is in UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
