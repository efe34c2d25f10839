from __future__ import annotations

import pyarrow as pa
import pytest

import flowparse
from flowparse.report.gather import gather, name_sources
from flowparse.report.page import render
from flowparse.report.places import Places

HEADER = b"srcaddr dstaddr dstport protocol packets bytes start end action log-status\n"
LOG = HEADER + (
    b"10.0.0.1 198.51.100.7 443 6 10 5000 1700000000 1700000060 ACCEPT OK\n"
    b"10.0.0.1 198.51.100.7 443 6 10 3000 1700000100 1700000160 ACCEPT OK\n"
    b"203.0.113.9 10.0.0.1 22 6 1 60 1700000030 1700000031 REJECT OK\n"
    b"- - - - - - 1700000000 1700000060 - NODATA\n"
    b"- - - - - - 1700000000 1700000060 - SKIPDATA\n"
    b"10.0.0.1 198.51.100.7 443 6 10 x 1700000000 1700000060 ACCEPT OK\n"
)


def test_one_small_log():
    """The figures of a log of three flows, one NODATA, one SKIPDATA and one bad line, by hand."""
    found = gather(LOG, on_reject="collect")
    assert (found.records, found.bytes) == (5, 8060)
    assert found.counts.rejects == 1
    assert (found.first, found.last) == ("2023-11-14 22:13:20", "2023-11-14 22:16:00")
    (top, other) = found.talkers.rows.to_pylist()
    assert (top["srcaddr"], top["bytes"], top["records"]) == ("10.0.0.1", 8000, 2)
    assert (other["bytes"], found.talkers.bytes) == (60, 8060)
    (denied,) = found.denied.rows.to_pylist()
    assert (denied["srcaddr"], denied["dstport"], denied["records"]) == ("203.0.113.9", 22, 1)
    links = [(r["source"], r["destination"], r["bytes"]) for r in found.links.to_pylist()]
    assert links == [
        ("10.0.0.0/24", "198.51.0.0/16", 8000),
        ("203.0.0.0/16", "10.0.0.0/24", 60),
    ]
    kinds = dict(zip(*(found.quality[name].to_pylist() for name in ("what", "count")), strict=True))
    assert kinds == {"reject": 1, "skip-data": 1, "no-data": 1}
    assert found.actions[None]["records"] == 2
    assert found.findings is None or found.findings.num_rows == 0


def test_a_table_gives_what_its_source_gives():
    """A table of either schema has the figures of the log that it was read of."""
    wanted = gather(LOG, on_reject="collect", detectors=())
    for schema in ("typed", "aws"):
        found = gather(flowparse.read_table(LOG, on_reject="collect", schema=schema), detectors=())
        for name in ("volume", "links", "actions", "first", "last"):
            assert getattr(found, name) == getattr(wanted, name), (schema, name)
        assert found.talkers.rows == wanted.talkers.rows


def test_prefixes():
    """Any prefix will do, 0 too; one that there is not is an error before anything is read."""
    links = gather(LOG, on_reject="collect", prefix=0, prefix_ipv6=0, detectors=()).links
    assert links["source"].to_pylist() == ["0.0.0.0/0", "203.0.0.0/16"]
    with pytest.raises(ValueError, match=r"prefix: expected 0\.\.32 bits, got 33"):
        gather("/no/such/file", prefix=33)


def test_nothing_at_all(tmp_path):
    """An empty folder has no record, no talker and no link, and is no error."""
    found = gather(str(tmp_path))
    assert (found.records, found.counts.objects) == (0, 0)
    assert (found.talkers.rows.num_rows, found.links.num_rows, found.volume.num_rows) == (0, 0, 0)
    assert (found.first, found.last) == (None, None)


def test_what_is_delivered_twice_is_said():
    """Detectors see a record once; that others came again is told before the figures."""
    found = gather([LOG, LOG], on_reject="collect")
    assert (found.duplicates, found.records) == (5, 10)
    assert "5 records had come before" in render(found, "Title")
    assert gather(LOG, on_reject="collect").duplicates == 0


def test_no_detectors_find_nothing():
    """With no detector there are no findings, which is something else than none found."""
    assert gather(LOG, on_reject="collect", detectors=()).findings is None


def test_sources_by_name(tmp_path):
    """A page names its sources as the caller did, and what has no name by its kind."""
    data = pa.table({"srcaddr": ["10.0.0.1"]})
    names = name_sources(["a.log", tmp_path, b"abc", data])
    assert names == ("a.log", str(tmp_path), "3 bytes in memory", "a Table")


def test_sums_that_cannot_be_are_refused():
    """Records whose bytes add up to more than 64 bits hold are an error, not a wrong figure."""
    line = b"10.0.0.%d 10.0.1.1 443 6 1 9000000000000000000 1700000000 1700000060 ACCEPT OK\n"
    with pytest.raises(OverflowError, match="bytes: the sum of all records does not fit"):
        gather(HEADER + line % 1 + line % 2, detectors=())


def test_formats_without_sizes(tmp_path):
    """Where no record says its bytes, records are counted instead; fields may be missing."""
    log = b"srcaddr dstaddr\n10.0.0.1 10.0.1.1\n10.0.0.1 10.0.1.1\n10.0.0.2 10.0.1.1\n"
    found = gather(log)
    assert found.measure == "records"
    rows = found.talkers.rows.to_pylist()
    assert [(row["srcaddr"], row["records"]) for row in rows] == [("10.0.0.1", 2), ("10.0.0.2", 1)]
    page = render(found, "Title")
    assert "Records from one address to another" in page
    for text in (b"srcaddr\n10.0.0.1\n", b"version account-id\n2 012345678901\n"):
        assert "<h1>Title</h1>" in render(gather(text), "Title")


def test_a_transit_gateway_tells_no_action():
    """Traffic without an action is charted all the same, and nobody says that none was rejected."""
    header = b"srcaddr dstaddr packets bytes start end log-status\n"
    record = b"10.0.0.1 10.0.1.1 10 5000 1700000000 1700000060 OK\n"
    found = gather(header + record * 2 + b"- - - - 1700000100 1700000160 NODATA\n")
    assert sum(found.volume["bytes"].to_pylist()) == 10000
    assert found.outside["silent"] == 1
    page = render(found, "Title")
    assert "All bytes: 10.0 kB" in page
    assert "No record says whether it was rejected." in page
    assert "1 tell of no traffic" in page


PLACED = b"""srcaddr dstaddr flow-direction subnet-id pkt-srcaddr pkt-src-aws-service
10.0.0.1 10.0.1.1 egress subnet-a 10.0.0.1 -
10.0.0.1 10.0.1.1 ingress subnet-b 10.0.0.1 -
10.0.0.1 10.0.1.1 ingress subnet-b 10.0.0.1 -
10.0.0.1 10.0.1.1 ingress subnet-c 10.0.0.1 -
52.0.0.1 10.0.0.1 ingress subnet-a 52.0.0.1 S3
10.0.2.1 10.0.0.1 ingress subnet-a 52.0.0.2 EC2
- - - subnet-d - -
"""


def test_records_tell_of_places():
    """A subnet is told of the end that the interface is at, a service of the packet's own source.

    Where several are told, that of most records holds.
    """
    places = Places()
    with flowparse.open_reader(PLACED, columns=[*places.columns]) as reader:
        for batch in reader:
            places.add(batch)
    table = places.table()
    assert table is not None
    assert dict(zip(*(column.to_pylist() for column in table.columns), strict=True)) == {
        "10.0.0.1": "subnet-a",
        "10.0.1.1": "subnet-b",
        "52.0.0.1": "AWS S3",
    }
