"""Floor 1: the log format, AWS's ordered list of the fields of one file.

Stage "format": a header line, or a text that the caller gives, becomes field names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flowparse.errors import LogFormatError
from flowparse.fields import FIELDS, column_name, field_name

__all__ = ["EXPORT_TIMESTAMP", "LogFormat"]

#: Not an AWS field: the ISO time that CloudWatch's export to S3 writes before each record.
EXPORT_TIMESTAMP: Final = "export-timestamp"

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
_SEPARATORS: Final = " \t\r\n,"
_DEFAULT_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class LogFormat:
    """The ordered fields of one flow log.

    Parameters
    ----------
    fields : tuple of str
        AWS names with hyphens, one for each place in a line. A name may stand twice.

    Examples
    --------
    >>> f = LogFormat.parse("${version} ${srcaddr} ${pkt-dstaddr}")
    >>> f.columns
    ('version', 'srcaddr', 'pkt_dstaddr')
    >>> str(f)
    '${version} ${srcaddr} ${pkt-dstaddr}'
    >>> len(LogFormat.default())
    14
    """

    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an empty format and names that AWS could not write."""
        if isinstance(self.fields, str):
            raise TypeError("a LogFormat is made of names; LogFormat.parse reads a text")
        object.__setattr__(self, "fields", tuple(self.fields))
        if not self.fields:
            raise LogFormatError("a log format needs at least one field")
        for name in self.fields:
            if not _NAME.fullmatch(name) or "_" in name:
                raise LogFormatError(
                    f"{name!r} is not a field name: AWS's are lower-case words joined by hyphens"
                )

    @classmethod
    def parse(cls, text: str | None) -> LogFormat:
        """Read a format as people and AWS write it.

        Parameters
        ----------
        text : str or None
            `${version} ${account-id}`, `$${version}` (Terraform), bare names with hyphens or
            underscores, separated by blanks, line breaks or commas, all of it in quotes or
            not. None is the default format, as in `DescribeFlowLogs`.

        Returns
        -------
        LogFormat

        Raises
        ------
        LogFormatError
            The text is empty, a `${` is not closed, or a name cannot be one. The message
            gives the position, from 0.

        Notes
        -----
        Source: AWS EC2 API, `CreateFlowLogs`, parameter `LogFormat`.

        Examples
        --------
        >>> LogFormat.parse('"$${version},$${tcp-flags}"').fields
        ('version', 'tcp-flags')
        """
        if text is None:
            return cls.default()
        if not isinstance(text, str):
            raise TypeError(f"log_format: expected text or a LogFormat, got {text!r}")
        fields = tuple(_parse_names(text))
        if not fields:
            raise LogFormatError("log_format is empty: name the fields, such as '${version} …'")
        return cls(fields)

    @classmethod
    def default(cls) -> LogFormat:
        """The 14 fields that AWS writes unless told otherwise."""
        return cls(tuple(f.name for f in FIELDS.values() if f.version == _DEFAULT_VERSION))

    @classmethod
    def transit_gateway(cls) -> LogFormat:
        """The 36 fields of a transit gateway flow log, in AWS's order."""
        return cls(_TRANSIT_GATEWAY)

    @classmethod
    def all_fields(cls) -> LogFormat:
        """Every field of a VPC flow log through version 11: 54."""
        return cls(tuple(f.name for f in FIELDS.values() if "vpc" in f.services))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that a file in this format has by default.

        A field named twice is one column, where it first stands. The ISO time of a
        CloudWatch export is a column on request only.
        """
        names = dict.fromkeys(self.fields)
        names.pop(EXPORT_TIMESTAMP, None)
        return tuple(column_name(name) for name in names)

    @property
    def header(self) -> str:
        """The header line that AWS writes for it, without a newline."""
        return " ".join(self.fields)

    def __str__(self) -> str:
        """The text that AWS's `LogFormat` parameter takes."""
        return " ".join(f"${{{name}}}" for name in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)


_TRANSIT_GATEWAY: Final[tuple[str, ...]] = tuple(
    """version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id
    tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id
    tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr
    srcport dstport protocol packets bytes start end log-status type packets-lost-no-route
    packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region
    flow-direction pkt-src-aws-service pkt-dst-aws-service""".split()
)


def _parse_names(text: str) -> Iterator[str]:
    """The field names in a `log_format` text, in order."""
    at, end = _unquote(text)
    while at < end:
        if text[at] in _SEPARATORS:
            at += 1
            continue
        name, at = _parse_braced(text, at, end) if text[at] == "$" else _parse_bare(text, at, end)
        yield field_name(name)


def _unquote(text: str) -> tuple[int, int]:
    """Where the names begin and end: inside blanks, and inside one pair of quotes."""
    begin = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    if end - begin >= 2 and text[begin] in "\"'" and text[end - 1] == text[begin]:
        return begin + 1, end - 1
    return begin, end


def _parse_braced(text: str, at: int, end: int) -> tuple[str, int]:
    """One `${name}` or `$${name}` that begins at `at`, and where it ends."""
    begin = at
    at += 2 if text.startswith("$$", at) else 1
    if at >= end or text[at] != "{":
        raise LogFormatError(f"log_format: expected '{{' after '$' at position {at}")
    close = text.find("}", at, end)
    if close < 0:
        raise LogFormatError(f"log_format: the '${{' at position {begin} is not closed")
    return _check_name(text[at + 1 : close].strip(), at + 1), close + 1


def _parse_bare(text: str, at: int, end: int) -> tuple[str, int]:
    """One bare name that begins at `at`, and where it ends."""
    stop = at
    while stop < end and text[stop] not in _SEPARATORS and text[stop] != "$":
        stop += 1
    return _check_name(text[at:stop], at), stop


def _check_name(name: str, at: int) -> str:
    if not _NAME.fullmatch(name):
        raise LogFormatError(f"log_format: {name!r} at position {at} is not a field name")
    return name
