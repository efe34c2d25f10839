"""What labels promise: a plain recount of the files finds the same."""

from __future__ import annotations

import gzip
import re
from itertools import pairwise
from pathlib import Path

import pytest

from flowparse.testing import STORIES, Delivery, Label, Network, write_delivery

NETWORK = Network(seed=11, accounts=("111122223333", "012345678901"), interfaces=30, peers=200)
WITHOUT_ADDRESSES = ("skipdata", "silence")
ADDRESSED = [story for story in STORIES if story not in WITHOUT_ADDRESSES]
Row = dict[str, str]


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    folder = tmp_path_factory.mktemp("bucket")
    return write_delivery(folder, NETWORK, records=8000, hours=1, stories=STORIES)


@pytest.fixture(scope="module")
def rows(delivery: Delivery) -> list[Row]:
    return [row for path in delivery.files for row in read_rows(path)]


def read_rows(path: Path) -> list[Row]:
    header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return [dict(zip(header.split(), line.split(), strict=True)) for line in lines]


def requests_of(label: Label, rows: list[Row]) -> list[Row]:
    return [
        row
        for row in rows
        if row["srcaddr"] in label.sources and row["dstaddr"] in label.destinations
    ]


def replies_of(label: Label, rows: list[Row]) -> list[Row]:
    return [
        row
        for row in rows
        if row["dstaddr"] in label.sources and row["srcaddr"] in label.destinations
    ]


def told_of(label: Label) -> int:
    """All records that came with a story."""
    return label.records + label.replies + label.skip_data + label.around


def label_of(story: str, delivery: Delivery) -> Label:
    (label,) = [label for label in delivery.labels if label.story == story]
    return label


@pytest.mark.parametrize("story", ADDRESSED)
def test_recount_finds_what_the_label_says(story: str, delivery: Delivery, rows: list[Row]) -> None:
    """Records, replies, bytes, times, ports and interface of a label are those of the files."""
    label = label_of(story, delivery)
    found, replies = requests_of(label, rows), replies_of(label, rows)
    assert len(found) == label.records
    assert len(replies) == label.replies
    assert {row["action"] for row in replies} == {label.reply_action} - {None}
    assert sum(int(row["bytes"]) for row in found) == label.bytes
    assert min(int(row["start"]) for row in found) == label.start.timestamp()
    assert max(int(row["end"]) for row in found) == label.end.timestamp()
    assert sorted({int(row["dstport"]) for row in found}) == list(label.ports)
    assert {row["srcaddr"] for row in found} == set(label.sources)
    assert {row["dstaddr"] for row in found} == set(label.destinations)
    assert {row["interface-id"] for row in found} == {label.interface_id}
    assert {row["account-id"] for row in found} == {label.account_id}
    assert {row["action"] for row in found} == {label.action}
    assert {row["protocol"] for row in found} == {str(label.protocol)}


def test_stories_come_on_top(delivery: Delivery, rows: list[Row]) -> None:
    """The delivery has the records asked for, and those of the stories with all that they need."""
    told = sum(told_of(label) for label in delivery.labels)
    assert len(rows) == delivery.records == 8000 + told


def test_strangers_of_stories_are_in_nothing_else(delivery: Delivery, rows: list[Row]) -> None:
    """203.0.113.0/24 and 192.0.2.0/24 are in no record but the stories'."""
    strange = [r for r in rows if re.search(r"203\.0\.113\.|192\.0\.2\.", " ".join(r.values()))]
    from_outside = [label for label in delivery.labels if label.story != "host-sweep"]
    assert len(strange) == sum(label.records + label.replies for label in from_outside)


def test_stories_have_interfaces_of_their_own(delivery: Delivery) -> None:
    """No two stories happen at one interface, and both accounts have some."""
    assert [label.story for label in delivery.labels] == list(STORIES)
    assert len({label.interface_id for label in delivery.labels}) == len(STORIES)
    assert {label.account_id for label in delivery.labels} == set(NETWORK.accounts)


def test_no_two_stories_have_a_stranger_in_common() -> None:
    """Whatever the seed, an address of 203.0.113.0/24 or 192.0.2.0/24 is one story's."""
    for seed in range(40):
        labels = Network(seed=seed, interfaces=30, peers=50).labels(STORIES)
        both = [{*label.sources, *label.destinations} for label in labels]
        outside = [
            address
            for addresses in both
            for address in addresses
            if address.startswith(("203.0.113.", "192.0.2."))
        ]
        assert len(set(outside)) == len(outside) > len(STORIES)


def test_later_stories_bring_their_own_host(delivery: Delivery, rows: list[Row]) -> None:
    """Every record of the interface of a later story is the story's."""
    for label in delivery.labels[4:]:
        found = [row for row in rows if row["interface-id"] == label.interface_id]
        assert len(found) == told_of(label)


def test_port_scan_is_one_source_and_many_ports(delivery: Delivery) -> None:
    """A scan: one source, one destination, hundreds of ports, once each, within minutes."""
    scan = delivery.labels[0]
    assert len(scan.sources) == len(scan.destinations) == 1
    assert len(scan.ports) == scan.records == 300
    assert (scan.end - scan.start).total_seconds() < 300
    assert scan.action == "REJECT"


def test_denied_ssh_is_a_few_sources_at_port_22(delivery: Delivery, rows: list[Row]) -> None:
    """Denied SSH: few sources, and no other source is rejected there as often as any of them."""
    label = delivery.labels[1]
    assert label.ports == (22,)
    assert 2 <= len(label.sources) <= 5
    denied = [r["srcaddr"] for r in rows if r["dstport"] == "22" and r["action"] == "REJECT"]
    counts = {source: denied.count(source) for source in set(denied)}
    least = min(counts[source] for source in label.sources)
    assert all(n < least for source, n in counts.items() if source not in label.sources)


def test_exfiltration_is_steady_and_goes_one_way(delivery: Delivery, rows: list[Row]) -> None:
    """Exfiltration: every minute a like amount goes out, far more than comes back."""
    label = delivery.labels[2]
    found = requests_of(label, rows)
    starts = sorted(int(row["start"]) for row in found)
    assert {b - a for a, b in pairwise(starts)} == {60}
    sizes = [int(row["bytes"]) for row in found]
    assert max(sizes) < 1.2 * min(sizes)
    back = sum(int(row["bytes"]) for row in replies_of(label, rows))
    assert sum(sizes) > 10 * back


def test_beacon_keeps_time(delivery: Delivery, rows: list[Row]) -> None:
    """A beacon: each start is within the jitter of a clock that beats at the interval."""
    label = delivery.labels[3]
    assert label.interval_seconds
    assert label.jitter_seconds
    starts = sorted(int(row["start"]) for row in requests_of(label, rows))
    assert len(starts) >= 15
    drift = [at - starts[0] - n * label.interval_seconds for n, at in enumerate(starts)]
    assert max(drift) - min(drift) <= 2 * label.jitter_seconds
    assert len(set(drift)) > 1


@pytest.mark.parametrize("hours", [300 / 3600, 24])
def test_stories_fit_short_and_long_times(hours: float, tmp_path: Path) -> None:
    """Five minutes and a day hold every story whole."""
    delivery = write_delivery(tmp_path, NETWORK, records=100, hours=hours, stories=STORIES)
    found = [row for path in delivery.files for row in read_rows(path)]
    for label in delivery.labels:
        assert len(requests_of(label, found)) == label.records
        assert label.story in WITHOUT_ADDRESSES or label.records > 2
        assert label.start.timestamp() >= 1767225600
        assert label.end.timestamp() < 1767225600 + hours * 3600


def test_labels_alone_are_those_of_the_text() -> None:
    """`Network.labels` tells what `Network.text` plants for the same arguments."""
    text = NETWORK.text("srcaddr dstaddr", records=10, seconds=600, stories=["beacon"]).decode()
    pairs = [tuple(line.split()) for line in text.splitlines()]
    (label,) = NETWORK.labels(["beacon"], seconds=600)
    assert pairs.count((label.sources[0], label.destinations[0])) == label.records
