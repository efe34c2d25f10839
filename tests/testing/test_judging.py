"""What the judge says of findings made by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from flowparse.testing import STORIES, Label, Network, judge, label_findings
from flowparse.testing.judging import MAY_FIND, MUST_FIND

NETWORK = Network(seed=3, interfaces=30, peers=50)
LABELS = {x.story: x for x in NETWORK.labels(STORIES, seconds=2 * 86400)}

# As `flowparse.detect.run` returns them.
TIME = pa.timestamp("s", "UTC")
SCHEMA = pa.schema(
    [
        ("time", TIME),
        *[(name, pa.string()) for name in "detector severity entity account_id".split()],
        *[(name, pa.string()) for name in "interface_id srcaddr dstaddr".split()],
        ("dstport", pa.int32()),
        ("protocol", pa.int32()),
        ("action", pa.string()),
        *[(name, pa.int64()) for name in "records packets bytes".split()],
        *[(name, pa.float64()) for name in "measure expected".split()],
        ("first_seen", TIME),
        ("last_seen", TIME),
        *[(name, pa.string()) for name in "technique why".split()],
    ]
)
DETECTORS = (
    "denied-spike vertical-scan horizontal-scan brute-force exposed-admin exfiltration beacon"
    " listed-address new-service new-peer unusual-protocol data-loss asymmetric-reject"
).split()


def finding(detector: str, label: Label, **changed: Any) -> dict[str, Any]:
    """A finding that fits the label, but for what is changed."""
    source = label.sources[0] if len(label.sources) == 1 else None
    target = label.destinations[0] if len(label.destinations) == 1 else None
    row = {
        "time": label.since,
        "detector": detector,
        "entity": source or target or label.interface_id,
        "interface_id": label.interface_id,
        "srcaddr": source,
        "dstaddr": target,
        "first_seen": label.since,
        "last_seen": label.until,
    }
    return row | changed


def verdict_of(rows: list[dict[str, Any]], labels: list[Label], **more: Any) -> dict[str, Any]:
    """The one row of the judge."""
    (verdict,) = judge(pa.Table.from_pylist(rows, SCHEMA), labels, **more).to_pylist()
    assert isinstance(verdict, dict)
    return verdict


def is_found(story: str, **changed: Any) -> bool:
    """Does the story's detector find it with a finding that is changed like that?"""
    label, (detector,) = LABELS[story], MUST_FIND[story]
    verdict = verdict_of([finding(detector, label, **changed)], [label])
    assert verdict["found"] + verdict["missed"] == verdict["stories"] == 1
    assert verdict["false_alarms"] == verdict["missed"]
    return bool(verdict["found"])


def test_tables_name_every_story_and_every_detector() -> None:
    """Each story has its row, each detector a story, and no detector must and may at once."""
    assert list(MUST_FIND) == list(STORIES)
    assert {name for names in MUST_FIND.values() for name in names} == set(DETECTORS)
    assert {name for names in MAY_FIND.values() for name in names} <= set(DETECTORS)
    assert set(MAY_FIND) <= set(STORIES)
    for story, names in MAY_FIND.items():
        assert set(names).isdisjoint(MUST_FIND[story])


def test_all_found_is_precision_and_recall_of_one() -> None:
    """A finding for each story gives one row a detector, and nothing missed or made up."""
    rows = [finding(d, LABELS[story]) for story, names in MUST_FIND.items() for d in names]
    table = judge(pa.Table.from_pylist(rows, SCHEMA), LABELS.values())
    assert table["detector"].to_pylist() == sorted(DETECTORS)
    assert set(table["precision"].to_pylist()) == set(table["recall"].to_pylist()) == {1.0}
    assert sum(table["found"].to_pylist()) == sum(table["findings"].to_pylist()) == 17


def test_nothing_found_is_recall_of_zero() -> None:
    """No finding: every story is missed by name, and there is no precision."""
    table = judge(pa.Table.from_pylist([], SCHEMA), LABELS.values())
    assert set(table["precision"].to_pylist()) == {None}
    assert set(table["recall"].to_pylist()) == {0.0}
    missed = dict(
        zip(*table.select(["detector", "missed_stories"]).to_pydict().values(), strict=True)
    )
    assert missed["brute-force"] == ["denied-ssh", "ssh-brute-force", "rdp-brute-force"]
    assert missed["data-loss"] == ["skipdata", "silence"]


def test_shares_are_those_of_a_count_by_hand() -> None:
    """Two of three stories and two of five findings: recall 2/3, precision 2/5."""
    labels = [LABELS[story] for story in ("denied-ssh", "ssh-brute-force", "rdp-brute-force")]
    right = [finding("brute-force", label) for label in labels[:2]]
    wrong = [finding("brute-force", labels[0], dstaddr=f"10.9.9.{n}") for n in range(3)]
    verdict = verdict_of(right + wrong, labels)
    assert verdict == {
        "detector": "brute-force",
        "stories": 3,
        "found": 2,
        "missed": 1,
        "findings": 5,
        "false_alarms": 3,
        "precision": 2 / 5,
        "recall": 2 / 3,
        "missed_stories": ["rdp-brute-force"],
    }


def test_another_detector_is_a_false_alarm() -> None:
    """A scan that is called a beacon is a false alarm, and the scan is missed."""
    label = LABELS["port-scan"]
    table = judge(pa.Table.from_pylist([finding("beacon", label)], SCHEMA), [label])
    rows = table.select(["detector", "missed", "false_alarms"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("beacon", 0, 1), ("vertical-scan", 1, 0)]


def test_two_findings_of_one_story_are_both_right() -> None:
    """A story that is told twice counts once as found, and no finding is a false alarm."""
    label = LABELS["beacon"]
    verdict = verdict_of([finding("beacon", label)] * 2, [label])
    assert (verdict["found"], verdict["findings"], verdict["precision"]) == (1, 2, 1.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"srcaddr": None},
        {"srcaddr": None, "dstaddr": None, "interface_id": None},
        {"dstaddr": None, "entity": None},
        {"srcaddr": None, "dstaddr": None, "entity": None},
        {"first_seen": None, "last_seen": None},
        {"interface_id": None},
        {"interface_id": "eni-other"},
    ],
)
def test_what_a_finding_leaves_out_does_not_matter(changed: dict[str, Any]) -> None:
    """Either address, the entity or the interface is enough; so is the time of the window."""
    assert is_found("port-scan", **changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"srcaddr": "10.9.9.9"},
        {"dstaddr": "10.9.9.9"},
        {"srcaddr": None, "dstaddr": None, "entity": "10.9.9.9", "interface_id": "eni-other"},
        {"srcaddr": None, "dstaddr": None, "entity": None, "interface_id": None},
    ],
)
def test_another_party_is_a_false_alarm(changed: dict[str, Any]) -> None:
    """One foreign address, or nothing that the label names, and it is somebody else's story."""
    label = LABELS["port-scan"]
    table = judge(
        pa.Table.from_pylist([finding("vertical-scan", label, **changed)], SCHEMA), [label]
    )
    assert sum(table["found"].to_pylist()) == 0
    assert sum(table["false_alarms"].to_pylist()) == 1


@pytest.mark.parametrize("entity", ["{}", "{}:22", "{} -> 10.0.0.1", "client {}"])
def test_entity_names_an_address_in_a_text(entity: str) -> None:
    """The address may stand in a text, but whole: 203.0.113.1 is not in 203.0.113.10."""
    source = LABELS["port-scan"].sources[0]
    nothing = {"srcaddr": None, "dstaddr": None, "interface_id": None}
    assert is_found("port-scan", entity=entity.format(source), **nothing)
    assert not is_found("port-scan", entity=entity.format(source + "0"), **nothing)
    assert not is_found("port-scan", entity=entity.format("1" + source), **nothing)


def test_spike_is_found_while_it_lasts() -> None:
    """Denied all day, the entity is a story for ten minutes; before and after it is not."""
    label = LABELS["denied-spike"]
    assert label.since is not None
    hours = timedelta(hours=2)
    for shift, expected in ((-hours, False), (timedelta(0), True), (hours, False)):
        at = label.since + shift
        last = at + timedelta(minutes=10)
        assert is_found("denied-spike", time=at, first_seen=at, last_seen=last) == expected


def test_window_that_began_before_the_story_fits() -> None:
    """A window of an hour that says no more than its begin reaches into the story."""
    since = LABELS["port-scan"].since
    assert since is not None
    times = {"first_seen": None, "last_seen": None}
    assert is_found("port-scan", time=since - timedelta(minutes=59), **times)
    assert not is_found("port-scan", time=since - timedelta(minutes=61), **times)


def test_interface_alone_finds_a_silence() -> None:
    """A story without addresses is found at its interface, not at another."""
    for story in ("skipdata", "silence"):
        assert is_found(story)
        assert not is_found(story, entity="eni-other", interface_id="eni-other")
        assert not is_found(story, srcaddr="10.9.9.9")


def test_exposed_port_is_rightly_found_in_brute_force() -> None:
    """A finding that another story may also raise is no false alarm, and finds nothing."""
    label = LABELS["ssh-brute-force"]
    table = judge(pa.Table.from_pylist([finding("exposed-admin", label)], SCHEMA), [label])
    by_name = {row["detector"]: row for row in table.to_pylist()}
    assert by_name["exposed-admin"]["false_alarms"] == 0
    assert by_name["exposed-admin"]["recall"] is None
    assert by_name["brute-force"]["missed"] == 1


def test_closed_door_is_no_asymmetry() -> None:
    """Requests rejected at the door are a false alarm of the detector of rejected answers."""
    label = LABELS["closed-door"]
    verdict = verdict_of([finding("asymmetric-reject", label)], [label])
    assert (verdict["stories"], verdict["false_alarms"], verdict["precision"]) == (0, 1, 0.0)


def test_own_detector_is_judged_by_what_it_must_find() -> None:
    """`finds` tells the stories of a detector that is not flowparse's."""
    label = LABELS["port-scan"]
    more = {"finds": {"mine": ["port-scan", "beacon"]}}
    table = judge(pa.Table.from_pylist([finding("mine", label)], SCHEMA), [label], **more)
    row = {row["detector"]: row for row in table.to_pylist()}["mine"]
    assert (row["stories"], row["found"], row["false_alarms"]) == (1, 1, 0)


def test_findings_are_told_their_story() -> None:
    """Each finding gets the story that it fits, and null if there is none."""
    scan, force = LABELS["port-scan"], LABELS["ssh-brute-force"]
    rows = [
        finding("vertical-scan", scan),
        finding("vertical-scan", force),
        finding("exposed-admin", force),
    ]
    told = label_findings(pa.Table.from_pylist(rows, SCHEMA), [scan, force])
    assert told["story"].to_pylist() == ["port-scan", None, "ssh-brute-force"]
    assert told.drop_columns("story").schema.equals(SCHEMA)


def test_any_arrow_stream_is_judged_and_a_missing_column_named() -> None:
    """A stream does as well as a table; a table without `entity` is a KeyError."""
    label = LABELS["port-scan"]
    table = pa.Table.from_pylist([finding("vertical-scan", label)], SCHEMA)
    reader = pa.RecordBatchReader.from_batches(SCHEMA, table.to_batches())
    assert judge(reader, [label]).equals(judge(table, [label]))
    with pytest.raises(KeyError, match="entity"):
        judge(table.drop_columns("entity"), [label])
