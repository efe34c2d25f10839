"""Which requests a listing sends, and what it finds: a model of a bucket beside brute force.

The model answers as ListObjectsV2 does, from keys in memory; real servers are asked in
`tests/services`.
"""

from __future__ import annotations

import bisect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowparse import SourceError
from flowparse.access import Access
from flowparse.keys import parse_key
from flowparse.prune import EVERYTHING, Box, Scope
from flowparse.sources.s3 import listing
from flowparse.sources.s3.requests import Bucket

ACCOUNTS = ("111122223333", "222233334444")
REGIONS = ("eu-west-1", "us-east-1", "us-gov-east-1")
DAY = datetime(2023, 11, 14, tzinfo=UTC)


class ModelBucket(Bucket):
    """A bucket in memory."""

    keys: tuple[str, ...] = ()
    page_keys = 1000
    n_lists = 0

    def list_page(
        self, prefix: str, *, after: str = "", token: str = "", delimiter: str = ""
    ) -> dict[str, Any]:
        ModelBucket.n_lists += 1
        after = token or after
        entries: list[tuple[str, bool]] = []
        at = bisect.bisect_left(self.keys, prefix)
        for key in self.keys[at:]:
            if not key.startswith(prefix):
                break
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = (key, False) if cut < 0 else (key[: cut + 1], True)
            if entries and entries[-1] == entry:
                continue
            is_before = key <= after and not (entry[1] and after < entry[0])
            if is_before or (entry[1] and after.startswith(entry[0])):
                continue
            entries.append(entry)
            if len(entries) > self.page_keys:
                break
        page, more = entries[: self.page_keys], len(entries) > self.page_keys
        last = page[-1][0] + ("\U0010ffff" if page and page[-1][1] else "") if page else ""
        return {
            "Contents": [{"Key": k, "Size": 10, "ETag": '"e"'} for k, folder in page if not folder],
            "CommonPrefixes": [{"Prefix": k} for k, folder in page if folder],
            "IsTruncated": more,
            "NextContinuationToken": last,
        }


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> type[ModelBucket]:
    monkeypatch.setattr(listing, "Bucket", ModelBucket)
    ModelBucket.n_lists = 0
    return ModelBucket


def key_of(stamp: datetime, account: str, region: str, layout: str, prefix: str = "") -> str:
    if layout.startswith("hive"):
        folder = (
            f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
            f"year={stamp:%Y}/month={stamp:%m}/day={stamp:%d}/"
        )
        hour = f"hour={stamp:%H}/"
    else:
        folder, hour = f"{account}/vpcflowlogs/{region}/{stamp:%Y/%m/%d}/", f"{stamp:%H}/"
    folder += hour if layout.endswith("hourly") else ""
    name = f"{account}_vpcflowlogs_{region}_fl-0a1b2c3d_{stamp:%Y%m%dT%H%MZ}_ab12.log.gz"
    return f"{prefix}AWSLogs/{folder}{name}"


def tree(layout: str, prefix: str, hours: int = 72, step: int = 30) -> list[str]:
    stamps = [DAY + timedelta(minutes=step * n) for n in range(hours * 60 // step)]
    return [
        key_of(stamp, account, region, layout, prefix)
        for stamp in stamps
        for account in ACCOUNTS
        for region in REGIONS
    ]


def listed(url: str, scope: Scope) -> list[str]:
    return [one.key for one in listing.list_objects(url, Access(connections=2), scope)]


stamps = st.none() | st.integers(-600, 80 * 60).map(lambda n: DAY + timedelta(minutes=n))
boxes = st.builds(
    Box,
    accounts=st.none() | st.frozensets(st.sampled_from([*ACCOUNTS, "999999999999"]), max_size=2),
    regions=st.none() | st.frozensets(st.sampled_from([*REGIONS, "ap-south-1"]), max_size=2),
    first_stamp=stamps,
    last_stamp=stamps,
)
TREES = {
    (layout, prefix): tuple(tree(layout, prefix))
    for layout in ("plain", "plain-hourly", "hive", "hive-hourly")
    for prefix in ("", "team/net/")
}
OTHERS = (
    "AWSLogs/111122223333/CloudTrail/us-east-1/2023/11/14/x.json.gz",
    "AWSLogs/notes.txt",
    "AWSLogs/_tmp/x.log.gz",
    "copies/a.log.gz",
    "team/.hidden/x.log.gz",
    "team/readme.txt",
    "zz/deep/er/than/that/AWSLogs/x.log.gz",
    "zz/",
)
EXPECTED_OTHERS = [OTHERS[1], OTHERS[3], OTHERS[5], OTHERS[6]]


@settings(deadline=None)
@given(
    tree_of=st.sampled_from(sorted(TREES)),
    scope=st.lists(boxes, min_size=1, max_size=2).map(lambda found: Scope(tuple(found))),
    page_keys=st.sampled_from([1, 7, 100, 1000]),
)
def test_a_walk_finds_what_brute_force_finds(
    tree_of: tuple[str, str], scope: Scope, page_keys: int
) -> None:
    """Every object that can hold what is wanted is listed, in order, and no other."""
    keys = TREES[tree_of]
    ModelBucket.keys, ModelBucket.page_keys = tuple(sorted((*keys, *OTHERS))), page_keys
    wanted = [key for key in keys if scope.may_hold(parse_key(key))]  # type: ignore[arg-type]
    assert listed("s3://bucket/", scope) == sorted([*wanted, *EXPECTED_OTHERS])


@settings(deadline=None)
@given(
    tree_of=st.sampled_from(sorted(TREES)),
    box=boxes,
    depth=st.integers(0, 9),
    page_keys=st.sampled_from([3, 50]),
)
def test_a_walk_may_begin_anywhere_in_the_tree(
    tree_of: tuple[str, str], box: Box, depth: int, page_keys: int
) -> None:
    """A prefix of any depth lists what is wanted below it."""
    keys = TREES[tree_of]
    ModelBucket.keys, ModelBucket.page_keys = tuple(sorted(keys)), page_keys
    middle = keys[len(keys) // 2]
    folders = middle.split("/")[:-1][:depth]
    prefix = "".join(f"{folder}/" for folder in folders)
    scope = Scope((box,))
    below = [key for key in keys if key.startswith(prefix)]
    wanted = [key for key in below if scope.may_hold(parse_key(key))]  # type: ignore[arg-type]
    assert listed(f"s3://bucket/{prefix}", scope) == sorted(wanted)


@pytest.mark.parametrize("layout", ["plain-hourly", "hive-hourly"])
def test_folders_of_hours_are_jumped_to(layout: str, model: type[ModelBucket]) -> None:
    """Where folders have hours, keys of the day before the hour are listed one page at most."""
    model.keys, model.page_keys = tuple(sorted(tree(layout, "", step=1, hours=24))), 100
    hour = DAY + timedelta(hours=22)
    scope = Scope((Box(first_stamp=hour, last_stamp=hour + timedelta(minutes=59)),))
    assert len(listed("s3://bucket/AWSLogs/", scope)) == 60 * 6
    # The first page, the accounts, a LIST of the regions of each, and in each region one page of
    # the day and three of the hours 21 to 23.
    assert model.n_lists <= 1 + 1 + 2 + 6 * 4


def test_a_small_prefix_takes_one_request(model: type[ModelBucket]) -> None:
    """What fits one page is listed with one request, in any tree."""
    model.keys, model.page_keys = tuple(sorted(tree("plain", "", hours=2))), 1000
    assert len(listed("s3://bucket/", EVERYTHING)) == 24
    assert model.n_lists == 1


def test_a_named_folder_of_another_service_is_listed(model: type[ModelBucket]) -> None:
    """Folders of other services are passed over, unless the caller names them."""
    model.keys, model.page_keys = OTHERS[:1], 1000
    assert listed("s3://bucket/AWSLogs/", EVERYTHING) == []
    named = "s3://bucket/AWSLogs/111122223333/CloudTrail/"
    assert listed(named, EVERYTHING) == [OTHERS[0]]


@pytest.mark.parametrize("url", ["s3://", "s3:///key", "s3://-bad-/x"])
def test_an_address_without_a_bucket_says_so(url: str) -> None:
    """An address that names no bucket is a SourceError that shows the form."""
    with pytest.raises(SourceError, match="expected s3://bucket/prefix/ or s3://bucket/key"):
        listed(url, EVERYTHING)
