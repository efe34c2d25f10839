"""Many short connections to a login."""

from __future__ import annotations

import pytest

from detect.rows import HOST, OTHER, STRANGER, SYN, Row, answer, ask, found, told
from flowparse.detect.brute_force import BruteForce


def guess(hour: int = 5, records: int = 200, minutes: int = 40, **columns: object) -> list[Row]:
    """Short connections that are let in and answered, in so many minutes of the hour."""
    usual: Row = {
        "client": STRANGER,
        "server": HOST,
        "port": 22,
        "records": records,
        "packets": 12 * records,
        "bytes": 3500 * records,
        "minutes": (1 << minutes) - 1,
    }
    row = ask(hour, **{**usual, **columns})
    return [row, answer(row)]


def test_guessing_that_is_let_in_is_high() -> None:
    """Two hundred short connections within an hour are one finding with its numbers."""
    (row,) = found(BruteForce(), guess())
    assert row["why"] == (
        "203.0.113.9 tried port 22 (ssh) of 10.0.0.5 200 times within an hour; "
        "0 rejected, 200 records of answers."
    )
    assert (row["severity"], row["action"], row["measure"]) == ("high", "ACCEPT", 200.0)
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (STRANGER, HOST, 22)
    assert row["entity"] == f"{STRANGER} -> {HOST}:22"


def test_guessing_that_is_rejected_is_low() -> None:
    """A stranger that is rejected twenty times in an hour is told of, nineteen times not."""
    rows = guess(records=20, action="REJECT", bytes=1200)[:1]
    assert told(BruteForce(), rows) == [(5, f"{STRANGER} -> {HOST}:22", "low")]
    assert told(BruteForce(), guess(records=19, action="REJECT")[:1]) == []


def test_a_private_client_that_is_rejected_is_medium() -> None:
    """Sixty rejects in an hour are told of, fifty-nine are a program that tries again."""
    for records, severities in ((60, ["medium"]), (59, [])):
        rows = guess(records=records, client=OTHER, action="REJECT")[:1]
        assert [severity for _, _, severity in told(BruteForce(), rows)] == severities


def test_ports_are_an_argument() -> None:
    """HTTPS is no login unless one says so; only TCP counts."""
    assert found(BruteForce(), guess(port=443)) == []
    assert len(found(BruteForce(ports=(443,)), guess(port=443))) == 1
    assert found(BruteForce(), guess(protocol=17)) == []


@pytest.mark.parametrize("port", [22, 23, 445, 1433, 3306, 3389, 5432, 5900, 5985])
def test_every_login_counts(port: int) -> None:
    """SSH, Telnet, SMB, databases, RDP, VNC and WinRM are among the ports."""
    assert len(found(BruteForce(), guess(port=port))) == 1


def test_one_long_session_is_no_guessing() -> None:
    """A session makes a record a minute, or one each ten minutes, whatever it says."""
    assert found(BruteForce(), guess(records=60, minutes=60)) == []
    assert found(BruteForce(), guess(records=6, minutes=6)) == []


def test_sessions_that_do_something_are_no_guessing() -> None:
    """Two hundred connections with more than a failed login has: deployments, copies."""
    assert found(BruteForce(), guess(bytes=200 * 30_000)) == []
    row, _ = guess()
    assert found(BruteForce(), [row, answer(row, bytes=200 * 30_000)]) == []


def test_sessions_that_keep_themselves_alive_are_no_guessing() -> None:
    """Several idle sessions make many records of few packets, none of which begins a connection."""
    assert found(BruteForce(), guess(records=180, minutes=60, packets=540, bytes=36_000)) == []
    assert found(BruteForce(), guess(flags=0)) == []
    assert len(found(BruteForce(), guess(flags=SYN))) == 1


def test_mistyped_passwords_are_no_guessing() -> None:
    """A handful of attempts within an hour is a person."""
    assert found(BruteForce(), guess(records=9, minutes=4)) == []


def test_several_strangers_with_few_attempts_each() -> None:
    """Four with fifteen each are one finding of the port; fifteen with four each are none."""
    rows = [
        row
        for n in range(4)
        for row in guess(records=15, minutes=10, client=f"203.0.113.{n}", action="REJECT")[:1]
    ]
    (row,) = found(BruteForce(), rows)
    assert (row["entity"], row["srcaddr"], row["severity"]) == (f"* -> {HOST}:22", None, "low")
    assert row["why"] == (
        "4 public addresses tried port 22 (ssh) of 10.0.0.5 60 times within an hour; "
        "all were rejected."
    )
    radiation = [guess(records=4, client=f"203.0.113.{n}", action="REJECT")[0] for n in range(15)]
    assert found(BruteForce(), radiation) == []


def test_several_private_clients_are_no_guessing() -> None:
    """Fifty application servers with a few connections to one database each are its clients."""
    rows = [
        row
        for n in range(50)
        for row in guess(30, records=15, minutes=9, client=f"10.0.1.{n}", port=5432)
    ]
    assert found(BruteForce(), rows) == []


def test_an_application_without_a_pool_is_no_guessing() -> None:
    """A private client is held against its own hours; six times as much is another thing."""
    app = [row for hour in range(48) for row in guess(hour, client=OTHER, port=3306)]
    assert found(BruteForce(), app) == []
    assert found(BruteForce(), [*app, *guess(50, records=1199, client=OTHER, port=3306)]) == []
    burst = guess(50, records=1200, client=OTHER, port=3306)
    (row,) = found(BruteForce(), [*app, *burst])
    assert (row["measure"], row["expected"]) == (1200.0, 200.0)
    assert "1,200 times within an hour, against 200 in its usual hour;" in row["why"]


def test_a_private_client_without_a_past_guesses_once_the_data_are_settled() -> None:
    """In the first three hours of the data nothing is said of it, unless it is rejected."""
    begin = ask(0, client=OTHER, server=HOST)
    for hour, told_of in ((2, 0), (3, 1)):
        assert len(found(BruteForce(), [begin, *guess(hour, client=OTHER)])) == told_of
    rejected = guess(0, client=OTHER, action="REJECT", bytes=None)[:1]
    assert len(found(BruteForce(), [begin, *rejected])) == 1


def test_ipv6_and_nulls() -> None:
    """IPv6 is found; without bytes, packets and minutes records alone count."""
    bare = dict.fromkeys(("action", "bytes", "packets", "minutes", "interface_id"))
    rows = [{**row, **bare} for row in guess(client="2001:db8::9", server="fd00::5")]
    (row,) = found(BruteForce(), rows)
    assert (row["entity"], row["action"]) == ("2001:db8::9 -> fd00::5:22", None)
    assert found(BruteForce(), guess(port=None)) == []


def test_what_both_ends_saw_is_one_finding() -> None:
    """The same attempts at two interfaces are told once, with the numbers of one."""
    rows = guess(interface_id="eni-2") + guess(interface_id="eni-1")
    (row,) = found(BruteForce(), rows)
    assert (row["interface_id"], row["records"]) == ("eni-1", 200)


def test_an_episode_is_told_once() -> None:
    """A campaign of hours is one finding until a day is without."""
    rows = [row for hour in (0, 1, 20, 46) for row in guess(hour)]
    assert [hour for hour, _, _ in told(BruteForce(), rows)] == [0, 46]
