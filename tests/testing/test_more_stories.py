"""What each later story is, counted in the records."""

from __future__ import annotations

from collections import Counter, defaultdict
from ipaddress import ip_address, ip_network

import pytest

from flowparse.testing import STORIES, Label, Network

START = 1772582400  # 2026-03-04T00:00:00Z
SECONDS = 2 * 86400
NETWORK = Network(seed=3, accounts=("111122223333", "444455556666"), interfaces=30, peers=50)
LATER = list(STORIES)[4:]
LABELS = {x.story: x for x in NETWORK.labels(LATER, start=START, seconds=SECONDS)}
FIELDS = (
    "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    " log-status flow-direction"
)
Row = dict[str, str]


def read() -> list[Row]:
    text = NETWORK.text(
        FIELDS, records=0, start=START, seconds=SECONDS, stories=LATER, header=False
    )
    names = FIELDS.split()
    return [dict(zip(names, line.split(), strict=True)) for line in text.decode().splitlines()]


ROWS = read()
AT: dict[str, list[Row]] = defaultdict(list)
for each in ROWS:
    AT[each["interface-id"]].append(each)


def rows_of(story: str) -> tuple[Label, list[Row], list[Row]]:
    """A label, and its requests and replies."""
    label = LABELS[story]
    ours = AT[label.interface_id]
    requests = [
        r for r in ours if r["srcaddr"] in label.sources and r["dstaddr"] in label.destinations
    ]
    replies = [
        r for r in ours if r["dstaddr"] in label.sources and r["srcaddr"] in label.destinations
    ]
    return label, requests, replies


def seconds_of(row: Row) -> range:
    return range(int(row["start"]), int(row["end"]) + 1)


def length(label: Label) -> float:
    return (label.end - label.start).total_seconds()


@pytest.mark.parametrize("story", LATER)
def test_every_interval_of_an_own_host_has_a_record(story: str) -> None:
    """Until it falls silent, a story's host has a record or NODATA in every minute."""
    label = LABELS[story]
    until = int(label.start.timestamp()) if story == "silence" else START + SECONDS
    seen = {
        at // 60 for row in AT[label.interface_id] for at in (int(row["start"]), int(row["end"]))
    }
    assert seen == set(range(START // 60, until // 60))


def test_denied_spike_is_fifty_times_the_usual() -> None:
    """Denied all day, and in ten minutes fifty times as often as in ten others."""
    label, requests, _ = rows_of("denied-spike")
    assert label.since is not None
    assert label.until is not None
    low, high = label.since.timestamp(), label.until.timestamp()
    inside = [r for r in requests if low <= int(r["start"]) <= high]
    usual = (len(requests) - len(inside)) / (SECONDS - 600) * 600
    assert high - low == 599
    assert 45 * usual < len(inside) < 55 * usual
    assert length(label) > 0.99 * SECONDS
    assert {r["action"] for r in requests} == {"REJECT"}


def test_accepted_scan_is_let_in_and_few_ports_answer() -> None:
    """Hundreds of ports within hours, all accepted; who answers with more than a reset is open."""
    label, requests, replies = rows_of("accepted-scan")
    assert len(label.ports) == label.records == 240
    assert 3600 < length(label) <= 7200
    assert {r["action"] for r in requests} == {"ACCEPT"}
    answered = [r["srcport"] for r in replies if int(r["bytes"]) == 60]
    assert sorted(map(int, answered)) == [22, 80, 443, 8080]


def test_host_sweep_is_one_port_of_one_subnet() -> None:
    """One host, one port, hundreds of private addresses of a /20, few of which answer."""
    label, _, replies = rows_of("host-sweep")
    assert label.ports == (445,)
    assert len(label.sources) == 1
    assert len(set(label.destinations)) == label.records == 300
    networks = {ip_network(f"{address}/20", strict=False) for address in label.destinations}
    assert len(networks) == 1
    assert networks.pop().is_private
    assert 0 < len(replies) < 15


@pytest.mark.parametrize(("story", "port"), [("ssh-brute-force", 22), ("rdp-brute-force", 3389)])
def test_brute_force_is_many_short_answered_connections(story: str, port: int) -> None:
    """Hundreds of short accepted connections from few sources, each answered."""
    label, requests, replies = rows_of(story)
    assert label.ports == (port,)
    assert 2 <= len(label.sources) <= 3
    assert len(requests) == len(replies) >= 400
    assert {r["action"] for r in requests + replies} == {"ACCEPT"}
    assert max(len(seconds_of(r)) for r in requests) <= 6
    assert length(label) <= 3600


def test_exposed_admin_is_a_few_real_sessions() -> None:
    """A handful of connections, some minutes long, to 22 or 3389 from outside."""
    label, requests, replies = rows_of("exposed-admin")
    assert label.ports in ((22,), (3389,))
    sessions = Counter((r["srcaddr"], r["srcport"]) for r in requests)
    assert len(sessions) == 5
    assert min(sessions.values()) >= 8
    assert len(replies) == len(requests)


def test_listed_address_is_on_the_list() -> None:
    """One address is on the list as it is, one in a network of it; the list names no one else."""
    label, requests, _ = rows_of("listed-address")
    alone, network = label.threat_list
    assert alone in label.destinations
    listed = [ip_network(entry) for entry in label.threat_list]
    for row in ROWS:
        if row["srcaddr"] != "-":
            pair = (ip_address(row["srcaddr"]), ip_address(row["dstaddr"]))
            named = any(address in entry for address in pair for entry in listed)
            assert named == (row["interface-id"] == label.interface_id)
    assert len(label.destinations) == 2
    assert network.endswith("/30")
    assert len(requests) == 24


def test_new_service_was_not_there_before() -> None:
    """The interface answered at 443 alone until the story began, and then at another port."""
    label, requests, _ = rows_of("new-service")
    (port,) = label.ports
    assert port != 443
    rows = [r for r in AT[label.interface_id] if r["flow-direction"] == "egress"]
    before = {r["srcport"] for r in rows if int(r["start"]) < label.start.timestamp()}
    assert before == {"443"}
    assert label.start.timestamp() > START + 86400
    assert len({r["srcaddr"] for r in requests}) == 2
    first_hour = [r for r in requests if int(r["start"]) < label.start.timestamp() + 3600]
    assert 8 <= len(first_hour) <= 20


def test_new_peer_was_not_there_before() -> None:
    """Until the story began, the interface had three clients and two servers, all inside."""
    label, _, _ = rows_of("new-peer")
    rows = [r for r in AT[label.interface_id] if r["srcaddr"] != "-"]
    begun = label.start.timestamp()
    before = {r["srcaddr"] for r in rows if int(r["start"]) < begun} - set(label.sources)
    asked = {r["dstaddr"] for r in rows if r["dstport"] == "5432"}
    assert (len(before), len(asked), len(before - asked)) == (5, 2, 3)
    assert all(address.startswith("10.") for address in before)
    assert begun > START + 86400


def test_odd_protocol_is_a_tunnel_both_ways() -> None:
    """GRE, ESP or IP in IP between two addresses, both ways, without ports."""
    label, requests, replies = rows_of("odd-protocol")
    assert label.protocol in (47, 50, 4)
    assert label.ports == (0,)
    assert {r["protocol"] for r in requests + replies} == {str(label.protocol)}
    assert len(requests) == len(replies) == 90


def test_skipdata_is_a_run_at_a_busy_interface() -> None:
    """SKIPDATA a minute for twenty minutes, in which there is no other record."""
    label, _, _ = rows_of("skipdata")
    rows = AT[label.interface_id]
    skipped = [r for r in rows if r["log-status"] == "SKIPDATA"]
    assert len(skipped) == label.skip_data == 20
    times = range(int(label.start.timestamp()), int(label.end.timestamp()) + 1)
    inside = [r for r in rows if int(r["start"]) in times or int(r["end"]) in times]
    assert inside == skipped
    assert len(times) == 1200
    assert label.records == 0


def test_silence_is_no_record_at_all() -> None:
    """Two records a minute and more until half-way, then none, not even NODATA."""
    label, _, _ = rows_of("silence")
    half = START + SECONDS // 2
    assert label.start.timestamp() == half
    ends = [int(r["end"]) for r in AT[label.interface_id]]
    assert half - 60 <= max(ends) < half
    assert len(ends) > SECONDS // 60


def test_acl_asymmetry_rejects_the_answers_alone() -> None:
    """Each request is accepted, and its answer, with the ports swapped, is rejected."""
    label, requests, replies = rows_of("acl-asymmetry")
    assert {(r["action"], r["flow-direction"]) for r in requests} == {("ACCEPT", "ingress")}
    assert {(r["action"], r["flow-direction"]) for r in replies} == {("REJECT", "egress")}
    asked = Counter((r["srcaddr"], r["srcport"], r["dstport"]) for r in requests)
    answered = Counter((r["dstaddr"], r["dstport"], r["srcport"]) for r in replies)
    assert asked == answered
    assert label.reply_action == "REJECT"


def test_closed_door_rejects_the_requests() -> None:
    """As many requests as of the asymmetry, to the same port, all rejected, none answered."""
    label, requests, replies = rows_of("closed-door")
    assert {(r["action"], r["flow-direction"]) for r in requests} == {("REJECT", "ingress")}
    assert replies == []
    twin = LABELS["acl-asymmetry"]
    assert (label.records, label.ports) == (twin.records, twin.ports)
