"""Many ports of one server."""

from __future__ import annotations

from detect.rows import HOST, OTHER, STRANGER, Row, answer, ask, found, talk, told
from flowparse.detect.vertical_scan import VerticalScan


def scan(hour: int = 5, ports: int = 40, **columns: object) -> list[Row]:
    """Each port once, and nothing answers."""
    usual: Row = {"client": STRANGER, "server": HOST, "action": "REJECT", "bytes": 44, "packets": 1}
    return [ask(hour, port=1 + n, **{**usual, **columns}) for n in range(ports)]


def test_a_scan_is_one_finding_with_its_numbers() -> None:
    """Forty rejected ports are one finding of the two hosts, low as a stranger's in vain."""
    (row,) = found(VerticalScan(), scan())
    assert row["why"] == (
        "203.0.113.9 tried 40 ports of 10.0.0.5 within an hour; "
        "none answered, 40 requests rejected."
    )
    assert (row["srcaddr"], row["dstaddr"], row["dstport"]) == (STRANGER, HOST, None)
    assert (row["records"], row["packets"], row["bytes"], row["measure"]) == (40, 40, 1760, 40.0)
    assert (row["severity"], row["action"], row["technique"]) == ("low", "REJECT", "T1046")


def test_fewer_ports_than_the_threshold_are_none() -> None:
    """Twenty-nine are none, thirty are a scan; and so it is with a threshold of one's own."""
    assert found(VerticalScan(), scan(ports=29)) == []
    assert len(found(VerticalScan(), scan(ports=30))) == 1
    assert len(found(VerticalScan(ports=10), scan(ports=10))) == 1


def test_resets_and_bare_handshakes_are_no_answers() -> None:
    """A scan that is let through is found though each port sends a packet back."""
    rows = scan(action="ACCEPT", client=OTHER)
    rows += [answer(row, bytes=40 if row["port"] % 9 else 60) for row in rows]
    assert told(VerticalScan(), rows) == [(5, f"{OTHER} -> {HOST}", "high")]


def test_a_few_open_ports_raise_a_strangers_scan() -> None:
    """Where four of forty ports answer, the severity is medium."""
    rows = scan(action="ACCEPT")
    rows += [answer(row, bytes=5000) for row in rows[:4]]
    assert told(VerticalScan(), rows) == [(5, f"{STRANGER} -> {HOST}", "medium")]
    rows += [answer(row, bytes=5000) for row in rows[4:9]]  # 31 of 40 in vain
    assert told(VerticalScan(), rows) == []


def test_many_ports_that_answer_are_no_scan() -> None:
    """Passive FTP, RPC and Spark use hundreds of ports of one server, and these answer."""
    rows = [row for n in range(300) for row in talk(5, port=30_000 + n, server=OTHER)]
    assert found(VerticalScan(), rows) == []


def test_answers_to_ephemeral_ports_are_no_scan() -> None:
    """A busy server, a NAT gateway, and rejects of answers after the end: no port was asked."""
    many = [answer(ask(5, client=OTHER, server=HOST), records=5000)]
    late = [ask(5, client=OTHER, server=HOST, is_answer=True, action="REJECT", records=500)]
    crowd = [row for n in range(200) for row in talk(5, client=f"198.18.0.{n}", server=HOST)]
    assert found(VerticalScan(), [*many, *late, *crowd]) == []


def test_health_checks_that_fail_are_no_scan() -> None:
    """One port that does not answer is one port, however often it is tried."""
    assert found(VerticalScan(), [ask(5, records=720, server=HOST, client=OTHER)]) == []


def test_traceroute_is_no_scan() -> None:
    """The ports of UDP that traceroute counts through do not count; those of TCP do."""
    rows = [ask(5, port=33434 + n, protocol=17, records=1) for n in range(90)]
    assert found(VerticalScan(), rows) == []
    assert len(found(VerticalScan(), [{**row, "protocol": 6} for row in rows])) == 1


def test_what_two_interfaces_saw_counts_once() -> None:
    """Twenty ports seen at both ends are no forty; twenty each of different ones are."""
    twice = [*scan(ports=20, interface_id="eni-1"), *scan(ports=20, interface_id="eni-2")]
    assert found(VerticalScan(), twice) == []
    split = [{**row, "interface_id": f"eni-{row['port'] % 2}"} for row in scan()]
    assert [row["interface_id"] for row in found(VerticalScan(), split)] == [None]


def test_accounts_are_apart() -> None:
    """The same private addresses in two accounts are other hosts."""
    half = [{**row, "account_id": f"{row['port'] % 2}"} for row in scan()]
    assert found(VerticalScan(), half) == []


def test_a_port_of_tcp_and_of_udp_are_two() -> None:
    """Fifteen numbers of both protocols are thirty ports."""
    rows = [*scan(ports=15), *scan(ports=15, protocol=17)]
    assert found(VerticalScan(), rows)[0]["measure"] == 30.0


def test_ipv6_and_nulls() -> None:
    """A scan over IPv6 is found; without action, bytes and interface it is, with nulls."""
    bare = dict.fromkeys(("action", "bytes", "packets", "interface_id", "account_id"))
    rows = scan(client="2001:db8::9", server="2001:db8:1::5", **bare)
    (row,) = found(VerticalScan(), rows)
    assert row["entity"] == "2001:db8::9 -> 2001:db8:1::5"
    assert (row["action"], row["bytes"], row["account_id"]) == (None, None, None)
    assert found(VerticalScan(), [{**row, "port": None} for row in scan()]) == []


def test_an_episode_is_told_once() -> None:
    """Hours with a scan are one finding until a day is without; the first hour's numbers count."""
    rows = [row for hour in (0, 1, 2, 20, 46) for row in scan(hour, ports=30 + hour)]
    hours = [(hour, measure) for hour, measure in _hours(rows)]
    assert hours == [(0, 30.0), (46, 76.0)]


def _hours(rows: list[Row]) -> list[tuple[int, float]]:
    return [
        (hour, row["measure"])
        for (hour, _, _), row in zip(
            told(VerticalScan(), rows), found(VerticalScan(), rows), strict=True
        )
    ]
