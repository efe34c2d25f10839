"""What holds for every detector of talks."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.rows import BEGIN, Row, facts_of_rows, found
from flowparse.compute import load_threat_list
from flowparse.detect import FINDINGS, Detector, Facts
from flowparse.detect.beacon import Beacon
from flowparse.detect.brute_force import BruteForce
from flowparse.detect.exfiltration import Exfiltration
from flowparse.detect.exposed_admin import ExposedAdmin
from flowparse.detect.facts import TALKS
from flowparse.detect.horizontal_scan import HorizontalScan
from flowparse.detect.listed_address import ListedAddress
from flowparse.detect.unusual_protocol import UnusualProtocol
from flowparse.detect.vertical_scan import VerticalScan
from strategies import LAW

# Thresholds so low that little traffic has findings of every kind.
DETECTORS: list[Detector] = [
    VerticalScan(ports=2, quiet_hours=2),
    HorizontalScan(servers=2, quiet_hours=2),
    BruteForce(
        attempts=4,
        inside_attempts=4,
        spread_attempts=5,
        spread_clients=2,
        spread_each=1,
        quiet_hours=2,
    ),
    ExposedAdmin(quiet_hours=2),
    Exfiltration(
        floor_bytes=4000,
        floor_new_bytes=6000,
        floor_first_bytes=9000,
        past_hours=2,
        peer_bytes=5000,
        settle_hours=1,
        deviations=1,
        factor=1.5,
        quiet_hours=2,
    ),
    Beacon(beats=3, share=0.6, quiet_hours=2),
    ListedAddress(lists=(load_threat_list(b"203.0.113.2\n", name="drop"),), quiet_hours=2),
    UnusualProtocol(quiet_hours=2),
]
#: Each example of these makes hundreds of talks, and each law has eight detectors.
FEW = settings(LAW, max_examples=LAW.max_examples // 5 or 1)
EACH = pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)

CLIENTS = ("10.0.0.1", "10.0.0.2", "203.0.113.1", "2001:db8::1")
SERVERS = ("10.0.0.3", "10.0.0.4", "203.0.113.2", "203.0.113.3", "fd00::4")
PORTS = ((22, 6), (443, 6), (3389, 6), (8080, 6), (53, 17), (0, 1), (0, 47))
REGULAR = sum(1 << minute for minute in range(0, 60, 5))
HOURS = 14


def rows_of(seed: int, count: int) -> list[Row]:
    """Random talks of few hosts in few hours, one row a key as facts have."""
    draws = random.Random(seed)
    rows: dict[tuple[Any, ...], Row] = {}
    for _ in range(count):
        client, server = draws.choice(CLIENTS), draws.choice(SERVERS)
        port, protocol = draws.choice(PORTS)
        hour, records = draws.randrange(HOURS), draws.randrange(1, 9)
        where = ("1", draws.choice(("eni-1", "eni-2", None)))
        row = {
            "hour": BEGIN + 3600 * hour,
            "account_id": where[0],
            "interface_id": where[1],
            "client": client,
            "server": server,
            "port": port,
            "protocol": protocol,
            "is_answer": draws.random() < 0.3,
            "action": draws.choice(("ACCEPT", "ACCEPT", "REJECT", None)),
            "records": records,
            "packets": draws.choice((None, records * draws.randrange(1, 20))),
            "bytes": draws.choice((None, records * draws.randrange(40, 3000))),
            "flags": draws.choice((0, 2, 3, 19)),
            "minutes": draws.choice((REGULAR, REGULAR, draws.getrandbits(60), 1, None)),
            "first_seen": BEGIN + 3600 * hour,
            "last_seen": BEGIN + 3600 * hour + 59,
        }
        rows[tuple(row[name] for name in TALKS.names[:9])] = row
    return [*rows.values()]


def before(facts: Facts, hour: int) -> Facts:
    """Those of the hours before."""
    end = pa.scalar(BEGIN + 3600 * hour, pa.timestamp("s", "UTC"))
    return Facts.made(facts.talks.filter(pc.less(facts.talks["hour"], end)), columns=facts.columns)


def has_each(detector: Detector) -> int:
    return sum(detector.find(facts_of_rows(rows_of(seed, 150))).num_rows for seed in range(5))


@EACH
def test_the_traffic_of_these_laws_has_findings(detector: Detector) -> None:
    """Otherwise the laws below would say nothing."""
    assert has_each(detector) >= 5


@EACH
@given(seed=st.integers(0, 10_000), hour=st.integers(0, HOURS), count=st.integers(0, 150))
@FEW
def test_later_hours_change_nothing(detector: Detector, seed: int, hour: int, count: int) -> None:
    """The findings of the first hours are those of all hours that are of the first ones."""
    whole = facts_of_rows(rows_of(seed, count))
    end = pa.scalar(BEGIN + 3600 * hour, pa.timestamp("s", "UTC"))
    findings = detector.find(whole)
    early = findings.filter(pc.less(findings["time"], end))
    assert detector.find(before(whole, hour)).to_pylist() == early.to_pylist()


@EACH
@given(seed=st.integers(0, 10_000), order=st.integers(0, 10_000))
@FEW
def test_the_order_of_talks_changes_nothing(detector: Detector, seed: int, order: int) -> None:
    """Shuffled talks have the same findings, in the same order."""
    rows = rows_of(seed, 120)
    shuffled = rows[:]
    random.Random(order).shuffle(shuffled)
    assert found(detector, shuffled) == found(detector, rows)


@EACH
@given(seed=st.integers(0, 10_000))
@FEW
def test_findings_are_told_apart(detector: Detector, seed: int) -> None:
    """No two findings have the same time and entity; what is needed is there; they are sorted."""
    findings = found(detector, rows_of(seed, 150))
    identity = [(row["time"], row["detector"], row["entity"]) for row in findings]
    assert [key for key, count in Counter(identity).items() if count > 1] == []
    assert identity == sorted(identity)
    for row in findings:
        assert None not in [row[name] for name in ("time", "severity", "entity", "why", "measure")]
        assert row["severity"] in ("low", "medium", "high", "critical")
        assert row["first_seen"] <= row["last_seen"]


@EACH
def test_of_nothing_there_are_no_findings(detector: Detector) -> None:
    """Facts without talks give an empty table of the schema."""
    assert detector.find(Facts.none()).schema == FINDINGS
    assert detector.find(Facts.none()).num_rows == 0
