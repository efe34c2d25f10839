"""Floor 1: which delivered objects can hold what is asked for, told by their keys alone.

Stage "open". An object is passed over only where its key rules out every record of it; a key
that says nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, Final

from flowparse.filters import Condition, Window
from flowparse.keys import Key, parse_key
from flowparse.request import Request
from flowparse.times import read_time

__all__ = ["EVERYTHING", "Box", "Scope", "moment_of"]

#: The records of an object end in the five minutes from its stamp on.
_WINDOW: Final = timedelta(minutes=5)
#: A record begins at most so long before it ends: AWS's longest interval of aggregation.
_LONGEST_RECORD: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ACCOUNT_DIGITS: Final = 12
_AT_LEAST: Final = ("=", ">", ">=", "in")
_AT_MOST: Final = ("=", "<", "<=", "in")


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
        window = _window_box(request.window)
        in_seconds = request.schema == "typed"
        groups = request.filters or ((),)
        boxes = [_group_box(group, window, in_seconds=in_seconds) for group in groups]
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


def _window_box(window: Window) -> Box:
    first = None if window.since is None else _ends_from(window.since)
    last = None if window.until is None else _begins_before(window.until)
    return Box(first_stamp=first, last_stamp=last)


def _ends_from(seconds: Fraction) -> datetime | None:
    """First stamp of objects with records that end then or later."""
    time = _time(seconds)
    return None if time is None else _shift(time, timedelta(seconds=1) - _WINDOW)


def _begins_by(seconds: Fraction) -> datetime | None:
    """Last stamp of objects with records that begin then or earlier."""
    time = _time(seconds)
    return None if time is None else _shift(time, _LONGEST_RECORD)


def _begins_before(seconds: Fraction) -> datetime | None:
    """Last stamp of objects with records that begin earlier; they begin at whole seconds."""
    return _begins_by(Fraction(ceil(seconds) - 1))


def _time(seconds: Fraction) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=float(seconds))
    except OverflowError:
        return None


def _shift(time: datetime, by: timedelta) -> datetime | None:
    try:
        return time + by
    except OverflowError:
        return None


def _group_box(group: Iterable[Condition], window: Box, *, in_seconds: bool) -> Box:
    box = window
    for condition in group:
        if condition.column == "account_id":
            box = _replace(box, accounts=_meet(box.accounts, _names(condition, _is_account)))
        elif condition.column == "region":
            box = _replace(box, regions=_meet(box.regions, _names(condition, _is_text)))
        elif condition.column in ("start", "end") and in_seconds:
            first, last = _stamps(condition)
            box = _replace(
                box,
                first_stamp=_bound((box.first_stamp, first), max, every=False),
                last_stamp=_bound((box.last_stamp, last), min, every=False),
            )
    return box


def _replace(box: Box, **bounds: Any) -> Box:
    names = ("accounts", "regions", "first_stamp", "last_stamp")
    return Box(**{name: bounds.get(name, getattr(box, name)) for name in names})


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


def _stamps(condition: Condition) -> tuple[datetime | None, datetime | None]:
    """The first and the last stamp that a condition on a time leaves."""
    if condition.op not in {*_AT_LEAST, *_AT_MOST}:
        return None, None
    values = condition.value if condition.op == "in" else (condition.value,)
    if not values:
        return None, None
    times = [read_time(value, condition.column) for value in values]
    first = _ends_from(min(times)) if condition.op in _AT_LEAST else None
    begins = _begins_before if condition.op == "<" else _begins_by
    last = begins(max(times)) if condition.op in _AT_MOST else None
    return first, last


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
    times: Iterable[datetime | None],
    choose: Callable[[Iterable[datetime]], datetime],
    *,
    every: bool = True,
) -> datetime | None:
    """One of the times; None where one is missing, or with `every=False`, where all are."""
    known = list(times)
    given = [time for time in known if time is not None]
    if not given or (every and len(given) < len(known)):
        return None
    return choose(given)


def moment_of(seconds: Fraction) -> datetime:
    """The moment in UTC; beyond what a datetime can hold, its first or last."""
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        return (datetime.min if seconds < 0 else datetime.max).replace(tzinfo=UTC)
