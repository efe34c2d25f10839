"""Floor 1: points in time as callers write them."""

from __future__ import annotations

import numbers
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias, TypeGuard

__all__ = ["Moment", "Number", "exact_number", "is_number", "read_age", "read_bound", "read_time"]

#: What a caller may pass as a point in time.
Moment = datetime | date | str | int | float

#: What can be compared with a number.
Number: TypeAlias = numbers.Real | Decimal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_AGE_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def read_bound(value: Moment, name: str) -> Fraction:
    """Seconds since the epoch of a `since` or `until`.

    Parameters
    ----------
    value : datetime, date, str, int or float
        A datetime (naive is UTC), ISO 8601 text, an age such as `"90s"`, `"30m"`, `"1h"`,
        `"7d"` or `"2w"` before now, or epoch seconds.
    name : str
        Of the argument, for the message.

    Raises
    ------
    ValueError
        It is none of these.
    """
    if isinstance(value, str):
        age = _AGE.fullmatch(value.strip())
        if age:
            ago = Fraction(age[1]) * _AGE_SECONDS[age[2]]
            return read_time(datetime.now(UTC), name) - ago
    return read_time(value, name)


def read_age(value: object, name: str) -> Fraction:
    """Seconds of an age such as `"90s"`, `"30m"`, `"1h"`, `"7d"` or `"2w"`, of a timedelta, or of
    a number of seconds.

    Raises
    ------
    ValueError
        It is none of these, or negative.
    """
    seconds = None
    if isinstance(value, timedelta):
        seconds = Fraction(value // _MICROSECOND, 1_000_000)
    elif isinstance(value, str):
        age = _AGE.fullmatch(value.strip())
        seconds = Fraction(age[1]) * _AGE_SECONDS[age[2]] if age else None
    elif is_number(value):
        seconds = _read_seconds(value, name)
    if seconds is None or seconds < 0:
        raise ValueError(f"{name}: expected an age such as '1h' or '7d', got {value!r}")
    return seconds


def read_time(value: object, name: str) -> Fraction:
    """Seconds since the epoch, exactly, of a datetime, ISO text or a number of seconds."""
    if isinstance(value, str):
        value = _read_iso(value, name)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return Fraction((aware - _EPOCH) // _MICROSECOND, 1_000_000)
    if isinstance(value, date):
        return Fraction((value - _EPOCH.date()).days * 86400)
    if is_number(value):
        return _read_seconds(value, name)
    raise ValueError(
        f"{name}: expected a datetime, ISO 8601 text or epoch seconds, "
        f"got {type(value).__name__} {value!r}"
    )


def _read_iso(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{name}: expected a time such as '2026-11-24T13:00:00Z', got {text!r}"
        ) from None


def is_number(value: object) -> TypeGuard[Number]:
    """Is it a number that can be ordered? True and False are not taken for 1 and 0."""
    return isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)


def exact_number(value: Number) -> Fraction:
    """A number as it is; ValueError or OverflowError for NaN and infinity."""
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    return Fraction(value if isinstance(value, Decimal) else float(value))


def _read_seconds(value: Number, name: str) -> Fraction:
    try:
        return exact_number(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: {value!r} is no time") from None
