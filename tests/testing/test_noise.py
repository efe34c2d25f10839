"""What the noise of a network keeps to: pairs, hours, rhythms, and nothing of a story."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import pytest

from flowparse import open_reader
from flowparse.logformat import LogFormat
from flowparse.testing import NOISE, STORIES, Network, cloudwatch_events, write_delivery, write_tree
from flowparse.testing.network import cast_of
from flowparse.testing.noise import Noise

START = 1772582400  # 2026-03-04T00:00:00Z
HOUR = 3600
ACCOUNTS = ("111122223333", "444455556666")
FIELDS = (
    "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end"
    " action log-status"
)
PRIVATE = [ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
Row = dict[str, str]


def network_of(level: str | None, **more: object) -> Network:
    given = {"seed": 5, "accounts": ACCOUNTS, "interfaces": 40, "peers": 50, "noise": level}
    return Network(**(given | more))  # type: ignore[arg-type]


def rows_of(network: Network, start: int = START + 9 * HOUR, seconds: int = 2 * HOUR) -> list[Row]:
    text = network.text(FIELDS, records=0, start=start, seconds=seconds, header=False)
    return [dict(zip(FIELDS.split(), x.split(), strict=True)) for x in text.decode().splitlines()]


ROWS = {level: rows_of(network_of(level)) for level in NOISE}


def is_private(address: str) -> bool:
    return any(ip_address(address) in network for network in PRIVATE)


def lines_of(network: Network, start: int, seconds: int) -> list[str]:
    text = network.text(records=0, start=start, seconds=seconds, header=False)
    return sorted(text.decode().splitlines())


@pytest.mark.parametrize("level", NOISE)
def test_every_accepted_request_has_its_answer(level: str) -> None:
    """At each interface, each accepted record has one with both ends swapped, at the same time."""
    ends = ("srcaddr", "srcport"), ("dstaddr", "dstport")
    there, back = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    accepted = [row for row in ROWS[level] if row["action"] == "ACCEPT"]
    for row in accepted:
        source, target = ((row[address], row[port]) for address, port in ends)
        at = (row["interface-id"], row["protocol"], row["start"], row["end"])
        there[(*at, *source, *target)] += 1
        back[(*at, *target, *source)] += 1
    assert len(accepted) > 100
    assert there == back


@pytest.mark.parametrize("level", NOISE)
def test_hour_is_the_same_whatever_is_asked_around_it(level: str) -> None:
    """Two hours are the first and the second one, and twelve windows are an hour."""
    network = network_of(level)
    first, second = (lines_of(network, START + at * HOUR, HOUR) for at in (9, 10))
    assert lines_of(network, START + 9 * HOUR, 2 * HOUR) == sorted(first + second)
    windows = [lines_of(network, START + 9 * HOUR + 300 * n, 300) for n in range(12)]
    assert sorted(line for window in windows for line in window) == first


@pytest.mark.parametrize("interval", [60, 600])
@pytest.mark.parametrize("level", NOISE)
def test_no_record_leaves_its_hour(level: str, interval: int) -> None:
    """Whatever begins in an hour ends in it, so that nothing is lost between two."""
    network = network_of(level, interval=interval)
    for hour in (START + HOUR, START + 14 * HOUR, START + 23 * HOUR):
        noise = Noise(cast_of(network), NOISE[level], network.seed, ACCOUNTS, transit=False)
        events = list(noise._make(hour))
        assert min(event.start for event in events) >= hour
        assert max(event.end for event in events) < hour + HOUR
        assert all(event.start <= event.end < event.start + interval for event in events)


@pytest.mark.parametrize("level", NOISE)
def test_no_interface_is_ever_silent(level: str) -> None:
    """Every interface has a record, or NODATA, in every minute; a visitor's while it is there."""
    seen = defaultdict(set)
    for row in ROWS[level]:
        seen[row["interface-id"]] |= {int(row["start"]) // 60, int(row["end"]) // 60}
    minutes = set(range((START + 9 * HOUR) // 60, (START + 11 * HOUR) // 60))
    stay = [times for times in seen.values() if times == minutes]
    assert 36 <= len(stay) <= 40
    for times in seen.values():
        assert times == set(range(min(times), max(times) + 1))
    assert (len(seen) > len(stay)) == (NOISE[level].visitors > 0)


def test_levels_are_louder_and_louder() -> None:
    """Each level has more records than the one before, and more that are rejected."""
    order = ("quiet", "usual", "loud")
    assert tuple(NOISE) == order
    for less, more in pairwise(order):
        assert len(ROWS[less]) * 2 < len(ROWS[more])
        rejected = [sum(r["action"] == "REJECT" for r in ROWS[level]) for level in (less, more)]
        assert rejected[0] < rejected[1]


@pytest.mark.parametrize("level", NOISE)
def test_noise_has_nothing_of_a_story(level: str) -> None:
    """No address of a story, no admin port open to the internet, no protocol but the usual."""
    for row in ROWS[level]:
        if row["srcaddr"] == "-":
            continue
        for address in (row["srcaddr"], row["dstaddr"]):
            assert not address.startswith(("203.0.113.", "192.0.2."))
        assert row["protocol"] in ("1", "6", "17")
        if row["action"] == "ACCEPT" and row["dstport"] in ("22", "3389"):
            assert is_private(row["srcaddr"])


@pytest.mark.parametrize("level", NOISE)
def test_strangers_are_rejected_and_never_answered(level: str) -> None:
    """What is rejected of the internet comes from sources that nothing is accepted of."""
    rejected = [row for row in ROWS[level] if row["action"] == "REJECT"]
    strangers = {row["srcaddr"] for row in rejected if not is_private(row["srcaddr"])}
    accepted = [row for row in ROWS[level] if row["action"] == "ACCEPT"]
    assert len(strangers) >= NOISE[level].scanners
    assert strangers.isdisjoint(row["srcaddr"] for row in accepted)
    assert strangers.isdisjoint(row["dstaddr"] for row in accepted)


def test_late_answer_follows_a_connection_that_was_accepted() -> None:
    """A rejected record that leaves a machine is the end of a connection some minutes before."""
    rows = rows_of(network_of("loud", accounts=ACCOUNTS[:1], interfaces=9), START, 12 * HOUR)
    ends = ("srcaddr", "srcport", "dstaddr", "dstport")
    accepted = {tuple(row[name] for name in ends): int(row["end"]) for row in rows
                if row["action"] == "ACCEPT" and row["dstaddr"].startswith("192.168.")}  # fmt: skip
    late = [row for row in rows if row["action"] == "REJECT" and row["srcaddr"].startswith("10.")]
    assert 4 <= len(late) <= 20
    for row in late:
        assert 350 < int(row["start"]) - accepted[tuple(row[name] for name in ends)] < 450


def test_forgotten_client_is_denied_all_day() -> None:
    """One private client is rejected in every hour, less often at night."""
    rows = rows_of(network_of("loud", accounts=ACCOUNTS[:1], interfaces=6), START, 24 * HOUR)
    denied = [row for row in rows if row["action"] == "REJECT" and is_private(row["srcaddr"])]
    clients = Counter(row["srcaddr"] for row in denied if row["srcaddr"].startswith("192.168."))
    ((client, times),) = clients.most_common()
    hours = Counter((int(r["start"]) - START) // HOUR for r in denied if r["srcaddr"] == client)
    assert times > 1000
    assert set(hours) == set(range(24))
    assert 3 * hours[3] < hours[14]


def test_automation_is_ssh_from_inside() -> None:
    """Where it is loud, one machine has a short SSH connection from inside every two minutes."""
    starts = defaultdict(list)
    for row in ROWS["loud"]:
        if row["dstport"] == "22" and row["dstaddr"].startswith("10."):
            starts[row["interface-id"], row["srcaddr"], row["dstaddr"]].append(int(row["start"]))
    regular = [s for s in starts.values() if {b - a for a, b in pairwise(sorted(s))} == {120}]
    assert len(regular) == 4  # two accounts, and both ends see it


def test_time_is_asked_for_every_64_seconds() -> None:
    """Where it is loud, every machine asks for the time every 64 seconds to the second."""
    asked = defaultdict(list)
    for row in ROWS["loud"]:
        if (row["protocol"], row["dstport"]) == ("17", "123"):
            asked[row["interface-id"]].append(int(row["start"]))
    assert len(asked) > 20
    for starts in asked.values():
        assert {later - earlier for earlier, later in pairwise(sorted(starts))} == {64}


@pytest.mark.parametrize("level", NOISE)
def test_backup_is_every_night_and_about_the_same(level: str) -> None:
    """Each night at one, one machine uploads to the same address; no other hour has as much."""
    network = network_of(level, accounts=ACCOUNTS[:1], interfaces=20)
    sums = []
    for day in range(3):
        sent: Counter[tuple[str, str]] = Counter()
        for row in rows_of(network, START + day * 86400 + HOUR, HOUR):
            if row["srcaddr"] != "-" and not is_private(row["dstaddr"]) and row["dstport"] == "443":
                sent[row["srcaddr"], row["dstaddr"]] += int(row["bytes"])
        ((pair, most),) = sent.most_common(1)
        sums.append((pair, most))
    assert len({pair for pair, _ in sums}) == 1
    amounts = [most for _, most in sums]
    assert max(amounts) < 1.2 * min(amounts)
    assert min(amounts) > 0.9 * NOISE[level].backup_bytes


def test_delivery_has_the_noise_of_each_account(tmp_path: Path) -> None:
    """Objects of both accounts together have the lines of the text, stories among them."""
    network = network_of("quiet")
    given = {"records": 0, "start": START, "stories": ["port-scan", "silence"]}
    delivery = write_delivery(tmp_path, network, hours=1, **given)  # type: ignore[arg-type]
    lines = network.text(seconds=HOUR, header=False, **given)  # type: ignore[arg-type]
    found = b"".join(
        gzip.decompress(path.read_bytes()).split(b"\n", 1)[1] for path in delivery.files
    )
    assert sorted(found.splitlines()) == sorted(lines.splitlines())
    for written in delivery.objects:
        assert written.records > 0


def test_tree_and_log_group_have_the_noise() -> None:
    """A tree has ten records an object and the noise; a log group has an event a record."""
    network = network_of("quiet", accounts=ACCOUNTS[:1], interfaces=20)
    rows = rows_of(network, START, HOUR)
    bucket: dict[str, bytes] = {}
    tree = write_tree(bucket.__setitem__, network, start=START, days=1 / 24, records=10)
    assert tree.records == len(rows) + 12 * 10
    streams = cloudwatch_events(network, records=0, start=START)
    assert sum(len(events) for events in streams.values()) == len(rows)


def test_gateway_sees_nothing_that_stays_in_a_vpc() -> None:
    """A transit gateway's flow log has no record between two interfaces of one VPC."""
    network = network_of("usual")
    text = network.text(LogFormat.transit_gateway(), records=0, start=START, header=False)
    places = list(LogFormat.transit_gateway())
    source, target = places.index("srcaddr"), places.index("dstaddr")
    lines = [line.split() for line in text.decode().splitlines()]
    assert len(lines) > 1000
    for line in lines:
        assert not (line[source].startswith("10.") and line[target].startswith("10."))


def test_long_interval_has_long_records() -> None:
    """With an interval of 600 seconds, NODATA lasts 600 seconds, and no record lasts longer."""
    rows = rows_of(network_of("usual", interval=600), seconds=HOUR)
    lengths = {(r["log-status"], int(r["end"]) - int(r["start"])) for r in rows}
    assert {length for status, length in lengths if status == "NODATA"} == {599}
    assert max(length for _, length in lengths) == 599


def test_quiet_network_stays_as_it_was() -> None:
    """`noise=None` adds nothing, and noise changes none of the other lines."""
    plain, noisy = network_of(None), network_of("quiet")
    text = plain.text(records=500, stories=list(STORIES)[:4], header=False)
    more = noisy.text(records=500, stories=list(STORIES)[:4], header=False)
    assert plain == Network(seed=5, accounts=ACCOUNTS, interfaces=40, peers=50)
    assert not Counter(text.splitlines()) - Counter(more.splitlines())
    assert len(more) > 2 * len(text)


@pytest.mark.parametrize("interfaces", [1, 2, 3])
@pytest.mark.parametrize("level", NOISE)
def test_smallest_networks_have_noise_too(level: str, interfaces: int) -> None:
    """One, two or three interfaces of one account do with what they have."""
    network = network_of(level, accounts=ACCOUNTS[:1], interfaces=interfaces)
    assert len(rows_of(network, seconds=600)) >= 10 * interfaces


def test_wrong_level_is_named() -> None:
    """A level that is none is a ValueError that names those that are."""
    with pytest.raises(
        ValueError, match="noise: expected one of quiet, usual, loud, got 'deafening'"
    ):
        network_of("deafening")


@pytest.mark.parametrize("log_format", [LogFormat.all_fields(), LogFormat.transit_gateway()])
def test_every_line_is_a_record(log_format: LogFormat) -> None:
    """Flowparse rejects no line of noise and stories, in the widest formats."""
    network = network_of("loud", ipv6=0.3)
    text = network.text(log_format, records=0, start=START + 9 * HOUR, stories=STORIES)
    with open_reader(text, on_reject="raise") as reader:
        rows = sum(batch.num_rows for batch in reader)
    assert rows == reader.counts.records == text.count(b"\n") - 1 > 10_000
