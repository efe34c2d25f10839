"""More goes out than used to."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from detect.rows import HOST, OTHER, STRANGER, Row, answer, ask, facts_of_rows, found, told
from flowparse.detect.exfiltration import Exfiltration

MB, GB = 10**6, 10**9
KNOWN = "198.51.100.7"


def send(hour: int, amount: int, **columns: object) -> list[Row]:
    """Requests with so many bytes, and answers with few."""
    row = ask(hour, **{"bytes": amount, "server": KNOWN, "records": 60, **columns})
    return [row, answer(row, bytes=amount // 20)]


def habit(hours: Iterable[int], amount: int = 5 * MB, **columns: object) -> list[Row]:
    """About as much each hour."""
    return [row for hour in hours for row in send(hour, amount + hour % 5 * MB, **columns)]


def test_an_hour_far_over_the_hosts_own_past_is_found() -> None:
    """Two days of a few MB an hour and then 3 GB are one finding, with the median."""
    (row,) = found(Exfiltration(), [*habit(range(48)), *send(48, 3 * GB)])
    assert row["why"] == (
        "10.0.0.5 sent 3.0 GB to 198.51.100.7 within an hour; its median hour of 48 has 7.0 MB."
    )
    assert (row["entity"], row["dstaddr"], row["severity"]) == (HOST, KNOWN, "medium")
    assert (row["bytes"], row["measure"], row["expected"]) == (3 * GB, 3.0 * GB, 7.0 * MB)
    assert (row["first_seen"], row["records"]) == (row["time"], 60)


def test_below_the_floor_nothing_is_found() -> None:
    """A host that never sends anything may send 199 MB, not 200."""
    for amount, told_of in ((199 * MB, 0), (200 * MB, 1)):
        assert len(found(Exfiltration(), [*habit(range(48)), *send(48, amount)])) == told_of


def test_a_host_that_always_sends_much_is_its_own_measure() -> None:
    """Of a host with 2 GB an hour, 4 GB are no finding and 9 GB are."""
    usual = habit(range(48), 2 * GB)
    assert found(Exfiltration(), [*usual, *send(48, 4 * GB)]) == []
    assert len(found(Exfiltration(), [*usual, *send(48, 9 * GB)])) == 1


def test_a_nightly_backup_is_a_habit_from_the_second_night_on() -> None:
    """At the same hour as the night before, half as much again is usual; at another it is not."""
    rows = habit(range(72))
    nights = [row for night in (25, 50, 73) for row in send(night, 3 * GB, port=8443)]
    assert [hour for hour, _, _ in told(Exfiltration(), [*rows, *nights])] == [25]
    noon = send(60, 3 * GB, port=8443)
    assert [hour for hour, _, _ in told(Exfiltration(), [*rows, *nights, *noon])] == [25, 60]


def test_a_host_without_a_past_has_a_higher_floor() -> None:
    """A new host of known data may send less than 1 GB; in the data's first hours 50 GB."""
    before = habit(range(30), client=OTHER)
    for amount, told_of in ((900 * MB, 0), (GB, 1)):
        assert len(found(Exfiltration(), [*before, *send(30, amount)])) == told_of
    for amount, told_of in ((49 * GB, 0), (50 * GB, 1)):
        rows = [*habit([0], client=OTHER), *send(1, amount)]
        assert len(found(Exfiltration(), rows)) == told_of
    (row,) = found(Exfiltration(), [*before, *send(30, GB)])
    assert row["why"].endswith("and too little is known of what it did before.")


def test_a_peer_that_nobody_knew() -> None:
    """What goes to a new peer adds up over the hours; from 200 MB on it is high."""
    slow = [row for hour in range(24, 29) for row in send(hour, 60 * MB, server=STRANGER)]
    (row,) = found(Exfiltration(), [*habit(range(30), 50 * MB), *slow])
    assert row["why"].startswith(
        "10.0.0.5 sent 240.0 MB to 203.0.113.9, which nobody in the account asked before"
    )
    assert (row["dstaddr"], row["severity"], row["bytes"]) == (STRANGER, "high", 240 * MB)
    assert row["first_seen"] < row["time"]


def test_a_peer_that_others_know_is_not_new() -> None:
    """What another host of the account asked before is known to all."""
    rows = habit(range(30), 50 * MB)
    other = habit(range(12, 14), 1, client=OTHER, server=STRANGER)
    slow = [row for hour in range(24, 29) for row in send(hour, 60 * MB, server=STRANGER)]
    assert len(found(Exfiltration(), [*rows, *slow])) == 1
    early = habit([0], 1, client=OTHER, server=STRANGER)
    assert found(Exfiltration(), [*rows, *slow, *early]) == []
    assert len(found(Exfiltration(), [*rows, *slow, *other])) == 1  # known for less than a day


def test_a_peer_is_new_for_a_day() -> None:
    """What was asked a little, and a day later much, is known by then."""
    first = send(24, MB, server=STRANGER)
    for hour, told_of in ((47, 1), (48, 0)):
        much = send(hour, 199 * MB, server=STRANGER)
        rows = [*habit(range(50), 200 * MB), *first, *much]
        assert len(found(Exfiltration(), rows)) == told_of


def test_what_is_synchronised_both_ways_is_no_upload() -> None:
    """To a new peer that sends back as much, nothing is told."""
    rows = [row for hour in range(24, 29) for row in send(hour, 60 * MB, server=STRANGER)[:1]]
    rows += [answer(row) for row in rows]
    assert found(Exfiltration(), [*habit(range(30), 50 * MB), *rows]) == []


@pytest.mark.parametrize(
    "columns",
    [{"server": OTHER}, {"client": STRANGER}, {"is_answer": True}, {"action": "REJECT"}],
)
def test_what_is_no_upload(columns: Row) -> None:
    """To a private server, from a public client, as an answer, or rejected: no upload."""
    rows = [*habit(range(48)), {**send(48, 3 * GB)[0], **columns}]
    assert found(Exfiltration(), rows) == []


def test_peers_that_are_meant_for_it() -> None:
    """The networks of backups are passed over."""
    rows = [*habit(range(48)), *send(48, 3 * GB)]
    assert found(Exfiltration(usual_peers=("198.51.100.0/24",)), rows) == []


def test_many_peers_are_none() -> None:
    """Where no peer took four fifths, the finding names none."""
    rows = [row for n in range(4) for row in send(48, GB, server=f"198.51.100.{n}")]
    known = [row for n in range(4) for row in habit(range(48), server=f"198.51.100.{n}")]
    (row,) = found(Exfiltration(), [*known, *rows])
    assert (row["dstaddr"], row["bytes"]) == (None, 4 * GB)
    assert "sent 4.0 GB to public addresses" in row["why"]


def test_ipv6_and_nulls() -> None:
    """IPv6 needs one's own prefix; null bytes are no bytes, and without any it cannot answer."""
    own = {"client": "2001:db8:1::5", "interface_id": None, "account_id": None}
    rows = [*habit(range(48), **own), *send(48, 3 * GB, **own)]
    assert found(Exfiltration(), rows) == []
    (row,) = found(Exfiltration(inside=("2001:db8:1::/48",)), rows)
    assert (row["entity"], row["account_id"]) == ("2001:db8:1::5", None)
    none = [{**row, "bytes": None} for row in rows]
    assert found(Exfiltration(), none) == []
    assert Exfiltration().unable(facts_of_rows(none)) == "no record has bytes"


def test_an_episode_is_told_once() -> None:
    """Hours of it are one finding; after a quiet day there is another."""
    rows = [row for hour in (48, 49, 50, 80) for row in send(hour, 3 * GB)]
    assert [hour for hour, _, _ in told(Exfiltration(), [*habit(range(48)), *rows])] == [48, 80]
