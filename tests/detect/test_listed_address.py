"""Addresses that somebody warns of."""

from __future__ import annotations

import pyarrow as pa

from detect.rows import HOST, OTHER, STRANGER, Row, ask, facts_of_rows, found, talk, told
from flowparse.compute import PrefixTable, load_threat_list
from flowparse.detect.listed_address import ListedAddress

DROP = load_threat_list(b"203.0.113.0/24 ; SBL1\n203.0.113.9\n2001:db8:bad::/48\n", name="drop")
DETECTOR = ListedAddress(lists=(DROP,))


def test_what_goes_out_and_is_answered_is_high() -> None:
    """A host that asked a listed address is told with the list and the most specific entry."""
    (row,) = found(DETECTOR, talk(5, records=3))
    assert row["why"] == (
        "10.0.0.5 asked port 443 of 203.0.113.9: 3 records, answered; in 203.0.113.9 of drop."
    )
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (HOST, STRANGER, 443)
    assert (row["severity"], row["action"], row["technique"]) == ("high", "ACCEPT", "T1071")
    assert (row["entity"], row["interface_id"]) == (f"{HOST} -> {STRANGER}", "eni-1")


def test_direction_and_action_make_the_severity() -> None:
    """Out and rejected, or in and let in, is medium; in and rejected is low."""
    inward = {"client": STRANGER, "server": HOST}
    for columns, severity in (
        ({"action": "REJECT"}, "medium"),
        (inward, "medium"),
        ({**inward, "action": "REJECT"}, "low"),
    ):
        assert [row[2] for row in told(DETECTOR, [ask(5, **columns)])] == [severity]
    (row,) = found(DETECTOR, [ask(5, **inward)])
    assert (row["technique"], row["entity"], row["dstaddr"]) == ("T1595", STRANGER, HOST)


def test_a_comment_is_part_of_the_why() -> None:
    """What the list says of the entry stands in brackets."""
    (row,) = found(DETECTOR, talk(5, server="203.0.113.77"))
    assert row["why"].endswith("in 203.0.113.0/24 of drop (SBL1).")


def test_addresses_beside_the_list_are_none() -> None:
    """Neither a neighbour of an entry nor an address that is none is listed."""
    assert found(DETECTOR, talk(5, server="203.0.114.9")) == []
    assert found(DETECTOR, talk(5, server="unknown")) == []


def test_a_listed_scanner_is_one_finding() -> None:
    """A stranger at forty doors is told once, without a dstaddr, and the doors are counted."""
    rows = [
        ask(5, client=STRANGER, server=f"10.0.1.{n}", port=n, action="REJECT", interface_id=f"e{n}")
        for n in range(40)
    ]
    (row,) = found(DETECTOR, rows)
    assert (row["dstaddr"], row["dstport"], row["interface_id"]) == (None, None, None)
    assert row["why"] == (
        "203.0.113.9 asked 40 addresses: 40 records, all rejected; in 203.0.113.9 of drop."
    )


def test_what_is_let_in_later_is_told_though_rejects_were() -> None:
    """Rejects of one hour do not hide that the next let the stranger in."""
    inward = {"client": STRANGER, "server": HOST}
    rows = [ask(hour, action="REJECT", **inward) for hour in range(9)]
    rows += [ask(hour, **inward) for hour in range(4, 6)]
    assert [(hour, severity) for hour, _, severity in told(DETECTOR, rows)] == [
        (0, "low"),
        (4, "medium"),
    ]


def test_each_host_that_goes_out_is_told() -> None:
    """Two hosts that ask the same listed address are two findings."""
    rows = [*talk(5), *talk(5, client=OTHER)]
    assert [entity for _, entity, _ in told(DETECTOR, rows)] == [
        f"{HOST} -> {STRANGER}",
        f"{OTHER} -> {STRANGER}",
    ]


def test_several_lists() -> None:
    """The first list that has the address is named; a table without values names the network."""
    plain = PrefixTable(["203.0.113.8/31", "198.51.100.0/24"])
    both = ListedAddress(lists=(plain, DROP))
    assert found(both, talk(5))[0]["why"].endswith("answered; in 203.0.113.8/31.")
    assert found(both, talk(5, server="203.0.113.1"))[0]["why"].endswith("of drop (SBL1).")
    assert ListedAddress(lists=(load_threat_list(b""),)).find(facts_of_rows(talk(5))).num_rows == 0


def test_without_a_list_it_cannot_answer() -> None:
    """It says so, rather than to find nothing."""
    assert ListedAddress().unable(facts_of_rows(talk(5))) == "no threat list was given"
    assert DETECTOR.unable(facts_of_rows(talk(5))) is None


def test_ipv6_and_nulls() -> None:
    """IPv6 is looked up; without ports, action and sizes the finding has nulls."""
    names = ("port", "protocol", "action", "bytes", "packets", "interface_id", "account_id")
    bare: Row = dict.fromkeys(names)
    (row,) = found(DETECTOR, [ask(5, server="2001:db8:bad::1", **bare)])
    assert (row["dstaddr"], row["dstport"], row["action"]) == ("2001:db8:bad::1", None, None)
    assert row["why"].startswith("10.0.0.5 asked 2001:db8:bad::1: 1 record, no answer;")
    assert isinstance(DETECTOR.find(facts_of_rows([])), pa.Table)


def test_an_episode_is_told_once() -> None:
    """Days of it are one finding; after a quiet day there is another."""
    rows = [row for hour in (0, 1, 20, 60) for row in talk(hour)]
    assert [hour for hour, _, _ in told(DETECTOR, rows)] == [0, 60]
