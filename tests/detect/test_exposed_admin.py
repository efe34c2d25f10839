"""A door of administrators that lets strangers in."""

from __future__ import annotations

from typing import Any

import pytest

from detect.rows import HOST, OTHER, STRANGER, Row, answer, facts_of_rows, found, talk, told
from flowparse.detect.exposed_admin import ExposedAdmin


def come_in(hour: int = 5, **columns: Any) -> list[Row]:
    """A session with RDP from outside."""
    usual: Row = {"client": STRANGER, "server": HOST, "port": 3389, "bytes": 9000, "records": 4}
    return talk(hour, **{**usual, **columns})


def test_a_session_from_outside_is_high() -> None:
    """One accepted and answered session is a finding of the server and its port."""
    (row,) = found(ExposedAdmin(), come_in())
    assert row["why"] == (
        "port 3389 (rdp) of 10.0.0.5 let in 203.0.113.9: 4 records, and it answered."
    )
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (STRANGER, HOST, 3389)
    assert (row["severity"], row["action"], row["technique"]) == ("high", "ACCEPT", "T1133")
    assert (row["records"], row["entity"]) == (4, f"{HOST}:3389")


def test_a_door_behind_which_nobody_is_is_medium() -> None:
    """Let in, but no answer or a reset: the way is open."""
    request, _ = come_in()
    for rows in ([request], [request, answer(request, bytes=160)]):
        assert told(ExposedAdmin(), rows) == [(5, f"{HOST}:3389", "medium")]


def test_what_is_rejected_is_none() -> None:
    """The security group did its work."""
    assert found(ExposedAdmin(), come_in(action="REJECT")[:1]) == []


def test_who_may_come_in() -> None:
    """Private clients, a network that is trusted, and hosts that go out are no finding."""
    assert found(ExposedAdmin(), come_in(client=OTHER)) == []
    assert found(ExposedAdmin(), come_in(client=HOST, server=STRANGER, port=22)) == []
    assert found(ExposedAdmin(trusted=("203.0.113.0/24",)), come_in()) == []
    assert len(found(ExposedAdmin(trusted=("198.51.100.0/24",)), come_in())) == 1


@pytest.mark.parametrize("port", [22, 23, 445, 2375, 3306, 3389, 5432, 5985, 6379, 9200, 27017])
def test_doors(port: int) -> None:
    """Logins, databases and Docker are among the ports."""
    assert len(found(ExposedAdmin(), come_in(port=port))) == 1


def test_other_ports_are_none() -> None:
    """A web server is meant for strangers, and UDP has no such doors."""
    assert found(ExposedAdmin(), come_in(port=443)) == []
    assert found(ExposedAdmin(), come_in(protocol=17)) == []
    assert len(found(ExposedAdmin(ports=(8443,)), come_in(port=8443))) == 1


def test_many_strangers_are_one_finding() -> None:
    """Nine clients of one door are one finding without a srcaddr; they are counted."""
    rows = [row for n in range(9) for row in come_in(client=f"203.0.113.{n}")]
    (row,) = found(ExposedAdmin(), rows)
    assert (row["srcaddr"], row["measure"]) == (None, 9.0)
    assert "let in 9 public addresses: 36 records, and it answered" in row["why"]


def test_ipv6_needs_ones_own_prefix() -> None:
    """The IPv6 addresses of a VPC are public: they are inside if the caller says so."""
    rows = come_in(client="2001:db8:f::1", server="2001:db8:1::5")
    assert found(ExposedAdmin(), rows) == []
    (row,) = found(ExposedAdmin(inside=("2001:db8:1::/48",)), rows)
    assert row["entity"] == "2001:db8:1::5:3389"


def test_without_action_it_cannot_answer() -> None:
    """In a transit gateway's logs nothing says what was let through, and the detector says so."""
    rows = [{**row, "action": None} for row in come_in()]
    assert ExposedAdmin().unable(facts_of_rows(rows)) == "no record has action"


def test_an_episode_is_told_once() -> None:
    """A door that is open all week is told once; after a week of quiet once more."""
    rows = [row for hour in (0, 3, 100, 280, 460) for row in come_in(hour)]
    assert [hour for hour, _, _ in told(ExposedAdmin(), rows)] == [0, 280, 460]
