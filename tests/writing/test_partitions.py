"""Hive-style folders: which record goes where, and that readers understand it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.errors import DestinationError

NONE = "__HIVE_DEFAULT_PARTITION__"
# By `date -u`: 2026-11-24 13:59:59, 2026-11-24 23:59:59, 2026-11-25 00:00:00.
AT_13, LAST_SECOND, MIDNIGHT = 1795528799, 1795564799, 1795564800


def folders(result: Any, root: Path) -> list[str]:
    return [str(path.parent.relative_to(root)) for path in result.files]


def write(text: Any, root: Path, keys: list[Any], **options: Any) -> list[str]:
    return folders(flowparse.to_parquet(text, root, partition_by=keys, **options), root)


def rows_of(root: Path, column: str) -> dict[str, list[Any]]:
    return {
        str(path.parent.relative_to(root)): pq.read_table(path, partitioning=None)[
            column
        ].to_pylist()
        for path in sorted(root.rglob("*.parquet"))
    }


# ---------------------------------------------------------------- days and hours


def test_days(tmp_path: Path) -> None:
    """A record lies in the UTC day of its start: the last second of a day is still in it."""
    text = b"version start end bytes\n" + b"".join(
        b"2 %d %d %d\n" % (start, start + 90000, n)
        for n, start in enumerate((MIDNIGHT, LAST_SECOND, AT_13))
    )
    assert write(text, tmp_path, ["day"]) == ["day=2026-11-25", "day=2026-11-24"]
    assert rows_of(tmp_path, "bytes") == {"day=2026-11-24": [1, 2], "day=2026-11-25": [0]}


def test_hours(tmp_path: Path) -> None:
    """Hours have two digits, and the levels stand in the order asked for."""
    text = b"version start end\n2 %d %d\n2 %d %d\n" % (AT_13, AT_13, MIDNIGHT, MIDNIGHT)
    assert write(text, tmp_path / "a", ["day", "hour"]) == [
        "day=2026-11-24/hour=13",
        "day=2026-11-25/hour=00",
    ]
    assert write(text, tmp_path / "b", ["hour", "day"])[0] == "hour=13/day=2026-11-24"


def test_milliseconds(tmp_path: Path) -> None:
    """With schema="aws" seconds and milliseconds of the same moment share a folder."""
    text = b"version start end\n2 %d999 5\n2 %d 5\n2 99999999999 5\n" % (AT_13, AT_13)
    assert write(text, tmp_path, ["day", "hour"], schema="aws") == [
        "day=2026-11-24/hour=13",
        # the largest value that is seconds: 5138-11-16 09:46:39
        "day=5138-11-16/hour=09",
    ]
    assert rows_of(tmp_path, "start")["day=2026-11-24/hour=13"] == [AT_13 * 1000 + 999, AT_13]


def test_end_where_there_is_no_start(tmp_path: Path) -> None:
    """A format with only an end is placed by it."""
    text = b"version end bytes\n2 %d 1\n" % MIDNIGHT
    assert write(text, tmp_path, ["day"]) == ["day=2026-11-25"]


def test_end_is_not_for_a_null_start(tmp_path: Path) -> None:
    """A record with a null start has no day, even if it has an end."""
    text = b"version start end\n2 - %d\n" % MIDNIGHT
    assert write(text, tmp_path, ["day"]) == [f"day={NONE}"]


def test_start_and_end_by_format(tmp_path: Path) -> None:
    """Of several formats each is placed by its own time."""
    texts = [b"version start bytes\n2 %d 1\n" % AT_13, b"version end bytes\n2 %d 2\n" % MIDNIGHT]
    assert write(texts, tmp_path, ["day"]) == ["day=2026-11-24", "day=2026-11-25"]


def test_no_time(tmp_path: Path) -> None:
    """A format with neither start nor end has no days, also where its columns are named."""
    text = b"version region type\n2 r IPv4\n"
    for columns in (None, ["region"]):
        with pytest.raises(ValueError, match=r"'day' needs the field start or end.*version region"):
            flowparse.to_parquet(text, tmp_path / "d", partition_by=["day"], columns=columns)
    assert list(tmp_path.iterdir()) == []


def test_no_calendar(tmp_path: Path) -> None:
    """A time that no date can be is unknown, not an error and not another day."""
    text = b"version start end\n2 9223372036854775807 5\n"
    assert write(text, tmp_path, ["day", "hour"], schema="aws") == [f"day={NONE}/hour={NONE}"]


# ---------------------------------------------------------------- accounts


def test_accounts(tmp_path: Path) -> None:
    """Two accounts have two folders; leading zeros survive in name and column."""
    text = b"version account-id bytes\n2 000000000042 1\n2 111122223333 2\n2 000000000042 3\n"
    assert write(text, tmp_path, ["account"]) == ["account=000000000042", "account=111122223333"]
    assert rows_of(tmp_path, "account_id") == {
        "account=000000000042": ["000000000042"] * 2,
        "account=111122223333": ["111122223333"],
    }


def test_account_unknown(tmp_path: Path) -> None:
    """Null and `unknown` accounts share the default folder; the column tells them apart."""
    text = b"version account-id bytes\n2 unknown 1\n2 - 2\n"
    assert write(text, tmp_path, ["account"]) == [f"account={NONE}"]
    assert rows_of(tmp_path, "account_id") == {f"account={NONE}": ["unknown", None]}


def test_pieces_hold_their_own_texts_only(tmp_path: Path) -> None:
    """The dictionaries in one account's file have no texts of another account."""
    text = b"version account-id interface-id\n2 111111111111 eni-a\n2 222222222222 eni-b\n"
    result = flowparse.to_parquet(text, tmp_path, partition_by=["account"], compression="none")
    assert b"eni-b" not in result.files[0].read_bytes()
    assert b"eni-b" in result.files[1].read_bytes()


# ---------------------------------------------------------------- regions


def key_path(root: Path, region: str) -> Path:
    name = f"111122223333_vpcflowlogs_{region}_fl-0a1b2c3d_20261124T1300Z_fe123456.log.gz"
    path = root / "AWSLogs/111122223333/vpcflowlogs" / region / "2026/11/24" / name
    path.parent.mkdir(parents=True)
    return path


def test_region_column(tmp_path: Path) -> None:
    """The region is the record's, and its column is left to the folder's name."""
    text = b"version region bytes\n2 us-east-1 1\n2 eu-west-1 2\n2 - 3\n"
    assert write(text, tmp_path, ["region"]) == [
        "region=us-east-1", "region=eu-west-1", f"region={NONE}"
    ]  # fmt: skip
    file = next((tmp_path / "region=us-east-1").iterdir())
    assert pq.read_schema(file).names == ["version", "bytes"]
    table = ds.dataset(tmp_path, partitioning="hive").to_table().sort_by("bytes")
    assert table["region"].to_pylist() == ["us-east-1", "eu-west-1", None]


def test_region_of_the_key(tmp_path: Path) -> None:
    """Where records name no region, the key of the object does; elsewhere it is unknown."""
    sources = []
    for region in ("us-east-1", "us-gov-east-1"):
        path = key_path(tmp_path / "in", region)
        path.write_bytes(b"version bytes start\n2 1 %d\n" % AT_13)
        sources.append(str(path))
    (tmp_path / "x.log").write_bytes(b"version bytes start\n2 1 %d\n" % AT_13)
    assert write([*sources, str(tmp_path / "x.log")], tmp_path / "out", ["region"]) == [
        "region=us-east-1", "region=us-gov-east-1", f"region={NONE}"
    ]  # fmt: skip
    file = next((tmp_path / "out/region=us-east-1").iterdir())
    assert pq.read_schema(file).names == ["version", "bytes", "start"]


def test_region_of_record_before_key(tmp_path: Path) -> None:
    """Record by record: its own region wins, the key's stands in for a null."""
    path = key_path(tmp_path / "in", "us-east-1")
    path.write_bytes(b"version region bytes\n2 eu-west-1 1\n2 - 2\n")
    write(str(path), tmp_path / "out", ["region"])
    assert rows_of(tmp_path / "out", "bytes") == {
        "region=eu-west-1": [1],
        "region=us-east-1": [2],
    }


def test_hostile_region(tmp_path: Path) -> None:
    """A region that looks like a path stays inside the destination, and reads back."""
    text = b"version region bytes\n2 ../../up 1\n2 a/b=c 2\n2 .. 3\n"
    result = flowparse.to_parquet(text, tmp_path / "out", partition_by=["region"])
    assert [p.parent.parent for p in result.files] == [tmp_path / "out"] * 3
    table = ds.dataset(tmp_path / "out", partitioning="hive").to_table().sort_by("bytes")
    assert table["region"].to_pylist() == ["../../up", "a/b=c", ".."]


def test_long_region(tmp_path: Path) -> None:
    """A value too long for a folder's name is named, not cut."""
    text = b"version region bytes\n2 " + b"x" * 300 + b" 1\n"
    with pytest.raises(ValueError, match="too long for the name of a folder"):
        flowparse.to_parquet(text, tmp_path / "out", partition_by=["region"])


# ---------------------------------------------------------------- columns


def test_columns_needed_are_not_written(tmp_path: Path) -> None:
    """Folders may come from columns that were not asked for; those stay out of the files."""
    text = b"version account-id region start bytes\n2 0123 r %d 7\n" % AT_13
    keys = ["day", "account", "region"]
    assert write(text, tmp_path, keys, columns=["bytes"]) == [
        "day=2026-11-24/account=0123/region=r"
    ]
    [file] = tmp_path.rglob("*.parquet")
    assert pq.read_table(file, partitioning=None).to_pydict() == {"bytes": [7]}


def test_file_object(tmp_path: Path) -> None:
    """A source that can be read only once is partitioned, too."""
    path = tmp_path / "a.log"
    path.write_bytes(b"version region start\n2 r %d\n" % AT_13)
    with path.open("rb") as file:
        assert write(file, tmp_path / "out", ["day", "region"]) == ["day=2026-11-24/region=r"]


def test_later_column_that_only_places(tmp_path: Path) -> None:
    """A later header's start places its records, and is still named as left out."""
    text = b"version end bytes\n2 %d 1\nversion start end bytes\n2 %d 1 2\n" % (AT_13, MIDNIGHT)
    with pytest.warns(flowparse.FormatChangedWarning, match="left out: start"):
        places = write(text, tmp_path, ["day"])
    assert places == ["day=2026-11-24", "day=2026-11-25"]
    assert pq.read_schema(next(tmp_path.rglob("*.parquet"))).names == ["version", "end", "bytes"]


def test_folder_named_like_a_column(tmp_path: Path) -> None:
    """A column that a folder would hide is refused, unless it is left out."""
    text = b"version start region day\n2 %d r monday\n" % AT_13
    with pytest.raises(ValueError, match="column 'day'"):
        flowparse.to_parquet(text, tmp_path / "d", partition_by=["day"])
    assert write(text, tmp_path / "d", ["day"], columns=["region"]) == ["day=2026-11-24"]


def test_hive_reading(tmp_path: Path) -> None:
    """A reader of Hive folders sees one table with every column and level, and prunes by them."""
    text = b"version account-id region start bytes\n" + b"".join(
        b"2 01112222333%d %s %d %d\n" % (n % 2, region, AT_13 + 3600 * n, n)
        for n, region in enumerate((b"us-east-1", b"eu-west-1", b"us-east-1", b"-"))
    )
    keys: list[Any] = ["day", "hour", "account", "region"]
    flowparse.to_parquet(text, tmp_path, partition_by=keys)
    data = ds.dataset(tmp_path, partitioning="hive")
    assert set(data.schema.names) == {
        "version", "account_id", "start", "bytes", "day", "hour", "account", "region"
    }  # fmt: skip
    table = data.to_table().sort_by("bytes")
    assert table["hour"].to_pylist() == [13, 14, 15, 16]
    assert table["account_id"].to_pylist() == ["011122223330", "011122223331"] * 2
    assert table["region"].to_pylist() == ["us-east-1", "eu-west-1", "us-east-1", None]
    kept = data.to_table(filter=(ds.field("hour") == 15), columns=["bytes"])
    assert kept["bytes"].to_pylist() == [2]


def test_order_within_a_folder(tmp_path: Path) -> None:
    """Records keep the source's order inside each folder, however they are mixed."""
    starts = [AT_13 + (n % 3) * 86400 for n in range(200_000)]
    table = pa.table(
        {"start": pa.array(starts, pa.timestamp("s", "UTC")), "n": list(range(200_000))}
    )
    flowparse.to_parquet(table, tmp_path, partition_by=["day"])
    found = list(rows_of(tmp_path, "n").values())
    assert found == [list(range(day, 200_000, 3)) for day in range(3)]


def test_arrow_data_by_unit(tmp_path: Path) -> None:
    """Timestamps of any unit, with a zone or none, give the same UTC day."""
    for n, unit in enumerate(("s", "ms", "us", "ns")):
        start = pa.array([AT_13 * 1000**n], pa.timestamp(unit, "Asia/Tokyo" if n else None))
        table = pa.table({"start": start, "x": [1]})
        assert write(table, tmp_path / unit, ["day", "hour"]) == ["day=2026-11-24/hour=13"]


def test_arrow_data_with_views(tmp_path: Path) -> None:
    """Text views, which polars has, can be split like other text."""
    region = pa.array(["a", "b", "a"])
    try:
        table = pa.table(
            {
                "region": region.cast(pa.string_view()),
                "type": region.dictionary_encode().cast(
                    pa.dictionary(pa.uint32(), pa.string_view())
                ),
            }
        )
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow cannot make the type")
    assert write(table, tmp_path, ["region"]) == ["region=a", "region=b"]
    assert rows_of(tmp_path, "type") == {"region=a": ["a", "a"], "region=b": ["b"]}


def test_arrow_data_that_lacks_a_column(tmp_path: Path) -> None:
    """Data without the column a folder needs are refused, which names it."""
    with pytest.raises(ValueError, match="'account' needs a column account_id"):
        flowparse.to_parquet(pa.table({"x": [1]}), tmp_path / "d", partition_by=["account"])
    assert list(tmp_path.iterdir()) == []


def test_layouts_are_not_mixed(tmp_path: Path) -> None:
    """Files cannot be added to a data set with other folders."""
    text = b"version account-id start\n2 0123 %d\n" % AT_13
    flowparse.to_parquet(text, tmp_path, partition_by=["day"])
    with pytest.raises(DestinationError, match="partitioned by day, and this run by acc"):
        flowparse.to_parquet(text, tmp_path, partition_by=["account"], mode="append")


def test_formats_by_turns_within_small_sources(tmp_path: Path) -> None:
    """Small sources of two formats by turns are each placed by the time that its format has."""
    start = b"version srcaddr start\n2 192.0.2.1 1795521600\n"
    end = b"version srcaddr end\n2 192.0.2.2 1795608000\n"
    flowparse.to_parquet([start, end, start, end, start], tmp_path / "d", partition_by=["day"])
    days = {path.name: ds.dataset(path).count_rows() for path in (tmp_path / "d").iterdir()}
    assert days == {"day=2026-11-24": 3, "day=2026-11-25": 2}
