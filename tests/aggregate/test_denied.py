"""What was denied."""

from __future__ import annotations

from flowparse import aggregate

LOG = b"""srcaddr dstaddr dstport protocol action reject-reason interface-id packets bytes start end
203.0.113.9 10.0.0.1 22 6 REJECT - eni-1 1 60 100 110
203.0.113.9 10.0.0.1 22 6 REJECT - eni-2 2 61 90 95
203.0.113.9 10.0.0.1 22 6 REJECT BPA eni-1 3 62 80 85
203.0.113.9 10.0.0.1 22 6 ACCEPT - eni-1 4 63 70 75
203.0.113.7 10.0.0.1 22 6 REJECT BPA eni-1 5 64 60 65
- - - - - - eni-1 - - 50 55
"""


def test_rejected_records_only() -> None:
    """Rejects are added up by who asked whom for what, and why; interfaces are counted once."""
    table = aggregate.denied(LOG)
    names = ["srcaddr", "reject_reason", "records", "packets", "bytes", "interfaces"]
    assert list(zip(*table.select(names).to_pydict().values(), strict=True)) == [
        ("203.0.113.9", None, 2, 3, 121, 2),
        ("203.0.113.7", "BPA", 1, 5, 64, 1),
        ("203.0.113.9", "BPA", 1, 3, 62, 1),
    ]
    assert table["first_seen"].cast("int64").to_pylist() == [90, 60, 80]
    assert table["last_seen"].cast("int64").to_pylist() == [110, 65, 85]


def test_limit_and_networks() -> None:
    """A prefix folds sources and destinations; limit keeps the first rows."""
    table = aggregate.denied(LOG, 1, prefix=24)
    assert table.select(["srcaddr", "dstaddr", "records"]).to_pylist() == [
        {"srcaddr": "203.0.113.0/24", "dstaddr": "10.0.0.0/24", "records": 2}
    ]


def test_a_format_without_actions_or_interfaces() -> None:
    """Without an action nothing is denied; without interface-id their number is 0."""
    assert aggregate.denied(b"srcaddr dstaddr dstport\na b 1\n").num_rows == 0
    [row] = aggregate.denied(b"srcaddr dstaddr action\na b REJECT\n").to_pylist()
    assert (row["records"], row["interfaces"], row["dstport"]) == (1, 0, None)
