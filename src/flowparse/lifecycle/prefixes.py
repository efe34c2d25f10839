"""Floor 4: where the flow logs of a bucket lie: from its keys, and from the flow logs themselves.

Folders are walked, not keys listed: a request a folder above `AWSLogs`, and one an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from flowparse.access import read_access
from flowparse.lifecycle.faults import explain
from flowparse.sources.s3.address import Address, is_s3, read_address
from flowparse.sources.s3.requests import Bucket
from flowparse.sources.s3.tree import find_root, is_region

__all__ = ["find_prefixes", "flow_log_prefixes", "read_place"]

#: So many folders deep an `AWSLogs` is looked for.
_LEVELS_ABOVE_ROOT: Final = 3
_SERVICES: Final = ("vpcflowlogs/", "aws-service=vpcflowlogs/")
_THREADS: Final = 16


def read_place(place: str) -> Address:
    """A bucket's name, or `s3://bucket/prefix`, as a bucket and a prefix."""
    return read_address(place if is_s3(place) else f"s3://{place}")


def find_prefixes(place: str, *, session: Any = None) -> list[str]:
    """The folders of flow logs in a bucket, one an account, sorted.

    Parameters
    ----------
    place : str
        A bucket, or `s3://bucket/prefix/` to look below a prefix.
    session : boto3.Session or Access, optional

    Returns
    -------
    list of str
        Such as `AWSLogs/111122223333/vpcflowlogs/`. Where a place is itself below one, that
        place.

    Raises
    ------
    SourceError
        The bucket is missing, or may not be listed.

    Notes
    -----
    No object is listed. One request for each folder down to three above `AWSLogs`, and one for
    each account, 16 at a time.
    """
    address, access = read_place(place), read_access(session)
    bucket, start = Bucket(address.bucket, access), address.key
    if start and not start.endswith("/"):
        start += "/"
    if find_root(start) and (is_region(start) or start.endswith(_SERVICES)):
        return [start] if bucket.list_page(start).get("KeyCount") else []
    waiting, found, level = [start], [], 0
    with ThreadPoolExecutor(min(_THREADS, access.connections), "flowparse-walk") as pool:
        while waiting and level <= _LEVELS_ABOVE_ROOT + len(("AWSLogs", "account")):
            below = pool.map(lambda prefix: _folders(bucket, prefix), waiting)
            folders = [one for some in below for one in some]
            found += [one for one in folders if find_root(one) and one.endswith(_SERVICES)]
            waiting = [one for one in folders if _may_lead(one, level)]
            level += 1
    return sorted(found)


def _folders(bucket: Bucket, prefix: str) -> list[str]:
    folders: list[str] = []
    token = ""
    while True:
        page = bucket.list_page(prefix, token=token, delimiter="/")
        folders += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        if not page.get("IsTruncated"):
            return folders
        token = page["NextContinuationToken"]


def _may_lead(prefix: str, level: int) -> bool:
    """Whether flow logs may lie below a folder that was found so many levels down."""
    root = find_root(prefix)
    if not root:
        return level < _LEVELS_ABOVE_ROOT
    account = prefix[len(root) :].removeprefix("aws-account-id=").rstrip("/")
    return not account or (account.isdecimal() and len(account) == 12)


def flow_log_prefixes(place: str, *, session: Any = None) -> list[str]:
    """Where the flow logs of the caller's account and region will deliver in a bucket, sorted.

    Parameters
    ----------
    place : str
        A bucket, or `s3://bucket/prefix/`.
    session : boto3.Session or Access, optional

    Raises
    ------
    SourceError
        `ec2:DescribeFlowLogs` or `sts:GetCallerIdentity` is not allowed.

    Notes
    -----
    For flow logs that have not delivered yet; those that have, `find_prefixes` finds.
    """
    address, access = read_place(place), read_access(session)
    try:
        pages = access.client("ec2", attempts=4).get_paginator("describe_flow_logs").paginate()
        logs = [one for page in pages for one in page.get("FlowLogs", ())]
        if not logs:
            return []
        account = access.client("sts", attempts=4).get_caller_identity()["Account"]
    except Exception as error:
        doing = "its flow logs cannot be described"
        rights = "ec2:DescribeFlowLogs and sts:GetCallerIdentity"
        raise explain(error, address.bucket, doing, rights) from error
    found = set(_destinations(logs, address.bucket, account))
    return sorted(one for one in found if one.startswith(address.key))


def _destinations(logs: Iterable[dict[str, Any]], bucket: str, account: str) -> Iterator[str]:
    for log in logs:
        arn = log.get("LogDestination", "") if log.get("LogDestinationType") == "s3" else ""
        name, _, folder = arn.rpartition(":")[2].partition("/")
        if name != bucket:
            continue
        folder = f"{folder.strip('/')}/" if folder.strip("/") else ""
        if log.get("DestinationOptions", {}).get("HiveCompatiblePartitions"):
            yield f"{folder}AWSLogs/aws-account-id={account}/{_SERVICES[1]}"
        else:
            yield f"{folder}AWSLogs/{account}/{_SERVICES[0]}"
