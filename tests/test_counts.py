"""Counts: every line ends as exactly one of record, reject, header or blank."""

from __future__ import annotations

import gzip
from dataclasses import FrozenInstanceError

import pytest

import flowparse
from flowparse.counts import Counts

NAMES = [
    "records",
    "no_data",
    "skip_data",
    "rejects",
    "headers",
    "blank",
    "objects",
    "bytes_read",
    "bytes_text",
]
# 4 records, of them 2 NODATA and 1 SKIPDATA; 2 rejects; 2 headers; 3 blank lines
MIXED = (
    b"\n"
    b"version srcaddr log-status\n"
    b"2 192.0.2.1 OK\n"
    b"2 - NODATA\n"
    b"bogus\n"
    b" \t\r\n"
    b"2 - NODATA\n"
    b"version srcaddr log-status\n"
    b"x - OK\n"
    b"2 - SKIPDATA\n"
    b"\r"
)


def count(text: object, **options: object) -> Counts:
    with flowparse.open_reader(text, on_reject="collect", **options) as reader:
        reader.read_all()
    return reader.counts


def test_lines_is_the_sum_of_its_four_kinds() -> None:
    """`lines` adds records, rejects, headers and blank lines; NODATA and SKIPDATA are records."""
    counts = Counts(records=7, no_data=3, skip_data=2, rejects=10, headers=100, blank=1000)
    assert counts.lines == 1117


def test_counts_add_up_and_cannot_be_changed() -> None:
    """Two counts add number by number, and a count is frozen."""
    total = Counts(*range(9)) + Counts(*range(10, 100, 10))
    assert list(total.as_dict().values()) == [10, 21, 32, 43, 54, 65, 76, 87, 98]
    with pytest.raises(FrozenInstanceError):
        total.records = 1  # type: ignore[misc]


def test_the_numbers_have_the_contracts_names() -> None:
    """`as_dict` has the nine numbers of the contract, in its order."""
    assert list(Counts().as_dict()) == NAMES


def test_each_line_is_counted_once() -> None:
    """Of mixed lines each is counted as one kind, and all kinds add up to the lines."""
    size = len(MIXED)
    assert count(MIXED) == Counts(4, 2, 1, 2, 2, 3, 1, size, size)
    assert count(MIXED).lines == MIXED.count(b"\n") + 1


@pytest.mark.parametrize(
    "options",
    [
        {"columns": ["srcaddr"]},
        {"columns": []},
        {"filters": [("srcaddr", "=", "192.0.2.1")]},
        {"filters": [("line", "<", 0)]},
        {"columns": ["start"], "filters": [("version", "is null")]},
        {"schema": "aws"},
        {"threads": 3},
    ],
    ids=str,
)
def test_counts_do_not_depend_on_what_is_kept(options: dict[str, object]) -> None:
    """Counts cover every line read, whatever columns and filters keep."""
    assert count(MIXED, **options) == count(MIXED)


def test_a_window_does_not_change_the_counts() -> None:
    """A window keeps fewer rows, but every line is counted."""
    text = b"version start end\n2 100 160\n2 200 260\n2 - -\n"
    assert count(text, since=200) == count(text)
    assert count(text, since=200).records == 3


def test_status_is_counted_where_the_format_has_it() -> None:
    """NODATA is counted by log-status alone, wherever it stands, and not by other fields."""
    text = b"log-status action version\nNODATA ACCEPT 2\nOK NODATA 2\nSKIPDATA SKIPDATA 2\n"
    counts = count(text)
    assert (counts.records, counts.no_data, counts.skip_data) == (3, 1, 1)
    without = count(b"version action srcaddr\n2 NODATA a\n")
    assert (without.records, without.no_data) == (1, 0)


def test_counts_of_several_sources_are_summed() -> None:
    """Objects, bytes and lines of all sources are summed, empty sources among the objects."""
    counts = count([MIXED, b"", MIXED])
    size = len(MIXED)
    assert counts == Counts(8, 4, 2, 4, 4, 6, 3, 2 * size, 2 * size)


def test_a_gzip_source_counts_stored_and_inflated_bytes() -> None:
    """`bytes_read` counts bytes as they are stored, `bytes_text` those of the text."""
    packed = gzip.compress(MIXED)
    counts = count(packed)
    assert (counts.bytes_read, counts.bytes_text) == (len(packed), len(MIXED))
