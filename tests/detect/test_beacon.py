"""Regular calls."""

from __future__ import annotations

import random

import pytest

from detect.rows import BEGIN, HOST, OTHER, STRANGER, SYN, Row, ask, found, told
from flowparse.detect.beacon import Beacon


def beat(minutes: list[int], **columns: object) -> list[Row]:
    """A small request in each of these minutes since BEGIN."""
    hours: dict[int, int] = {}
    for minute in minutes:
        hours[minute // 60] = hours.get(minute // 60, 0) | 1 << minute % 60
    return [
        ask(
            hour,
            **{
                "minutes": bits,
                "records": bits.bit_count(),
                "bytes": 450 * bits.bit_count(),
                **columns,
            },
        )
        for hour, bits in hours.items()
    ]


def every(interval: float, count: int, jitter: float = 0.0, seed: int = 1) -> list[int]:
    """Minutes of a clock; each beat is off by up to so much of the interval."""
    draws = random.Random(seed)
    return [
        int(2 + interval * (n + jitter * (2 * draws.random() - 1)) + interval) for n in range(count)
    ]


def test_a_beat_of_five_minutes_is_found_after_two_hours() -> None:
    """At the end of the hour with the 24th interval there is one finding with its numbers."""
    (row,) = found(Beacon(), beat(every(5, 200)))
    assert (int(row["time"].timestamp()) - BEGIN) // 3600 == 2
    assert row["why"] == (
        "10.0.0.5 called 203.0.113.9:443 every 5 minutes: 24 of 24 intervals alike, 450 bytes each."
    )
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (HOST, STRANGER, 443)
    assert (row["measure"], row["severity"], row["technique"]) == (300.0, "medium", "T1071")
    assert row["entity"] == f"{HOST} -> {STRANGER}:443"


def test_a_port_that_is_not_for_the_web_is_high() -> None:
    """At port 8081 a beacon is a channel of its own: T1571."""
    (row,) = found(Beacon(), beat(every(5, 60), port=8081))
    assert (row["severity"], row["technique"]) == ("high", "T1571")


def test_too_few_beats_are_none() -> None:
    """Twenty-four beats have 23 intervals; one more makes it a beacon."""
    assert found(Beacon(), beat(every(5, 24))) == []
    assert len(found(Beacon(), beat(every(5, 25)))) == 1


@pytest.mark.parametrize("interval", [4, 5, 7, 15, 30, 60, 120])
@pytest.mark.parametrize("seed", range(5))
def test_jitter_and_lost_beats(interval: int, seed: int) -> None:
    """A twentieth of jitter either way, and one beat in sixty lost, are a beacon still."""
    minutes = every(interval, 80, 0.05, seed)
    del minutes[40]
    assert len(found(Beacon(), beat(minutes))) == 1


def test_beats_that_are_lost_now_and_then() -> None:
    """Where each eighth is lost, an interval of twice the median is regular."""
    minutes = [minute for n, minute in enumerate(every(7, 80)) if n % 8]
    assert len(found(Beacon(), beat(minutes))) == 1


def test_a_beat_over_the_turn_of_a_minute_is_one() -> None:
    """Calls whose records begin in two minutes, one after the other, are a beat each."""
    minutes = [minute + more for minute in every(6, 80) for more in (0, 1)]
    assert len(found(Beacon(), beat(minutes))) == 1


@pytest.mark.parametrize("mean", [4, 5, 6, 10, 20, 60])
def test_random_calls_are_none(mean: int) -> None:
    """Calls at random, as people and queues make them, are none of twenty hosts' in two days."""
    draws = random.Random(mean)
    for _ in range(20):
        at, minutes = 0.0, []
        while at < 2880:
            at += draws.expovariate(1 / mean)
            minutes.append(int(at))
        assert found(Beacon(), beat(minutes)) == []


def test_a_connection_in_every_minute_is_none() -> None:
    """A long connection that keeps itself alive has a record each minute: one long beat."""
    assert found(Beacon(), beat(list(range(1440)))) == []


def test_ten_minutes_need_flags() -> None:
    """The longer aggregation makes any long connection look so; flags tell that it began anew."""
    minutes = every(10, 100)
    assert found(Beacon(), beat(minutes)) == []
    assert len(found(Beacon(), beat(minutes, flags=SYN))) == 1
    assert found(Beacon(), beat(minutes, flags=0)) == []


def test_a_keep_alive_of_an_old_connection_is_none_where_flags_tell() -> None:
    """Every five minutes, and no connection begins."""
    assert found(Beacon(), beat(every(5, 100), flags=0)) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"port": 123, "protocol": 17},
        {"port": 53, "protocol": 17},
        {"server": OTHER, "port": 8080},
        {"server": "169.254.169.123", "port": 80},
        {"client": STRANGER, "server": HOST},
        {"action": "REJECT"},
        {"is_answer": True},
        {"protocol": 1, "port": 0},
        {"bytes": 10_000_000},
    ],
)
def test_what_may_be_regular(columns: Row) -> None:
    """NTP, DNS, health checks inside, link-local, visitors, rejects, answers, pings, transfers."""
    assert found(Beacon(), beat(every(5, 100), **columns)) == []


def test_services_of_many_are_none() -> None:
    """What a fourth host has called is a service; before that it was a beacon of each."""
    at = every(5, 100)
    hosts = [f"10.0.1.{n}" for n in range(4)]
    rows = [row for host in hosts for row in beat(at, client=host)]
    assert found(Beacon(), rows) == []
    three = [row for host in hosts[:3] for row in beat(at, client=host)]
    assert len(found(Beacon(), three)) == 3
    for hour, told_of in ((1, 0), (2, 0), (3, 3), (9, 3)):  # it is evident in the third hour
        late = beat([60 * hour], client=hosts[3])
        assert len(found(Beacon(), [*three, *late])) == told_of
    assert len(found(Beacon(most_clients=4), rows)) == 4


def test_timers_are_none() -> None:
    """A job of each hour is none unless one asks; one that drifts by a minute a call is one."""
    hourly = beat(every(60, 80))
    assert found(Beacon(), hourly) == []
    assert len(found(Beacon(timers=True), hourly)) == 1
    assert len(found(Beacon(), beat(every(61, 80)))) == 1


def test_networks_that_are_known_are_none() -> None:
    """AWS's, or those of a monitoring service, are an argument."""
    assert found(Beacon(known=("203.0.113.0/24",)), beat(every(5, 100))) == []


def test_ipv6_and_nulls() -> None:
    """IPv6 needs one's own prefix; without bytes and minutes nothing breaks."""
    own = {"client": "2001:db8:1::5", "server": "2001:db8:f::9"}
    assert found(Beacon(), beat(every(5, 100), **own)) == []
    (row,) = found(Beacon(inside=("2001:db8:1::/48",)), beat(every(5, 100), bytes=None, **own))
    assert row["why"].endswith("24 of 24 intervals alike.")
    assert found(Beacon(), [{**row, "minutes": None} for row in beat(every(5, 100))]) == []
    assert found(Beacon(), beat(every(5, 100), port=None)) == []
    assert found(Beacon(), []) == []


def test_an_episode_is_told_once() -> None:
    """A beacon of three days is one finding; after two quiet days there is another."""
    first = every(30, 144)
    again = [minute + 5 * 1440 for minute in first]
    assert told(Beacon(), beat([*first, *again]))[0][0] == 12
    assert len(found(Beacon(), beat([*first, *again]))) == 2
