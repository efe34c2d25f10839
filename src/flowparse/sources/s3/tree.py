"""Floor 2: the folders in which AWS lays flow logs down, and which of them can be passed over.

Nothing is asked here: a prefix goes in, what to list next comes out.

Source: AWS VPC User Guide, "Publish flow logs to Amazon S3", "Flow log files".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flowparse.keys import parse_key
from flowparse.prune import Scope

__all__ = [
    "Span",
    "are_wanted",
    "find_root",
    "is_other_service",
    "is_region",
    "next_prefixes",
    "span_of",
]

_ROOT: Final = re.compile(r"(?:.*/)?AWSLogs/", re.DOTALL)
_ACCOUNT: Final = re.compile(r"(aws-account-id=)?([0-9]{12})")
_SERVICES: Final = ("vpcflowlogs", "aws-service=vpcflowlogs")
_REGION_AT: Final = 2  # of the folders below `AWSLogs`
#: A folder's hour may be one off the stamps of what lies in it.
_SLACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Keys of one region, as far as their folders of time are wanted.

    Attributes
    ----------
    first, last : str
        No key below `first` is wanted, and none that does not begin with `last` above it.
        Empty: no bound.
    first_hour : str
        As `first`, where the folders have hours.
    """

    first: str = ""
    first_hour: str = ""
    last: str = ""

    def ends_before(self, key: str) -> bool:
        """Whether this key, and so all after it, are too late."""
        return bool(self.last) and key[: len(self.last)] > self.last

    def begins_after(self, key: str) -> bool:
        """Whether this key lies in folders of hours, and in one that is too early."""
        if self.first_hour <= key:
            return False
        found = parse_key(key)
        return found is not None and found.hour is not None


def find_root(prefix: str) -> str:
    """The prefix up to its folder `AWSLogs`; empty where it has none.

    Examples
    --------
    >>> find_root("team/AWSLogs/111122223333/"), find_root("team/")
    ('team/AWSLogs/', '')
    """
    found = _ROOT.match(prefix)
    return found[0] if found else ""


def _folders_of(prefix: str) -> list[str]:
    """The folders below `AWSLogs`."""
    rest = prefix[len(find_root(prefix)) :]
    return rest.split("/")[:-1]


def next_prefixes(prefix: str, scope: Scope) -> list[str] | None:
    """The folders below a folder of accounts or services that need no listing to be known.

    Parameters
    ----------
    prefix : str
        Ends with a slash, and has `AWSLogs`.
    scope : Scope

    Returns
    -------
    list of str or None
        None: it has to be listed. An account's folder has one that matters, the service's; a
        service's has one for each region that is wanted.
    """
    folders = _folders_of(prefix)
    hive = bool(folders) and folders[0].startswith("aws-account-id=")
    if len(folders) == 1 and _ACCOUNT.fullmatch(folders[0]):
        return [f"{prefix}{_SERVICES[hive]}/"]
    if len(folders) == _REGION_AT and folders[1] in _SERVICES and scope.regions is not None:
        name = "aws-region=" if hive else ""
        return [f"{prefix}{name}{region}/" for region in sorted(scope.regions)]
    return None


def is_region(prefix: str) -> bool:
    """Whether below it lie folders of time, or it is one."""
    return len(_folders_of(prefix)) > _REGION_AT


def are_wanted(prefixes: Iterable[str], scope: Scope) -> list[str]:
    """Of listed folders those of accounts and regions that are wanted, and all others."""
    return [prefix for prefix in prefixes if _is_wanted(prefix, scope)]


def _is_wanted(prefix: str, scope: Scope) -> bool:
    if not find_root(prefix):
        return True
    folders = _folders_of(prefix)
    account = _ACCOUNT.fullmatch(folders[0]) if folders else None
    if account is None:
        return True
    if scope.accounts is not None and account[2] not in scope.accounts:
        return False
    if len(folders) == _REGION_AT + 1 and scope.regions is not None:
        return folders[_REGION_AT].removeprefix("aws-region=") in scope.regions
    return True


def is_other_service(key: str, asked: str) -> bool:
    """Whether a key lies in the folder of another service of AWS, and nobody named that folder.

    Examples
    --------
    >>> is_other_service("AWSLogs/111122223333/CloudTrail/us-east-1/x.json.gz", "AWSLogs/")
    True
    """
    folders = _folders_of(key)
    if len(folders) < _REGION_AT or not _ACCOUNT.fullmatch(folders[0]):
        return False
    named = f"{find_root(key)}{folders[0]}/{folders[1]}/"
    return folders[1] not in _SERVICES and not asked.startswith(named)


def span_of(prefix: str, scope: Scope) -> Span:
    """Which keys of a region's folder, or of one below it, lie in the time that is wanted."""
    folders = _folders_of(prefix)
    if len(folders) <= _REGION_AT or folders[1] not in _SERVICES:
        return Span()
    region = find_root(prefix) + "".join(f"{name}/" for name in folders[: _REGION_AT + 1])
    hive = folders[1] == _SERVICES[1]
    first = first_hour = last = ""
    if scope.first_stamp is not None:
        first, first_hour = _folders_at(scope.first_stamp - _SLACK, region, hive=hive)
    if scope.last_stamp is not None:
        last, _ = _folders_at(scope.last_stamp + _SLACK, region, hive=hive)
    return Span(first, first_hour, last)


def _folders_at(time: datetime, region: str, *, hive: bool) -> tuple[str, str]:
    """The folder of a day, and that of an hour in it."""
    if hive:
        day = f"{region}year={time:%Y}/month={time:%m}/day={time:%d}/"
        return day, f"{day}hour={time:%H}/"
    day = f"{region}{time:%Y/%m/%d}/"
    return day, f"{day}{time:%H}/"
