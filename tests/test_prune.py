"""Which objects a request can do without, told by their keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flowparse
from flowparse.keys import Key
from flowparse.prune import EVERYTHING, Scope
from flowparse.request import read_request

STAMP = datetime(2023, 11, 14, 22, 10, tzinfo=UTC)
HEADER = "version account-id region start end"


def key(stamp: datetime = STAMP, account: str = "111122223333", region: str = "us-east-1") -> Key:
    return Key(account, region, "fl-0a1b2c3d", stamp, stamp.date(), None, "text")


def may_hold(one: Key, **options: Any) -> bool:
    return Scope.of(read_request(**options)).may_hold(one)


def at(minutes: float = 0, seconds: float = 0) -> datetime:
    """A time after the stamp."""
    return STAMP + timedelta(minutes=minutes, seconds=seconds)


def test_nothing_asked_prunes_nothing() -> None:
    """Without filters and window the scope is everything, as it is with `[]`."""
    assert Scope.of(read_request()) == EVERYTHING
    assert Scope.of(read_request(filters=[])) == EVERYTHING
    assert Scope.of(read_request(filters=[("dstport", "=", 22)])) == EVERYTHING


@pytest.mark.parametrize(
    ("since", "held"), [(at(4, 59), True), (at(4, 59.5), False), (at(5), False), (at(-99), True)]
)
def test_since(since: datetime, held: bool) -> None:
    """The records of an object end within 4:59 minutes from its stamp on."""
    assert may_hold(key(), since=since) is held
    assert may_hold(key(), filters=[("end", ">=", since)]) is held


@pytest.mark.parametrize(
    ("until", "held"), [(at(-10), False), (at(-10, 0.5), True), (at(-9), True), (at(99), True)]
)
def test_until(until: datetime, held: bool) -> None:
    """A record begins at most ten minutes before it ends; `until` itself is outside."""
    assert may_hold(key(), until=until) is held
    assert may_hold(key(), filters=[("start", "<", until)]) is held


def test_a_time_that_is_included() -> None:
    """`<=`, `=` and `in` include their value."""
    for op, value in (("<=", at(-10)), ("=", at(-10)), ("in", [at(-99), at(-10)])):
        assert may_hold(key(), filters=[("start", op, value)])
    assert not may_hold(key(), filters=[("start", "=", at(5))])
    assert not may_hold(key(), filters=[("start", "in", [at(6), at(7)])])


def test_ops_that_leave_all_times_prune_nothing() -> None:
    """`!=`, `not in` and the tests for null say nothing of a key; nor does an empty `in`."""
    conditions = [
        ("end", "!=", at()),
        ("end", "not in", [at()]),
        ("end", "is null"),
        ("end", "in", []),
    ]
    for condition in conditions:
        assert may_hold(key(), filters=[condition])


def test_accounts_and_regions() -> None:
    """`=` and `in` on account and region prune by the key."""
    assert may_hold(key(), filters=[("account_id", "=", "111122223333")])
    assert not may_hold(key(), filters=[("account-id", "=", "999999999999")])
    assert not may_hold(key(), filters=[("region", "in", ["eu-west-1", "eu-west-2"])])
    assert may_hold(key(), filters=[("region", "in", ["eu-west-1", "us-east-1"])])
    assert may_hold(key(), filters=[("region", "!=", "us-east-1")])


def test_an_account_that_no_key_can_have_prunes_nothing() -> None:
    """Records with `unknown` for an account are in objects of any account."""
    assert may_hold(key(), filters=[("account_id", "=", "unknown")])
    assert may_hold(key(), filters=[("account_id", "in", ["999999999999", "unknown"])])


def test_every_group_must_rule_an_object_out() -> None:
    """Of several groups one may want it; conditions of a group all count."""
    wanted = [("region", "=", "us-east-1"), ("account_id", "=", "111122223333")]
    other = [("region", "=", "eu-west-1")]
    assert may_hold(key(), filters=[wanted, other])
    assert not may_hold(key(), filters=[[*wanted, *other], other])
    assert may_hold(key(), filters=[other, [("dstport", "=", 1)]])


def test_times_as_aws_has_them_prune_nothing() -> None:
    """In the schema `aws`, old times are milliseconds, and compare as such."""
    assert may_hold(key(), filters=[("end", ">=", 1_700_000_000_000)], schema="aws")
    assert not may_hold(key(), since=at(5), schema="aws")


def test_times_beyond_all_dates_prune_nothing() -> None:
    """A time that no datetime can have is no bound."""
    assert may_hold(key(), since=-(10.0**15), until=10.0**15)


def test_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    """In a folder, files that AWS named are not opened where their names rule them out."""
    for minutes in (0, 5, 10):
        stamp = at(minutes)
        name = f"111122223333_vpcflowlogs_us-east-1_fl-0a1b2c3d_{stamp:%Y%m%dT%H%MZ}_ab.log.gz"
        folder = tmp_path / f"AWSLogs/111122223333/vpcflowlogs/us-east-1/{stamp:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        end = int(stamp.timestamp())
        (folder / name).write_text(f"{HEADER}\n2 111122223333 us-east-1 {end - 60} {end}\n")
    (tmp_path / "other.log").write_text(f"{HEADER}\n2 1 x 1700000300 1700001000\n")
    with flowparse.open_reader(tmp_path, since=at(5)) as reader:
        assert reader.read_all().num_rows == 3
        assert reader.counts.objects == 3
    [file] = tmp_path.rglob("*T2210Z*")
    with flowparse.open_reader(file, since=at(5)) as reader:
        assert reader.read_all().num_rows == 0
        assert reader.counts.objects == 1  # it was named
