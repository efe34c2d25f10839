"""What S3 refuses of lifecycle rules is told before anything is sent."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from flowparse.lifecycle import PRESETS, REASONS, Policy, Transition, check
from flowparse.lifecycle.context import Facts, judge, overlaps


def moves(*texts: str, **more: Any) -> Policy:
    pairs = (text.split(":") for text in texts)
    return Policy(transitions=tuple(Transition(name, int(days)) for name, days in pairs), **more)


# Source: Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle".
@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Policy(), "the policy does nothing"),
        (moves("COLD:30"), "no storage class 'COLD': expected one of STANDARD_IA"),
        (moves("STANDARD:30"), "no storage class 'STANDARD'"),
        (moves("GLACIER:-1"), "expected 0 or more, got -1"),
        (moves("STANDARD_IA:29"), "after 30 days or more: use 30"),
        (moves("ONEZONE_IA:0"), "after 30 days or more: use 30"),
        (moves("GLACIER:90", "GLACIER_IR:200"), "from GLACIER only to DEEP_ARCHIVE"),
        (moves("DEEP_ARCHIVE:90", "GLACIER:200"), "from DEEP_ARCHIVE only to nowhere"),
        (moves("ONEZONE_IA:30", "GLACIER_IR:90"), "from ONEZONE_IA only to GLACIER"),
        (moves("INTELLIGENT_TIERING:30", "STANDARD_IA:90"), "from INTELLIGENT_TIERING only to"),
        (moves("GLACIER:90", "GLACIER:200"), "from GLACIER only to"),
        (moves("GLACIER_IR:90", "GLACIER:90"), "each on a day of its own"),
        (moves("GLACIER:90", "GLACIER_IR:10"), "in the order of their days"),
        (moves("STANDARD_IA:30", "GLACIER:59"), "stay in STANDARD_IA for 30 days: use 60"),
        (moves("GLACIER:90", expire=90), "expire after day 90"),
        (Policy(expire=0), "expire: expected days, 1 or more, got 0"),
        (Policy(expire=True), "expire: expected days, 1 or more, got True"),
        (Policy(abort_uploads=0), "abort_uploads: expected days"),
        (Policy(noncurrent=9, keep_noncurrent=101), "expected 1..100 versions, got 101"),
        (Policy(expire=9, keep_noncurrent=2), "give noncurrent too"),
        (Policy(expire=9, larger_than=1), "give transitions too"),
        (Policy(expire=9, delete_markers=True), "removes markers by itself"),
    ],
)
def test_what_s3_refuses(policy: Policy, message: str) -> None:
    """Each is an error that names the value, and says what to do."""
    assert [text for text in check(policy).errors if message in text]


@pytest.mark.parametrize(
    "policy",
    [
        moves("STANDARD_IA:30", "INTELLIGENT_TIERING:60", "ONEZONE_IA:90", "GLACIER:120"),
        moves("STANDARD_IA:30", "GLACIER_IR:60", "GLACIER:150", "DEEP_ARCHIVE:240", expire=420),
        moves("GLACIER:0"),
        moves("INTELLIGENT_TIERING:0", expire=1),
        Policy(noncurrent=1, keep_noncurrent=100, delete_markers=True),
        *PRESETS.values(),
    ],
)
def test_what_s3_takes(policy: Policy) -> None:
    """Every step of the waterfall, days from 0, and the presets are without an error."""
    assert check(policy).errors == ()


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (moves("GLACIER_IR:30", expire=60), "GLACIER_IR after 30 days, and 90 are billed"),
        (moves("DEEP_ARCHIVE:0", expire=179), "DEEP_ARCHIVE after 179 days, and 180 are billed"),
        (moves("GLACIER:0", "DEEP_ARCHIVE:89"), "GLACIER after 89 days, and 90 are billed"),
        (moves("STANDARD_IA:30", expire=59), "STANDARD_IA after 29 days, and 30 are billed"),
        (moves("GLACIER:90"), "below 128 KB are not moved by default"),
    ],
)
def test_what_is_billed_for_nothing(policy: Policy, message: str) -> None:
    """Leaving a class before its minimum storage duration, and small objects, are warned of."""
    assert [text for text in check(policy).warnings if message in text]


def test_presets_pay_for_nothing_twice() -> None:
    """No preset leaves a class early; each tells a reason for each of its numbers."""
    for name, policy in PRESETS.items():
        sized = dataclasses.replace(policy, larger_than=0) if policy.transitions else policy
        assert check(sized).warnings == ()
        told = " ".join(REASONS[name])
        numbers = [policy.expire, policy.noncurrent, policy.abort_uploads]
        numbers += [one.days for one in policy.transitions]
        assert [n for n in numbers if str(n) not in told] == []


def test_seven_years_are_seven_years() -> None:
    """The preset's days reach seven calendar years from any day on."""
    from datetime import date, timedelta

    days = PRESETS["seven-years"].expire
    assert days is not None
    for year in range(2000, 2100):
        assert date(year, 1, 31) + timedelta(days) >= date(year + 7, 1, 31)


def test_a_lock_against_a_policy() -> None:
    """A retention longer than the expiry is an error; versions, holds and unasked are warned of."""
    locked = Facts(versioned=True, locked=True, retention=90)
    assert judge(Policy(expire=89, noncurrent=1), locked).errors
    assert not judge(Policy(expire=90, noncurrent=1), locked).errors
    assert "lock of 90 days" in judge(Policy(noncurrent=1), locked).warnings[0]
    assert "noncurrent too" in judge(Policy(expire=9), Facts(versioned=True)).warnings[0]
    assert judge(Policy(expire=9), Facts()) == ((), ())
    assert "was not checked" in judge(Policy(expire=9), Facts(unknown=("s3:X",))).warnings[0]


def test_rules_of_others_that_delete_earlier() -> None:
    """A rule of others that reaches the same keys and deletes them earlier is named; others not."""
    rule = {"ID": "all", "Prefix": "", "Status": "Enabled", "Expiration": {"Days": 30}}
    off = rule | {"Status": "Disabled"}
    elsewhere = rule | {"Prefix": "tmp/"}
    later = rule | {"Expiration": {"Days": 500}}
    policy = Policy(expire=365)
    told = list(overlaps([rule, off, elsewhere, later], ["AWSLogs/"], policy))
    assert told == [
        "rule 'all' of others, for all keys, deletes after 30 days already: the earlier day holds"
    ]


def test_small_objects_where_the_class_decides() -> None:
    """With varies_by_storage_class, GLACIER and DEEP_ARCHIVE take small objects, others do not."""
    varies = "varies_by_storage_class"
    assert check(moves("GLACIER:90", "DEEP_ARCHIVE:365"), varies).warnings == ()
    assert check(moves("GLACIER_IR:90"), varies).warnings != ()
    assert check(moves("GLACIER:90"), "all_storage_classes_128K").warnings != ()
