"""Floor 1: which delivered objects can hold what is asked for, told by their keys alone.

Stage "open". An object is passed over only where its key rules out every record of it; a key
that says nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from flowparse.bounds import group_bounds
from flowparse.filters import Condition
from flowparse.keys import Key, parse_key
from flowparse.request import Request

__all__ = ["EVERYTHING", "Box", "Scope", "moment_of"]

#: The records of an object end in the five minutes from its stamp on.
_WINDOW: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(seconds=1)
#: A record begins at most so long before it ends: AWS's longest interval of aggregation.
_LONGEST_RECORD: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ACCOUNT_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds that must all hold of an object. None is no bound.

    Attributes
    ----------
    accounts, regions : frozenset of str or None
    first_stamp, last_stamp : datetime or None
        Of the stamps that objects have in their names; both are inside.
    """

    accounts: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    first_stamp: datetime | None = None
    last_stamp: datetime | None = None

    def may_hold(self, key: Key) -> bool:
        """Whether a record of this object can be wanted."""
        return (
            (self.accounts is None or key.account in self.accounts)
            and (self.regions is None or key.region in self.regions)
            and (self.first_stamp is None or key.stamp >= self.first_stamp)
            and (self.last_stamp is None or key.stamp <= self.last_stamp)
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be wanted: objects in one of the boxes.

    Attributes
    ----------
    boxes : tuple of Box
        One a group of the filters. None of them: nothing is wanted.

    Notes
    -----
    The account is the one that owns the flow log. A record's `account_id` is the owner of its
    network interface: another one only where interfaces of other accounts lie in a shared VPC,
    so there filter on something else. With `schema="aws"`, filters on `start` and `end` pass
    nothing over, since old times are milliseconds there; since and until do.

    Source: AWS VPC User Guide, "Flow log files" and "Flow log records".

    Examples
    --------
    >>> from flowparse.request import read_request
    >>> request = read_request(filters=[("region", "=", "us-east-1")], until=1_700_000_000)
    >>> scope = Scope.of(request)
    >>> sorted(scope.regions), scope.last_stamp.isoformat()
    (['us-east-1'], '2023-11-14T22:23:19+00:00')
    """

    boxes: tuple[Box, ...] = (Box(),)

    @classmethod
    def of(cls, request: Request) -> Scope:
        """What the filters and the window of a request can need."""
        boxes = [_box(group, request) for group in request.filters or ((),)]
        return cls(tuple(dict.fromkeys(boxes)))

    @property
    def is_everything(self) -> bool:
        """Whether nothing is passed over, so that keys need not be looked at."""
        return Box() in self.boxes

    def may_hold(self, key: Key) -> bool:
        """Whether a record of this object can be wanted."""
        return any(box.may_hold(key) for box in self.boxes)

    def may_hold_name(self, name: str) -> bool:
        """The same of a path or a URL; True where AWS has not named it."""
        key = parse_key(name.replace("\\", "/"))
        return key is None or self.may_hold(key)

    @property
    def accounts(self) -> frozenset[str] | None:
        """All accounts that are wanted; None: any."""
        return _unite(box.accounts for box in self.boxes)

    @property
    def regions(self) -> frozenset[str] | None:
        """All regions that are wanted; None: any."""
        return _unite(box.regions for box in self.boxes)

    @property
    def first_stamp(self) -> datetime | None:
        """The earliest stamp that is wanted; None: any."""
        return _bound((box.first_stamp for box in self.boxes), min)

    @property
    def last_stamp(self) -> datetime | None:
        """The latest stamp that is wanted; None: any."""
        return _bound((box.last_stamp for box in self.boxes), max)


#: Nothing is passed over.
EVERYTHING: Final = Scope()


def _box(group: Sequence[Condition], request: Request) -> Box:
    """What one group of the filters can need."""
    in_seconds = request.schema == "typed"  # as AWS has them, old times are milliseconds
    low, high = group_bounds(group if in_seconds else (), request.window)
    accounts = regions = None
    for condition in group:
        if condition.column == "account_id":
            accounts = _meet(accounts, _names(condition, _is_account))
        elif condition.column == "region":
            regions = _meet(regions, _names(condition, _is_text))
    first = None if low is None else _shift(low, _SECOND - _WINDOW)
    last = None if high is None else _shift(high, _LONGEST_RECORD)
    return Box(accounts, regions, first, last)


def _shift(seconds: Fraction, by: timedelta) -> datetime | None:
    """A time later than another; None where no datetime can tell it."""
    try:
        return _EPOCH + timedelta(seconds=float(seconds)) + by
    except OverflowError:
        return None


def _names(condition: Condition, is_name: Callable[[object], bool]) -> frozenset[str] | None:
    """The names that a condition allows, where a key can have all of them."""
    if condition.op not in ("=", "in"):
        return None
    values = condition.value if condition.op == "in" else (condition.value,)
    return frozenset(values) if all(is_name(value) for value in values) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_account(value: object) -> bool:
    """Records of an account's flow log may also have `unknown` here."""
    return isinstance(value, str) and len(value) == _ACCOUNT_DIGITS and value.isdecimal()


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _unite(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    united: frozenset[str] = frozenset()
    for one in sets:
        if one is None:
            return None
        united |= one
    return united


def _bound(
    times: Iterable[datetime | None], choose: Callable[[Iterable[datetime]], datetime]
) -> datetime | None:
    """One of the times; None where one is missing."""
    found = list(times)
    given = [time for time in found if time is not None]
    return choose(given) if given and len(given) == len(found) else None


def moment_of(seconds: Fraction) -> datetime:
    """The moment in UTC; beyond what a datetime can hold, its first or last."""
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        return (datetime.min if seconds < 0 else datetime.max).replace(tzinfo=UTC)
