"""Every error of the library is a FlowparseError and the built-in error a caller expects."""

from __future__ import annotations

import copy
import gzip
import pickle

import pytest

import flowparse
from flowparse.errors import (
    FlowparseError,
    FormatChangedWarning,
    InflateError,
    LogFormatError,
    NetworkListError,
    RecordError,
    RejectWarning,
    SourceError,
)

RECORD_ERROR = RecordError(
    "dstport: expected 0..65535, got '70000' (flow.log.gz, line 812, byte 95310)",
    source="flow.log.gz",
    line=812,
    byte_offset=95310,
    reason="out-of-range",
    field="dstport",
)
ERRORS = [
    RECORD_ERROR,
    LogFormatError("log_format is empty"),
    SourceError("flow.log: no such file", source="flow.log"),
    InflateError("flow.gz", 17, "a gzip member is cut off"),
    InflateError("flow.gz", 17, "a gzip member has a wrong checksum", whole=True, records_kept=3),
    NetworkListError("list, line 7: expected UTF-8", source="list", line=7, text=None),
]


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (LogFormatError, ValueError),
        (RecordError, ValueError),
        (NetworkListError, ValueError),
        (InflateError, OSError),
        (SourceError, OSError),
    ],
)
def test_an_error_is_a_flowparse_error_and_a_built_in_one(
    error: type[Exception], builtin: type[Exception]
) -> None:
    """LogFormatError and RecordError are ValueErrors, InflateError and SourceError OSErrors."""
    assert issubclass(error, FlowparseError)
    assert issubclass(error, builtin)


def test_the_errors_and_warnings_are_public_names() -> None:
    """Each error and warning is a name of `flowparse` itself, and warnings are UserWarnings."""
    values, systems = (LogFormatError, NetworkListError, RecordError), (InflateError, SourceError)
    for kind in (FlowparseError, *values, *systems):
        assert getattr(flowparse, kind.__name__) is kind
    for kind in (RejectWarning, FormatChangedWarning):
        assert getattr(flowparse, kind.__name__) is kind
        assert issubclass(kind, UserWarning)


def test_a_record_error_knows_its_place() -> None:
    """A RecordError has source, line, byte offset, reason and field, and shows its message."""
    assert (RECORD_ERROR.source, RECORD_ERROR.line, RECORD_ERROR.byte_offset) == (
        "flow.log.gz",
        812,
        95310,
    )
    assert (RECORD_ERROR.reason, RECORD_ERROR.field) == ("out-of-range", "dstport")
    message = "dstport: expected 0..65535, got '70000' (flow.log.gz, line 812, byte 95310)"
    assert str(RECORD_ERROR) == message


def test_an_inflate_error_names_source_offset_and_good_records() -> None:
    """An InflateError says what was met, where, and, once known, how many records were good."""
    early, late = ERRORS[3], ERRORS[4]
    assert str(early) == "flow.gz: a gzip member is cut off at compressed byte 17"
    assert str(late) == (
        "flow.gz: a gzip member has a wrong checksum at compressed byte 17; 3 records before it "
        'were good: on_reject="collect" keeps them and lists the damage in reader.errors'
    )
    assert isinstance(late, InflateError)
    assert (late.source, late.offset, late.whole, late.records_kept) == ("flow.gz", 17, True, 3)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "twin", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copied", "pickled"]
)
def test_an_error_survives_the_way_to_another_process(error: Exception, twin: object) -> None:
    """An error that is copied or pickled keeps its class, message and attributes."""
    assert callable(twin)
    again = twin(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_what_was_collected_is_not_advised() -> None:
    """Under collect the message of a damaged source counts what was kept, and advises nothing."""
    cut = gzip.compress(b"version srcaddr dstport\n2 192.0.2.1 443\n")[:-4]
    with flowparse.open_reader(cut, on_reject="collect") as reader:
        rows = reader.read_all().num_rows
    [message] = reader.errors["message"].to_pylist()
    assert rows == 1
    assert message.endswith("; 1 record before it was good")
