"""Floor 1: what the first line of a source says about its log format. Stage "format".

The core judges all later lines by the same rule; see `names.c`.
"""

from __future__ import annotations

import re
from typing import Final

from flowparse.errors import LogFormatError
from flowparse.fields import FIELDS, field_name
from flowparse.logformat import EXPORT_TIMESTAMP, LogFormat

__all__ = ["judge_first_line", "read_header"]

_NAME: Final = re.compile(rb"[a-z][a-z0-9_-]*")
_BLANKS: Final = re.compile(rb"[ \t]+")
_ISO_TIME: Final = re.compile(
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_DEFAULT_ACTIONS: Final = (b"ACCEPT", b"REJECT", b"-")
_DEFAULT_STATUSES: Final = (b"OK", b"NODATA", b"SKIPDATA")
_KNOWN_MIN: Final = 3
_SHOWN_BYTES: Final = 80


def judge_first_line(
    line: bytes, *, too_long: bool, given: LogFormat | None, place: str
) -> tuple[LogFormat, bool]:
    """Log format of a source, told by its first line that is not blank.

    Parameters
    ----------
    line : bytes
        Without its newline.
    too_long : bool
        The line is over 64 KiB, and `line` only its beginning: it cannot be a header.
    given : LogFormat or None
        The caller's `log_format`.
    place : str
        Source and line, for the message.

    Returns
    -------
    (LogFormat, bool)
        The format in force, and whether the line was its header and so no record.

    Raises
    ------
    LogFormatError
        The line is neither a header nor a record of the default format, and none was given.
    """
    if too_long:
        if given is not None:
            return given, False
        raise _unknown_format(line, place)
    tokens = _BLANKS.split(line.strip(b" \t\r"))
    header = read_header(tokens, in_force=given)
    if header is not None:
        return header, True
    prefixed = _ISO_TIME.fullmatch(tokens[0]) is not None
    if given is not None:
        return (
            _with_export_time(given) if prefixed and _is_prefix(given, tokens) else given
        ), False
    if _fits_default(tokens):
        return LogFormat.default(), False
    if prefixed and _fits_default(tokens[1:]):
        return _with_export_time(LogFormat.default()), False
    raise _unknown_format(line, place)


def read_header(tokens: list[bytes], *, in_force: LogFormat | None) -> LogFormat | None:
    """The format that a header line's tokens give; None where they are no header."""
    if not all(_NAME.fullmatch(token) for token in tokens):
        return None
    names = tuple(field_name(token.decode("ascii")) for token in tokens)
    n_known = sum(name in FIELDS for name in names)
    if in_force is None:
        is_header = n_known >= _KNOWN_MIN or n_known == len(names)
    else:
        is_header = n_known >= _KNOWN_MIN or names == in_force.fields
    return LogFormat(names) if is_header else None


def _fits_default(tokens: list[bytes]) -> bool:
    return (
        len(tokens) == len(LogFormat.default())
        and tokens[0] == b"2"
        and tokens[-2] in _DEFAULT_ACTIONS
        and tokens[-1] in _DEFAULT_STATUSES
    )


def _is_prefix(given: LogFormat, tokens: list[bytes]) -> bool:
    """Is a leading ISO time one that the given format leaves out? CloudWatch exports have it."""
    if EXPORT_TIMESTAMP in given.fields:
        return False
    first = FIELDS.get(given.fields[0])
    return (first is not None and first.maximum is not None) or len(tokens) != len(given)


def _with_export_time(given: LogFormat) -> LogFormat:
    return LogFormat((EXPORT_TIMESTAMP, *given.fields))


def _unknown_format(line: bytes, place: str) -> LogFormatError:
    shown = line[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    more = "…" if len(line) > _SHOWN_BYTES else ""
    return LogFormatError(
        f"{place}: not a header, and not a record of the default format: {shown!r}{more}; "
        "pass log_format, the flow log's LogFormat (DescribeFlowLogs shows it)"
    )
