"""What the key of a delivered object says."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from flowparse.aws import Key, parse_key

ACCOUNT = "111122223333"
FILE = "111122223333_vpcflowlogs_us-east-1_fl-0a1b2c3d_20231114T2210Z_fe123456.log.gz"
PLAIN = f"AWSLogs/{ACCOUNT}/vpcflowlogs/us-east-1/2023/11/14/"
HIVE = (
    f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=us-east-1/"
    "year=2023/month=11/day=14/"
)


def expected(hour: int | None, container: str = "text") -> Key:
    return Key(
        account=ACCOUNT,
        region="us-east-1",
        flow_log_id="fl-0a1b2c3d",
        stamp=datetime(2023, 11, 14, 22, 10, tzinfo=UTC),
        day=date(2023, 11, 14),
        hour=hour,
        container=container,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("prefix", ["", "logs/team-a/", "a=b/", "/data/x/", "AWSLogs/1/", "né/\n/"])
@pytest.mark.parametrize(
    ("folders", "hour"),
    [(PLAIN, None), (PLAIN + "22/", 22), (HIVE, None), (HIVE + "hour=22/", 22)],
)
@pytest.mark.parametrize(("suffix", "container"), [("gz", "text"), ("parquet", "parquet")])
def test_layouts(prefix, folders, hour, suffix, container):
    """The four layouts are read behind any prefix, as text and as Parquet."""
    key = prefix + folders + FILE.replace(".gz", f".{suffix}")
    assert parse_key(key) == expected(hour, container)


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_hours(hour):
    """An hour folder is a number from 0 to 23; 00 is 0, not None."""
    assert parse_key(f"{PLAIN}{hour:02}/{FILE}").hour == hour
    assert parse_key(f"{HIVE}hour={hour:02}/{FILE}").hour == hour


@pytest.mark.parametrize(
    "region",
    ["us-east-1", "us-gov-east-1", "cn-northwest-1", "eusc-de-east-1", "ap-southeast-12"],
)
def test_regions(region):
    """A region may have three or four parts."""
    assert parse_key((PLAIN + FILE).replace("us-east-1", region)).region == region
    assert parse_key((HIVE + FILE).replace("us-east-1", region)).region == region


def test_account_is_text():
    """An account with leading zeros keeps them."""
    assert parse_key((PLAIN + FILE).replace(ACCOUNT, "000000000042")).account == "000000000042"


@pytest.mark.parametrize("flow_log_id", ["fl-0a1b2c3d", "fl-0a1b2c3d4e5f60718"])
def test_flow_log_ids(flow_log_id):
    """A flow log ID has 8 or 17 hexadecimal digits."""
    key = PLAIN + FILE.replace("fl-0a1b2c3d", flow_log_id)
    assert parse_key(key).flow_log_id == flow_log_id


def test_stamp_and_day_are_apart():
    """The stamp is the file name's, the day the folders'; around midnight they may differ."""
    key = parse_key(PLAIN + FILE.replace("20231114T2210Z", "20231113T2355Z"))
    assert key.stamp == datetime(2023, 11, 13, 23, 55, tzinfo=UTC)
    assert key.day == date(2023, 11, 14)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "backup/notes.txt",
        PLAIN,
        HIVE,
        PLAIN.rstrip("/"),
        FILE,
        FILE.replace("_", "/"),
        f"xAWSLogs/{ACCOUNT}/vpcflowlogs/us-east-1/2023/11/14/{FILE}",
        PLAIN.replace("vpcflowlogs", "CloudTrail") + FILE.replace("vpcflowlogs", "CloudTrail"),
        PLAIN.replace("vpcflowlogs", "CloudTrail") + FILE,
        PLAIN + FILE + "/",
        PLAIN + FILE + "\n",
        PLAIN + "x/" + FILE,
        PLAIN + "2/" + FILE,
        PLAIN + "24/" + FILE,
        PLAIN + "hour=22/" + FILE,
        HIVE + "22/" + FILE,
        HIVE + "hour=60/" + FILE,
        PLAIN + FILE.replace(".log.gz", ".json.gz"),
        PLAIN + FILE.replace(".log.gz", ".log.gz.tmp"),
        PLAIN + FILE.replace("fl-0a1b2c3d", "fl-0a1b2c3"),
        PLAIN + FILE.replace("fl-0a1b2c3d", "fl-0a1b2c3d4"),
        PLAIN + FILE.replace("fl-0a1b2c3d", "fl-0A1B2C3D"),
        PLAIN + FILE.replace("T2210Z", "T2460Z"),
        PLAIN + FILE.replace("20231114", "20231131"),
        PLAIN + FILE.replace("20231114T2210Z", "２0231114T2210Z"),
        PLAIN.replace("/11/14", "/13/14") + FILE,
        PLAIN.replace("2023/11/14", "0000/11/14") + FILE,
        PLAIN.replace("us-east-1", "us-west-2") + FILE,
        PLAIN.replace(ACCOUNT, "444455556666") + FILE,
        PLAIN.replace(ACCOUNT, "11112222333") + FILE.replace(ACCOUNT, "11112222333"),
        PLAIN.replace("us-east-1", "useast1") + FILE.replace("us-east-1", "useast1"),
    ],
)
def test_no_flow_log_file(key):
    """What AWS does not write for a flow log is None: never an error, never a guess."""
    assert parse_key(key) is None


def test_key_is_frozen():
    """A key is a value: it cannot be changed, and equal keys are one in a set."""
    key = parse_key(PLAIN + FILE)
    with pytest.raises(AttributeError):
        key.hour = 1
    assert len({key, parse_key("x/" + PLAIN + FILE)}) == 1


def test_import_is_light():
    """Importing flowparse.aws imports neither boto3 nor botocore."""
    code = (
        "import sys, flowparse.aws; "
        "assert not {'boto3', 'botocore'} & set(sys.modules), 'boto3 was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
