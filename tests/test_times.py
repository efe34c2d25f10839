"""Points in time as callers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from flowparse import times
from flowparse.times import read_bound, read_time

NOON = 1_700_000_000  # 2023-11-14T22:13:20Z
HALF_PAST_FIVE_EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (NOON, NOON),
        (-1, -1),
        (1.5, Fraction(3, 2)),
        (Fraction(1, 3), Fraction(1, 3)),
        (10**30, 10**30),
        (datetime(2023, 11, 14, 22, 13, 20), NOON),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), NOON),
        (datetime(2023, 11, 15, 3, 43, 20, tzinfo=HALF_PAST_FIVE_EAST), NOON),
        (datetime(2023, 11, 14, 22, 13, 20, 1), NOON + Fraction(1, 10**6)),
        (datetime(1969, 12, 31, 23, 59, 59, 500000), Fraction(-1, 2)),
        (datetime(1, 1, 1), -62135596800),
        (datetime(9999, 12, 31, 23, 59, 59, 999999), 253402300799 + Fraction(999999, 10**6)),
        (date(2023, 11, 14), 1699920000),
        ("2023-11-14T22:13:20Z", NOON),
        ("2023-11-14T22:13:20", NOON),
        (" 2023-11-14 22:13:20 ", NOON),
        ("2023-11-14T22:13:20.25+00:00", NOON + Fraction(1, 4)),
        ("2023-11-15T03:43:20+05:30", NOON),
        ("2023-11-14", 1699920000),
    ],
)
def test_a_time_is_exact_seconds(value: times.Moment, seconds: Fraction | int) -> None:
    """A datetime (naive is UTC), a date, ISO text or a number is its exact epoch seconds."""
    assert read_time(value, "since") == seconds
    assert read_bound(value, "since") == seconds


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1h", 3600),
        ("1.5h", 5400),
        ("0.1s", Fraction(1, 10)),
        ("7d", 604800),
        ("2w", 1209600),
        (" 1 h ", 3600),
        ("0s", 0),
    ],
)
def test_an_age_is_counted_back_from_now(
    monkeypatch: pytest.MonkeyPatch, age: str, seconds: Fraction | int
) -> None:
    """An age in seconds, minutes, hours, days or weeks is that long before now."""

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            assert tz is UTC
            return cls(2023, 11, 14, 22, 13, 20, tzinfo=UTC)

    monkeypatch.setattr(times, "datetime", Frozen)
    assert read_bound(age, "since") == NOON - seconds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("soon", "since: expected a time such as '2026-11-24T13:00:00Z', got 'soon'"),
        ("", "since: expected a time such as '2026-11-24T13:00:00Z', got ''"),
        ("1y", "since: expected a time such as '2026-11-24T13:00:00Z', got '1y'"),
        ("-1h", "since: expected a time such as '2026-11-24T13:00:00Z', got '-1h'"),
        ("1h30m", "since: expected a time such as '2026-11-24T13:00:00Z', got '1h30m'"),
        (
            "2023-02-30",
            "since: expected a time such as '2026-11-24T13:00:00Z', got '2023-02-30'",
        ),
        (float("nan"), "since: nan is no time"),
        (float("inf"), "since: inf is no time"),
        (
            True,
            "since: expected a datetime, ISO 8601 text or epoch seconds, got bool True",
        ),
        (
            b"2023",
            "since: expected a datetime, ISO 8601 text or epoch seconds, got bytes b'2023'",
        ),
        ([], "since: expected a datetime, ISO 8601 text or epoch seconds, got list []"),
        (1j, "since: expected a datetime, ISO 8601 text or epoch seconds, got complex 1j"),
    ],
)
def test_what_is_no_time_is_a_value_error(value: object, message: str) -> None:
    """Anything else is a ValueError that names the argument, what was expected, and the value."""
    with pytest.raises(ValueError, match="since") as caught:
        read_bound(value, "since")  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_an_age_is_no_time_of_a_filter() -> None:
    """An age is for since and until; as a filter's value it is a ValueError."""
    with pytest.raises(ValueError, match="filters: start: expected a time such as"):
        read_time("1h", "filters: start")
