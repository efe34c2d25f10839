"""A bucket after weeks: every object where AWS puts it, with the records of its window."""

from __future__ import annotations

import gzip
from collections import Counter
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.aws import parse_key
from flowparse.logformat import LogFormat
from flowparse.testing import LAYOUTS, FlowLog, Network, Tree, write_tree
from flowparse.testing.moved import MovedLines

ACCOUNTS = ("000000000042", "111122223333", "444455556666")
REGIONS = ("eu-west-1", "us-gov-east-1")
NETWORKS = [
    Network(seed=5, accounts=ACCOUNTS, region=region, interfaces=12, peers=60, no_data=0.2,
            skip_data=0.1)
    for region in REGIONS
]  # fmt: skip
START = "2026-03-04T05:10:00Z"
START_SECONDS = 1772601000


def make(**arguments: Any) -> tuple[Tree, dict[str, bytes]]:
    """A tree of two hours, and its objects by key."""
    bucket: dict[str, bytes] = {}
    given = {"networks": NETWORKS, "start": START, "days": 1 / 12} | arguments
    return write_tree(bucket.__setitem__, given.pop("networks"), **given), bucket


def lines_of(body: bytes) -> list[str]:
    return gzip.decompress(body).decode().splitlines()


@pytest.mark.parametrize(
    ("layout", "prefix", "file_format"),
    [*product(LAYOUTS, ("",), ("text",)), ("hive-hourly", "logs/team", "parquet")],
)
def test_key_tells_where_the_object_belongs(layout: str, prefix: str, file_format: str) -> None:
    """Account, region, flow log, time and container are read from every key, in every layout."""
    flow_log = FlowLog(layout=layout, prefix=prefix, file_format=file_format)
    tree, bucket = make(flow_logs=flow_log, records=2, bodies=2)
    assert list(tree.keys) == sorted(bucket)
    for written in tree.objects:
        key = parse_key(written.key)
        assert key is not None
        assert written.key.startswith(f"{prefix}/AWSLogs/" if prefix else "AWSLogs/")
        assert (key.account, key.region) == (written.account_id, written.region)
        assert (key.flow_log_id, key.stamp) == (written.flow_log_id, written.window_start)
        assert (key.day, key.container) == (written.window_start.date(), file_format)
        assert key.hour == (written.window_start.hour if "hourly" in layout else None)


def test_every_window_of_every_flow_log_is_there() -> None:
    """Each account has in each region one flow log, with one object every five minutes."""
    tree, _ = make(records=1, bodies=1)
    assert len(tree.objects) == 3 * 2 * 24
    places = Counter((each.account_id, each.region, each.flow_log_id) for each in tree.objects)
    assert sorted({place[:2] for place in places}) == sorted(product(ACCOUNTS, REGIONS))
    assert set(places.values()) == {24}
    assert len({id_ for _, _, id_ in places}) == 6
    for place in places:
        starts = sorted(
            each.window_start.timestamp()
            for each in tree.objects
            if (each.account_id, each.region, each.flow_log_id) == place
        )
        assert starts == [START_SECONDS + 300 * number for number in range(24)]


@pytest.mark.parametrize("interval", [60, 600])
@pytest.mark.parametrize("bodies", [None, 3])
def test_records_end_in_the_window_of_their_object(bodies: int | None, interval: int) -> None:
    """Drawn or moved, every record ends in its object's five minutes, and starts before that."""
    network = Network(seed=5, interfaces=6, peers=50, interval=interval, no_data=0.1)
    tree, bucket = make(
        networks=network, flow_logs=FlowLog("end start"), records=30, bodies=bodies,
        busy_hour="2026-03-04T06:00:00Z", busy_records=1000,
    )  # fmt: skip
    for written in tree.objects:
        begin = int(written.window_start.timestamp())
        for line in lines_of(bucket[written.key])[1:]:
            end, start = map(int, line.split())
            assert begin <= end < begin + 300
            assert end - interval < start <= end


def test_records_are_of_their_flow_log() -> None:
    """An object has the interfaces of its account and region only."""
    tree, bucket = make(flow_logs=FlowLog("account-id region az-id"), records=20, bodies=3)
    for written in tree.objects:
        seen = [line.split()[:2] for line in lines_of(bucket[written.key])[1:]]
        assert {account for account, _ in seen} <= {written.account_id, "unknown"}
        assert {region for _, region in seen} <= {written.region, "-"}


def test_few_bodies_come_again() -> None:
    """With `bodies`, the objects of a flow log are that many texts, but for their times."""
    for bodies in (1, 4):
        tree, bucket = make(flow_logs=FlowLog("srcaddr srcport bytes"), bodies=bodies)
        texts: dict[str, set[bytes]] = {}
        for written in tree.objects:
            text = gzip.decompress(bucket[written.key])
            texts.setdefault(written.flow_log_id, set()).add(text)
        assert [len(each) for each in texts.values()] == [bodies] * 6


def test_drawn_bodies_differ() -> None:
    """Without `bodies`, no two objects have the same records."""
    tree, bucket = make(networks=NETWORKS[0], flow_logs=FlowLog("srcport bytes packets"))
    assert len({gzip.decompress(body) for body in bucket.values()}) == len(tree.objects)


def test_busy_hour_stands_out() -> None:
    """The objects of the busy hour share its records, and are drawn; all others are small."""
    tree, bucket = make(
        flow_logs=FlowLog("srcport bytes packets"), records=3, bodies=1,
        busy_hour="2026-03-04T05:30:00Z", busy_records=1205,
    )  # fmt: skip
    for flow_log_id in {each.flow_log_id for each in tree.objects}:
        own = [each for each in tree.objects if each.flow_log_id == flow_log_id]
        busy = [e for e in own if 1200 <= e.window_start.timestamp() - START_SECONDS < 4800]
        assert sum(each.records for each in busy) == 1205
        assert {each.records for each in busy} == {100, 101}
        assert len({gzip.decompress(bucket[each.key]) for each in busy}) == 12
        assert {each.records for each in own if each not in busy} == {3}


def test_flow_logs_of_different_settings_lie_in_one_bucket() -> None:
    """Formats, layouts, prefixes and containers mix; each object is as its flow log is set."""
    flow_logs = [
        FlowLog(),
        FlowLog(LogFormat.all_fields(), layout="hive", prefix="all", file_format="parquet"),
        FlowLog("end srcaddr", layout="hourly", prefix="few"),
        FlowLog(),
    ]
    tree, bucket = make(networks=NETWORKS[0], flow_logs=flow_logs, bodies=1, records=4)
    assert len({each.flow_log_id for each in tree.objects}) == 3 * 4
    headers: Counter[str] = Counter()
    for key, body in bucket.items():
        if key.startswith("all/"):
            table = pq.read_table(BytesIO(body))
            assert (table.num_rows, table.num_columns) == (4, len(LogFormat.all_fields().fields))
        else:
            headers[lines_of(body)[0]] += 1
            assert key.startswith("few/") == (lines_of(body)[0] == "end srcaddr")
    assert headers == {"end srcaddr": 3 * 24, LogFormat.default().header: 2 * 3 * 24}


def test_gateway_logs_to_its_owner() -> None:
    """A transit gateway's flow log is one for each region, in the first account."""
    tree, _ = make(flow_logs=FlowLog(LogFormat.transit_gateway()), records=1, bodies=1)
    assert {each.account_id for each in tree.objects} == {ACCOUNTS[0]}
    assert len({each.flow_log_id for each in tree.objects}) == 2


def test_folder_and_callable_get_the_same(tmp_path: Path) -> None:
    """The files of a folder have the keys and the bytes that `put` gets; two runs are the same."""
    arguments = {"start": START, "days": 0.25, "bodies": 2, "flow_logs": FlowLog(layout="hive")}
    tree, bucket = make(**arguments)
    assert write_tree(tmp_path, NETWORKS, **arguments) == tree
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in files} == bucket


def test_tree_is_read(tmp_path: Path) -> None:
    """What the tree says of its records is what reading it finds, all of it and an hour."""
    tree = write_tree(
        tmp_path, NETWORKS, start=START, days=0.25, records=5, bodies=3,
        busy_hour="2026-03-04T07:00:00Z", busy_records=600,
        flow_logs=[FlowLog(LogFormat.all_fields()), FlowLog(layout="hive-hourly", prefix="x")],
    )  # fmt: skip
    with flowparse.open_reader(tmp_path) as reader:
        table = reader.read_all()
    assert table.num_rows == reader.counts.records == tree.records
    assert reader.counts.objects == len(tree.objects) == 3 * 2 * 2 * 72
    assert reader.counts.rejects == 0
    assert reader.counts.no_data == sum(each.no_data for each in tree.objects) > 0
    assert reader.counts.skip_data == sum(each.skip_data for each in tree.objects) > 0
    assert reader.counts.bytes_text == sum(each.text_bytes for each in tree.objects)
    assert reader.counts.bytes_read == tree.file_bytes


@pytest.mark.parametrize("log_format", [LogFormat.all_fields(), LogFormat.transit_gateway()])
def test_lines_are_moved_in_time_only(log_format: LogFormat) -> None:
    """Moved by an hour and back, lines are what they were; moved, only their times differ."""
    network = Network(seed=1, interfaces=20, peers=50, no_data=0.2, skip_data=0.1)
    text = network.text(log_format, records=300, start=900, seconds=300, header=False).decode()
    lines = text.splitlines(keepends=True)
    moved = MovedLines(lines, log_format, 900)
    assert moved.text(900) == text
    later = moved.text(4500).splitlines(keepends=True)
    for before, after in zip(lines, later, strict=True):
        for name, old, new in zip(log_format.fields, before.split(), after.split(), strict=True):
            assert new == (str(int(old) + 3600) if name in ("start", "end") else old)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": "2026-03-04T05:11:00Z"}, "objects begin at a multiple of five minutes"),
        ({"busy_hour": "2026-03-04T05:31:00Z"}, "objects begin at a multiple of five minutes"),
        ({"busy_hour": "2026-03-04T05:05:00Z"}, "busy_hour: expected an hour inside the tree"),
        ({"busy_hour": "2026-03-04T06:15:00Z"}, "busy_hour: expected an hour inside the tree"),
        ({"days": 0.001}, "days: expected whole five minutes"),
        ({"days": 0}, "days: expected whole five minutes"),
        ({"records": 0}, "expected records >= 1"),
        ({"bodies": 0}, "bodies >= 1 or None"),
        ({"busy_records": 11}, "busy_records >= 12"),
        ({"level": 10}, "level 1 to 9"),
        ({"networks": [NETWORKS[0], NETWORKS[0]]}, "account 000000000042 comes twice in eu-west-1"),
    ],
)
def test_wrong_argument_is_named(arguments: dict[str, Any], words: str, tmp_path: Path) -> None:
    """An argument out of its range is a ValueError, and nothing is written."""
    given = {"networks": NETWORKS, "start": START, "days": 1 / 12} | arguments
    with pytest.raises(ValueError, match=words):
        write_tree(tmp_path / "bucket", given.pop("networks"), **given)
    assert not (tmp_path / "bucket").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layout": "flat"}, "layout: expected one of plain, hourly, hive, hive-hourly"),
        ({"file_format": "csv"}, "file_format: expected one of text, parquet, got 'csv'"),
        ({"prefix": "a/AWSLogs"}, "AWS keeps the name 'AWSLogs' for itself"),
        ({"log_format": "${srcaddr"}, "log_format"),
    ],
)
def test_wrong_setting_is_named(arguments: dict[str, Any], words: str) -> None:
    """A setting that AWS does not know is a ValueError."""
    with pytest.raises(ValueError, match=words):
        FlowLog(**arguments)
