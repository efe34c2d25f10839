"""One port of many servers."""

from __future__ import annotations

from detect.rows import HOST, OTHER, STRANGER, Row, answer, ask, found, talk, told
from flowparse.detect.horizontal_scan import HorizontalScan


def sweep(hour: int = 5, servers: int = 40, **columns: object) -> list[Row]:
    """Each server once, and nothing answers."""
    usual: Row = {"client": HOST, "port": 445, "action": "ACCEPT", "bytes": 44, "packets": 1}
    return [ask(hour, server=f"10.0.1.{n}", **{**usual, **columns}) for n in range(servers)]


def test_a_sweep_is_one_finding_with_its_numbers() -> None:
    """Forty silent servers are one finding of the client and the port, high from inside."""
    (row,) = found(HorizontalScan(), sweep())
    assert row["why"] == (
        "10.0.0.5 tried port 445 of 40 servers within an hour; none answered, 0 requests rejected."
    )
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (HOST, None, 445)
    assert (row["records"], row["bytes"], row["measure"]) == (40, 1760, 40.0)
    assert (row["severity"], row["action"], row["technique"]) == ("high", "ACCEPT", "T1046")


def test_fewer_servers_than_the_threshold_are_none() -> None:
    """Twenty-nine are none, thirty are a scan."""
    assert found(HorizontalScan(), sweep(servers=29)) == []
    assert len(found(HorizontalScan(), sweep(servers=30))) == 1


def test_a_strangers_sweep_is_seen_from_all_interfaces() -> None:
    """Each interface sees one knock at its door; together they are a sweep, low where rejected."""
    rows = sweep(client=STRANGER, port=3389, action="REJECT")
    rows = [{**row, "interface_id": f"eni-{n}"} for n, row in enumerate(rows)]
    assert told(HorizontalScan(), rows) == [(5, f"{STRANGER} -> *:3389", "low")]
    assert (
        told(HorizontalScan(), [{**row, "account_id": row["interface_id"]} for row in rows]) == []
    )


def test_crawlers_resolvers_and_monitors_are_no_scan() -> None:
    """Hundreds of servers that answer are none, whatever the port; nor are a few dead ones."""
    for port, protocol in ((443, 6), (53, 17), (123, 17), (22, 6)):
        rows = [
            row
            for n in range(300)
            for row in talk(5, server=f"198.18.1.{n}", port=port, protocol=protocol, bytes=500)
        ]
        dead = [ask(5, server=f"198.18.2.{n}", port=port, protocol=protocol) for n in range(60)]
        assert found(HorizontalScan(), [*rows, *dead]) == []


def test_answers_of_a_server_are_no_scan() -> None:
    """What goes from a server to its many clients was not asked by it."""
    rows = [answer(ask(5, client=f"198.18.1.{n}", server=HOST)) for n in range(200)]
    assert found(HorizontalScan(), rows) == []


def test_a_sweep_of_pings_is_told_as_one() -> None:
    """Forty hosts that send nothing back were pinged: T1018, without a port."""
    rows = sweep(protocol=1, port=0)
    (row,) = found(HorizontalScan(), rows)
    assert (row["technique"], row["dstport"], row["severity"]) == ("T1018", None, "medium")
    assert row["entity"] == f"{HOST} -> *:ping"
    assert len(found(HorizontalScan(), [{**row, "port": None} for row in rows])) == 1


def test_pings_that_come_back_are_no_sweep() -> None:
    """A monitor is answered by records that look like requests; a crowd is told of closed ports."""
    there = sweep(protocol=1, port=0)
    back = [{**row, "client": row["server"], "server": row["client"]} for row in there]
    assert found(HorizontalScan(), [*there, *back]) == []
    asked = [{**row, "protocol": 17, "port": 5060} for row in back]
    assert found(HorizontalScan(), [*there, *asked]) == []
    later = [{**row, "hour": row["hour"] + 3600} for row in back]
    assert len(found(HorizontalScan(), [*there, *later])) == 1


def test_multicast_is_no_scan() -> None:
    """Many groups of multicast are asked, and no group answers."""
    rows = [ask(5, server=f"224.0.1.{n}", protocol=17, port=5000) for n in range(60)]
    rows += [ask(5, server=f"ff02::{n}", protocol=17, port=5000) for n in range(60)]
    assert found(HorizontalScan(), rows) == []


def test_ipv6_and_nulls() -> None:
    """A sweep over IPv6 is found; without action, bytes and interface it is, with nulls."""
    bare = dict.fromkeys(("action", "bytes", "packets", "interface_id", "account_id"))
    rows = [ask(5, server=f"fd00::{n}", client="fd00::a:5", port=22, **bare) for n in range(40)]
    (row,) = found(HorizontalScan(), rows)
    assert (row["entity"], row["severity"]) == ("fd00::a:5 -> *:22", "high")
    assert (row["action"], row["bytes"]) == (None, None)
    assert found(HorizontalScan(), [{**row, "port": None} for row in rows]) == []


def test_an_episode_is_told_once_and_each_port_apart() -> None:
    """A sweep of hours is one finding, one of another port another."""
    rows = [row for hour in (0, 1, 2) for row in sweep(hour)] + sweep(2, port=22, client=OTHER)
    assert told(HorizontalScan(), rows) == [
        (0, f"{HOST} -> *:445", "high"),
        (2, f"{OTHER} -> *:22", "high"),
    ]
