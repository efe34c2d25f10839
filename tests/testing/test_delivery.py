"""What lands in a bucket: keys, windows, gzip, Parquet."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowparse.logformat import LogFormat
from flowparse.testing import LAYOUTS, Delivery, Network, gzip_member, write_delivery

NETWORK = Network(seed=5, interfaces=12, peers=100, no_data=0.05, skip_data=0.02)
START = "2026-03-04T05:10:00Z"
START_SECONDS = 1772601000
NAME = r"111122223333_vpcflowlogs_us-east-1_fl-[0-9a-f]{17}_20260304T0510Z_[0-9a-f]{8}\.log\.gz"


def deliver(folder: Path, **arguments: Any) -> Delivery:
    given = {"start": START, "hours": 0.25, "records": 600} | arguments
    return write_delivery(folder, given.pop("network", NETWORK), **given)


@pytest.mark.parametrize(
    ("layout", "folder"),
    [
        ("plain", "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/04/"),
        ("hourly", "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/04/05/"),
        (
            "hive",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1"
            "/year=2026/month=03/day=04/",
        ),
        (
            "hive-hourly",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1"
            "/year=2026/month=03/day=04/hour=05/",
        ),
    ],
)
def test_key_is_spelled_as_aws_spells_it(layout: str, folder: str, tmp_path: Path) -> None:
    """Each layout has AWS's folders and AWS's file name, and the file lies at its key."""
    delivery = deliver(tmp_path, layout=layout)
    assert re.fullmatch(re.escape(folder) + NAME, delivery.keys[0])
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.gz"))
    assert found == list(delivery.keys)


def test_all_layouts_are_tested() -> None:
    """There are four layouts."""
    assert list(LAYOUTS) == ["plain", "hourly", "hive", "hive-hourly"]


@pytest.mark.parametrize("prefix", ["logs/eu", "/logs/eu/"])
def test_prefix_stands_before_the_key(prefix: str, tmp_path: Path) -> None:
    """A prefix is a folder before AWSLogs, with or without slashes around it."""
    delivery = deliver(tmp_path, prefix=prefix)
    assert all(key.startswith("logs/eu/AWSLogs/111122223333/") for key in delivery.keys)


@pytest.mark.parametrize("interval", [60, 600])
def test_records_end_in_the_window_of_the_name(interval: int, tmp_path: Path) -> None:
    """Every record ends in the five minutes that its object's name begins."""
    network = Network(seed=5, interfaces=12, peers=100, interval=interval)
    delivery = deliver(tmp_path, network=network, log_format="end", stories=["beacon"])
    assert len(delivery.objects) == 3
    for place, delivered in enumerate(delivery.objects):
        stamp = delivered.path.name.split("_")[4]
        assert stamp == f"20260304T05{10 + 5 * place}Z"
        begin = START_SECONDS + 300 * place
        assert delivered.window_start.timestamp() == begin
        ends = [int(end) for end in read_lines(delivered.path)[1:]]
        assert all(begin <= end < begin + 300 for end in ends)


def read_lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def test_object_begins_with_its_header(tmp_path: Path) -> None:
    """The first line of every object names the fields, and no other line does."""
    delivery = deliver(tmp_path, log_format="${srcaddr} ${dstaddr} ${pkt-dstaddr}")
    for path in delivery.files:
        lines = read_lines(path)
        assert lines[0] == "srcaddr dstaddr pkt-dstaddr"
        assert lines.count(lines[0]) == 1


def test_counts_are_those_of_the_files(tmp_path: Path) -> None:
    """Records, NODATA, SKIPDATA and bytes of a delivery are found in its files."""
    delivery = deliver(tmp_path)
    lines = [line for path in delivery.files for line in read_lines(path)[1:]]
    assert delivery.records == len(lines) == 600
    assert delivery.no_data == sum(line.endswith(" NODATA") for line in lines) > 0
    assert delivery.skip_data == sum(line.endswith(" SKIPDATA") for line in lines) > 0
    assert delivery.file_bytes == sum(path.stat().st_size for path in delivery.files)
    texts = [gzip.decompress(path.read_bytes()) for path in delivery.files]
    assert delivery.text_bytes == sum(map(len, texts))


def test_gzip_is_one_member_without_time_or_name(tmp_path: Path) -> None:
    """Flags, time and extra flags of the gzip header are zero, and the system is unknown."""
    for path in deliver(tmp_path).files:
        data = path.read_bytes()
        assert data[:10] == bytes.fromhex("1f8b08 00 00000000 00 ff")
        assert data.count(b"\x1f\x8b\x08\x00") == 1


def test_gzip_member_inflates_to_the_text() -> None:
    """Another program's inflate, checksum and length accept the member."""
    for text in (b"", b"a\n", b"version srcaddr\n" * 10_000):
        for level in (1, 6, 9):
            assert gzip.decompress(gzip_member(text, level)) == text


def test_two_deliveries_are_the_same_bytes(tmp_path: Path) -> None:
    """The same arguments give the same keys with the same bytes, text and Parquet."""
    for file_format in ("text", "parquet"):
        first = deliver(tmp_path / "a", file_format=file_format)
        second = deliver(tmp_path / "b", file_format=file_format)
        assert first.keys == second.keys
        for one, other in zip(first.files, second.files, strict=True):
            assert one.read_bytes() == other.read_bytes()


def test_window_goes_on_in_another_object(tmp_path: Path) -> None:
    """No object has more text than the limit; together they hold what one would."""
    whole = deliver(tmp_path / "whole")
    parts = deliver(tmp_path / "parts", max_text_bytes=5000)
    assert len(parts.objects) > len(whole.objects) == 3
    assert max(delivered.text_bytes for delivered in parts.objects) <= 5000
    assert len(set(parts.keys)) == len(parts.keys)
    lines = [sorted(x for p in d.files for x in read_lines(p)[1:]) for d in (whole, parts)]
    assert lines[0] == lines[1]


def test_object_has_one_record_at_least(tmp_path: Path) -> None:
    """A limit below one line gives objects of one record."""
    delivery = deliver(tmp_path, records=9, max_text_bytes=1)
    assert [delivered.records for delivered in delivery.objects] == [1] * 9


def test_account_has_a_flow_log_of_its_own(tmp_path: Path) -> None:
    """Each account's objects hold the records of its own interfaces only."""
    accounts = ("000000000042", "111122223333")
    network = Network(accounts=accounts, interfaces=12, peers=100)
    delivery = deliver(tmp_path, network=network, log_format="account-id")
    flow_logs = set()
    for delivered in delivery.objects:
        assert delivered.path.name.startswith(f"{delivered.account_id}_vpcflowlogs_us-east-1_fl-")
        flow_logs.add((delivered.account_id, delivered.path.name.split("_")[3]))
        assert set(read_lines(delivered.path)[1:]) <= {delivered.account_id, "unknown"}
    assert {account for account, _ in flow_logs} == set(accounts)
    assert len(flow_logs) == len({flow_log for _, flow_log in flow_logs}) == 2
    assert delivery.records == 600


def test_gateway_logs_to_its_owner(tmp_path: Path) -> None:
    """A transit gateway's flow log is one, in the account that owns the gateway."""
    network = Network(accounts=("000000000042", "111122223333"), interfaces=12, peers=100)
    delivery = deliver(tmp_path, network=network, log_format=LogFormat.transit_gateway())
    assert {delivered.account_id for delivered in delivery.objects} == {"000000000042"}
    vpcs = {line.split()[5] for line in read_lines(delivery.files[0])[1:]}
    assert {"000000000042", "111122223333"} <= vpcs


def test_window_without_records_has_no_object(tmp_path: Path) -> None:
    """AWS delivers no empty objects."""
    assert len(deliver(tmp_path, records=2).objects) == 2
    assert deliver(tmp_path, records=0).objects == ()


# What AWS writes: version INT_32 … start INT_64, names with underscores.
PARQUET = {
    "version": pa.int32(), "account_id": pa.string(), "interface_id": pa.string(),
    "srcaddr": pa.string(), "dstaddr": pa.string(), "srcport": pa.int32(),
    "dstport": pa.int32(), "protocol": pa.int32(), "packets": pa.int64(), "bytes": pa.int64(),
    "start": pa.int64(), "end": pa.int64(), "action": pa.string(), "log_status": pa.string(),
}  # fmt: skip


def test_parquet_has_the_types_of_aws(tmp_path: Path) -> None:
    """Names, types, order and codec of a Parquet object are AWS's."""
    delivery = deliver(tmp_path, file_format="parquet")
    assert all(key.endswith(".log.parquet") for key in delivery.keys)
    file = pq.ParquetFile(delivery.files[0])
    assert {field.name: field.type for field in file.schema_arrow} == PARQUET
    assert file.schema_arrow.names == list(PARQUET)
    group = file.metadata.row_group(0)
    assert {group.column(i).compression for i in range(14)} == {"GZIP"}
    kinds = [file.schema.column(i).physical_type for i in (0, 8, 10, 3)]
    assert kinds == ["INT32", "INT64", "INT64", "BYTE_ARRAY"]
    assert file.metadata.metadata is None


@pytest.mark.parametrize("log_format", [LogFormat.all_fields(), LogFormat.transit_gateway()])
def test_parquet_holds_what_the_text_holds(log_format: LogFormat, tmp_path: Path) -> None:
    """Every value of a Parquet object is the text's, `-` a null."""
    texts = deliver(tmp_path / "text", log_format=log_format)
    tables = deliver(tmp_path / "parquet", log_format=log_format, file_format="parquet")
    for path, other in zip(texts.files, tables.files, strict=True):
        rows = [line.split() for line in read_lines(path)[1:]]
        columns = pq.read_table(other).to_pydict()
        for place, values in enumerate(columns.values()):
            assert ["-" if v is None else str(v) for v in values] == [r[place] for r in rows]


def test_name_twice_is_one_column(tmp_path: Path) -> None:
    """A field that stands twice in the format is one Parquet column."""
    delivery = deliver(tmp_path, log_format="end srcaddr end new-name", file_format="parquet")
    schema = pq.read_schema(delivery.files[0])
    assert schema.names == ["end", "srcaddr", "new_name"]
    assert schema.field("new_name").type == pa.string()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layout": "flat"}, "layout: expected one of plain, hourly, hive, hive-hourly"),
        ({"file_format": "csv"}, "file_format: expected one of text, parquet, got 'csv'"),
        ({"start": "2026-03-04T05:11:00Z"}, "start: objects begin at a multiple of five"),
        ({"hours": 0.1}, "hours: expected whole five minutes"),
        ({"hours": 0}, "hours: expected whole five minutes"),
        ({"records": -1}, "expected records >= 0"),
        ({"level": 0}, "level 1 to 9"),
        ({"prefix": "a/AWSLogs"}, "AWS keeps the name 'AWSLogs' for itself"),
        ({"prefix": "../up"}, "prefix: expected names joined by '/'"),
    ],
)
def test_wrong_argument_is_named(arguments: dict[str, Any], words: str, tmp_path: Path) -> None:
    """An argument that AWS could not serve is a ValueError, and no file is written."""
    with pytest.raises(ValueError, match=words):
        deliver(tmp_path / "bucket", **arguments)
    assert not (tmp_path / "bucket").exists()
