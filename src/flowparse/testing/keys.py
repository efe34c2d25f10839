"""Floor 4: what AWS calls the objects that it delivers to S3.

Source: AWS, "Publish flow logs to Amazon S3" (VPC User Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

__all__ = [
    "LAYOUTS",
    "SUFFIXES",
    "WINDOW_SECONDS",
    "Place",
    "check_choice",
    "check_prefix",
    "object_key",
]

#: An object holds the records that end in five minutes.
WINDOW_SECONDS: Final = 300

#: How names end, by file format.
SUFFIXES: Final = {"text": "log.gz", "parquet": "log.parquet"}

_SERVICE: Final = "vpcflowlogs"


class Place(NamedTuple):
    """Whose object it is, and of which five minutes (in epoch seconds)."""

    account_id: str
    region: str
    flow_log_id: str
    window_start: int


def _plain(place: Place) -> str:
    day = _stamp(place, "%Y/%m/%d")
    return f"AWSLogs/{place.account_id}/{_SERVICE}/{place.region}/{day}"


def _hive(place: Place) -> str:
    day = _stamp(place, "year=%Y/month=%m/day=%d")
    return (
        f"AWSLogs/aws-account-id={place.account_id}/aws-service={_SERVICE}"
        f"/aws-region={place.region}/{day}"
    )


#: The folder of an object, by the layout that `DestinationOptions` chooses.
LAYOUTS: Final[dict[str, Callable[[Place], str]]] = {
    "plain": _plain,
    "hourly": lambda place: f"{_plain(place)}/{_stamp(place, '%H')}",
    "hive": _hive,
    "hive-hourly": lambda place: f"{_hive(place)}/hour={_stamp(place, '%H')}",
}


def object_key(place: Place, hash_: str, *, layout: str, prefix: str, file_format: str) -> str:
    """The key of an object: prefix, folder, and a name that tells the same again.

    Examples
    --------
    >>> place = Place("111122223333", "us-east-1", "fl-1234abcd", 1767225900)
    >>> object_key(place, "fe123456", layout="hourly", prefix="", file_format="text")
    'AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/01/00/111122223333_vpcflowlogs_us-east-1_fl-1234abcd_20260101T0005Z_fe123456.log.gz'
    """
    stamp = _stamp(place, "%Y%m%dT%H%MZ")
    name = (
        f"{place.account_id}_{_SERVICE}_{place.region}_{place.flow_log_id}"
        f"_{stamp}_{hash_}.{SUFFIXES[file_format]}"
    )
    folder = LAYOUTS[layout](place)
    return f"{prefix}/{folder}/{name}" if prefix else f"{folder}/{name}"


def check_prefix(prefix: str) -> str:
    """The prefix without slashes around it, or a ValueError."""
    prefix = prefix.strip("/")
    parts = prefix.split("/") if prefix else []
    if "AWSLogs" in parts:
        raise ValueError("prefix: AWS keeps the name 'AWSLogs' for itself")
    if any(part in ("", ".", "..") for part in parts) or "\\" in prefix:
        raise ValueError(f"prefix: expected names joined by '/', got {prefix!r}")
    return prefix


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise a ValueError for what is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")


def _stamp(place: Place, form: str) -> str:
    return datetime.fromtimestamp(place.window_start, UTC).strftime(form)
