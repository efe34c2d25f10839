"""Floor 1, standard library only: what the key of a delivered object says about its content.

Stage "open": objects are pruned by their keys, before a byte is fetched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

__all__ = ["Key", "parse_key"]

_ACCOUNT: Final = r"(?P<account>[0-9]{12})"
_REGION: Final = r"(?P<region>[a-z]+(?:-[a-z]+)+-[0-9]+)"
_HOUR: Final = r"(?:[01][0-9]|2[0-3])"

_PLAIN: Final = (
    rf"{_ACCOUNT}/vpcflowlogs/{_REGION}"
    r"/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})"
    rf"(?:/(?P<hour>{_HOUR}))?"
)
_HIVE: Final = (
    rf"aws-account-id={_ACCOUNT}/aws-service=vpcflowlogs/aws-region={_REGION}"
    r"/year=(?P<year>[0-9]{4})/month=(?P<month>[0-9]{2})/day=(?P<day>[0-9]{2})"
    rf"(?:/hour=(?P<hour>{_HOUR}))?"
)
_FILE: Final = (
    r"(?P=account)_vpcflowlogs_(?P=region)_(?P<flow_log_id>fl-(?:[0-9a-f]{8}|[0-9a-f]{17}))"
    rf"_(?P<stamp>[0-9]{{8}}T{_HOUR}[0-5][0-9]Z)"
    r"_[0-9A-Za-z]+\.log\.(?P<suffix>gz|parquet)"
)

_LAYOUTS: Final = tuple(
    re.compile(rf"(?:.*/)?AWSLogs/{folders}/{_FILE}", re.DOTALL) for folders in (_PLAIN, _HIVE)
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key says.

    Attributes
    ----------
    account : str
        Owner of the flow log, 12 digits.
    region : str
        Region of the flow log, such as `us-gov-east-1`.
    flow_log_id : str
        `fl-` and 8 or 17 hexadecimal digits. All its objects have one format.
    stamp : datetime
        Begin of the delivery window, in UTC, from the file name. The records of an object
        end in the five minutes from there on.
    day : date
        From the folders.
    hour : int or None
        From the folders; None in a layout without folders of hours.
    container : {"text", "parquet"}
        From the file name. What an object really is, its first bytes tell.
    """

    account: str
    region: str
    flow_log_id: str
    stamp: datetime
    day: date
    hour: int | None
    container: Literal["text", "parquet"]


def parse_key(key: str) -> Key | None:
    """Read the key of an object, or the path of a file, that AWS delivered.

    Parameters
    ----------
    key : str
        In any of the four layouts: plain or Hive, with folders of hours or without, after
        any prefix. In an event of S3 keys are URL-encoded; decode them first.

    Returns
    -------
    Key or None
        None for what is no flow log file: another service, a folder marker, an impossible
        date, a file name that contradicts its folders.

    Notes
    -----
    Source: AWS VPC User Guide, "Publish flow logs to Amazon S3", "Flow log files".

    Examples
    --------
    >>> key = parse_key(
    ...     "AWSLogs/111122223333/vpcflowlogs/us-east-1/2023/11/14/22/"
    ...     "111122223333_vpcflowlogs_us-east-1_fl-0a1b2c3d_20231114T2210Z_fe123456.log.gz"
    ... )
    >>> key.account, key.hour, key.stamp.isoformat()
    ('111122223333', 22, '2023-11-14T22:10:00+00:00')
    >>> parse_key("AWSLogs/111122223333/vpcflowlogs/us-east-1/2023/11/14/") is None
    True
    """
    for layout in _LAYOUTS:
        if found := layout.fullmatch(key):
            return _as_key(found)
    return None


def _as_key(found: re.Match[str]) -> Key | None:
    """The key's parts as values; None where a date cannot be one."""
    try:
        stamp = datetime.fromisoformat(found["stamp"])
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return Key(
        account=found["account"],
        region=found["region"],
        flow_log_id=found["flow_log_id"],
        stamp=stamp,
        day=day,
        hour=None if found["hour"] is None else int(found["hour"]),
        container="parquet" if found["suffix"] == "parquet" else "text",
    )
