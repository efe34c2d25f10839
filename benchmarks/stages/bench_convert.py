"""Stages check and convert: numbers judged, columns built; all of them, and one of each kind."""

from __future__ import annotations

import pytest

from corpus import CUSTOM, DEFAULT, Corpora
from flowparse import LogFormat
from layouts import CoreRun, check_only, converting, pieces_of, scan_only
from race import Race

FORMATS = pytest.mark.parametrize("log_format", [DEFAULT, CUSTOM], ids=["14-fields", "29-fields"])

#: A column of each kind; of the dictionaries one of few values and one of hundreds.
KINDS = {
    "dstport": "int32",
    "bytes": "int64",
    "start": "time",
    "srcaddr": "address",
    "action": "dictionary, few values",
    "interface_id": "dictionary, hundreds",
}


@FORMATS
def bench_check(race: Race, corpora: Corpora, kernel: str, log_format: LogFormat) -> None:
    log = corpora.stage_log(log_format)
    pieces = pieces_of(log.text.read_bytes())
    scan, check = (CoreRun(pieces, only(log_format)) for only in (scan_only, check_only))
    assert scan() == check() == log.records
    race.stage(f"check, {len(log_format)} fields", kernel, log, check, {"scan": scan})


@FORMATS
def bench_convert(race: Race, corpora: Corpora, kernel: str, log_format: LogFormat) -> None:
    """Checking and decoding are one pass: the base is the scan."""
    log = corpora.stage_log(log_format)
    pieces = pieces_of(log.text.read_bytes())
    scan, convert = (CoreRun(pieces, only(log_format)) for only in (scan_only, converting))
    assert scan() == convert() == log.records
    race.stage(
        f"check + convert, all {len(log_format)} columns", kernel, log, convert, {"scan": scan}
    )


@pytest.mark.parametrize("column", KINDS)
def bench_convert_column(race: Race, corpora: Corpora, kernel: str, column: str) -> None:
    """One column on top of checking all: a number that is wanted is not checked twice."""
    log = corpora.stage_log(DEFAULT)
    pieces = pieces_of(log.text.read_bytes())
    check = CoreRun(pieces, check_only(DEFAULT))
    convert = CoreRun(pieces, converting(DEFAULT, columns=[column]))
    assert check() == convert() == log.records
    name = f"convert {column} ({KINDS[column]})"
    race.stage(name, kernel, log, convert, {"check": check})
