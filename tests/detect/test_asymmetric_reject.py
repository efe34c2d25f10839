"""Requests let in whose answers are not let out."""

from __future__ import annotations

from typing import Any

from detect.hand import BEGIN, HOUR, both, facts, talk
from flowparse.detect import Facts
from flowparse.detect.asymmetric_reject import AsymmetricReject


def told(whole: Facts, **options: Any) -> list[tuple[str, int, str]]:
    found = AsymmetricReject(**options).find(whole).to_pylist()
    hours = [int(row["time"].timestamp() - BEGIN) // HOUR for row in found]
    return [(row["entity"], at, row["severity"]) for at, row in zip(hours, found, strict=True)]


def shut(hour: int, **about: Any) -> list[dict[str, Any]]:
    """Requests accepted, answers rejected."""
    answer = talk(hour, **{"is_answer": True, "action": "REJECT", "records": 9, **about})
    return [talk(hour, **{"records": 9, **about}), answer]


def test_answers_that_an_acl_rejects_are_one_finding_an_episode() -> None:
    """Hours in a row join; the finding has the numbers of the first."""
    whole = facts(talks=[*shut(3), *shut(4), *shut(8)])
    assert told(whole) == [
        ("10.0.0.1:443 at eni-1", 3, "high"),
        ("10.0.0.1:443 at eni-1", 8, "high"),
    ]
    first = AsymmetricReject().find(whole).to_pylist()[0]
    assert (first["srcaddr"], first["dstaddr"], first["dstport"]) == ("10.0.0.9", "10.0.0.1", 443)
    assert (first["records"], first["action"]) == (9, "REJECT")
    assert "9 requests were accepted, and 9 of 9 answers rejected: a network ACL" in first["why"]


def test_several_clients_are_one_finding_without_a_client() -> None:
    """The server is what is shut."""
    whole = facts(talks=[*shut(0), *shut(0, client="2001:db8::7")])
    (row,) = AsymmetricReject().find(whole).to_pylist()
    assert (row["srcaddr"], row["records"]) == (None, 18)


def test_a_closed_door_is_told_apart_and_only_on_request() -> None:
    """Requests rejected at the door are either's: low, and not by default."""
    whole = facts(talks=[talk(0, action="REJECT", records=40)])
    assert told(whole) == []
    assert told(whole, doors=True) == [("10.0.0.1:443 at eni-1", 0, "low")]
    (row,) = AsymmetricReject(doors=True).find(whole).to_pylist()
    assert "security group, or the inbound side of a network ACL" in row["why"]


def test_answers_that_mostly_pass_are_no_acl() -> None:
    """A few late answers of idle connections among many that pass are none."""
    whole = facts(talks=[*both(0, records=50), *shut(0)])
    assert told(whole) == []
    assert told(facts(talks=shut(0, records=4))) == []


def test_answers_to_requests_that_nobody_saw_are_none() -> None:
    """A stranger who sends from port 443 looks like an answer, but nobody asked him."""
    stranger = talk(0, is_answer=True, action="REJECT", records=99)
    assert told(facts(talks=[stranger])) == []


def test_another_interface_is_another_place() -> None:
    """A request at one interface and an answer at another have nothing to do with each other."""
    request, answer = shut(0)
    assert told(facts(talks=[request, {**answer, "interface_id": "eni-2"}])) == []
