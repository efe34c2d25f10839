"""Exports of CloudWatch Logs to S3, as moto makes them: in the bucket, and in a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from services.test_log_groups import REGION, fill, logs  # noqa: F401

boto3 = pytest.importorskip("boto3")

NOW = int(time.time()) // 60 * 60 - 86400
BUCKET = "exported-logs"


def export(logs: Any, group: str, folder: Path) -> None:  # noqa: F811
    """Export a group, and copy all that is in the bucket then."""
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    logs.create_export_task(
        logGroupName=group,
        fromTime=0,
        to=1000 * (NOW + 86400),
        destination=BUCKET,
        destinationPrefix="flows",
    )
    for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        path = folder / found["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(BUCKET, found["Key"], str(path))


@pytest.mark.parametrize(
    ("message", "log_format"),
    [
        ("2 011122223333 eni-1 192.0.2.1 198.51.100.7 49152 {} 6 1 40 {} {} REJECT OK", None),
        ("198.51.100.7 {} {} {}", "${srcaddr} ${dstport} ${start} ${end}"),
    ],
)
def test_an_export_task(logs: Any, tmp_path: Path, message: str, log_format: Any) -> None:  # noqa: F811
    """The folder of an export is read as it is, its times on request, and AWS's test skipped."""
    events = [(NOW + n, message.format(n, NOW + n, NOW + n)) for n in range(4)]
    fill(logs, "/vpc/flow", {"eni-1-all": events[:2], "eni-2-all": events[2:], "eni-3-all": []})
    export(logs, "/vpc/flow", tmp_path)
    assert (tmp_path / "aws-logs-write-test").is_file()
    assert len(list(tmp_path.rglob("*.gz"))) == 3
    table = flowparse.read_table(
        tmp_path, columns=["dstport", "export_timestamp"], log_format=log_format
    ).sort_by("dstport")
    assert table["dstport"].to_pylist() == [0, 1, 2, 3]
    times = table["export_timestamp"].cast(pa.int64()).to_pylist()
    assert times == [1000 * (NOW + n) for n in range(4)]
    whole = flowparse.read_table(tmp_path, log_format=log_format)
    given = flowparse.LogFormat.parse(log_format)
    assert tuple(whole.column_names) == given.columns
    asked = flowparse.LogFormat(("export-timestamp", *given.fields))
    again = flowparse.read_table(tmp_path, columns=["dstport"], log_format=asked)
    assert again.num_rows == 4
    in_place = flowparse.read_table(f"s3://{BUCKET}/", columns=["dstport"], log_format=asked)
    assert in_place.sort_by("dstport")["dstport"].to_pylist() == [0, 1, 2, 3]
