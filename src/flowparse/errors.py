"""Floor 0: what can go wrong, and where it went wrong.

Every error of the library is a `FlowparseError` and also the built-in error that a caller
would expect: a bad value is a `ValueError`, a source that cannot be read is an `OSError`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "DestinationError",
    "FlowparseError",
    "FormatChangedWarning",
    "InflateError",
    "LogFormatError",
    "NetworkListError",
    "RecordError",
    "RejectWarning",
    "SourceError",
]


class FlowparseError(Exception):
    """Base of every error that flowparse raises on its own account. It can be pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[FlowparseError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    """An error of another process, with its attributes but without calling its `__init__`."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class LogFormatError(FlowparseError, ValueError):
    """The log format is not known, or a `log_format` text cannot be read.

    Raised whatever `on_reject` says: without a format no line can be judged.
    """


class RecordError(FlowparseError, ValueError):
    """A line is not a record, and `on_reject="raise"` was asked for.

    Attributes
    ----------
    source : str
        Name of the source.
    line : int
        Physical line in the decompressed text, from 1.
    byte_offset : int or None
        Of the line's first byte in the decompressed text, from 0.
    reason : str
        `field-count`, `not-a-number`, `out-of-range`, `line-too-long` or `not-utf8`.
    field : str or None
        AWS name of the bad field; None where the whole line is at fault.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str,
        line: int,
        byte_offset: int | None,
        reason: str,
        field: str | None,
    ) -> None:
        super().__init__(message)
        self.source = source
        self.line = line
        self.byte_offset = byte_offset
        self.reason = reason
        self.field = field


class NetworkListError(FlowparseError, ValueError):
    """A list of networks holds something else.

    Attributes
    ----------
    source : str
        Name of the source.
    line : int or None
        From 1; of Parquet and Arrow the row. None where lines mean nothing, as in JSON.
    text : str or None
        What was found.
    """

    def __init__(self, message: str, *, source: str, line: int | None, text: str | None) -> None:
        super().__init__(message)
        self.source = source
        self.line = line
        self.text = text


class SourceError(FlowparseError, OSError):
    """A source is missing, cannot be opened, or is damaged.

    Attributes
    ----------
    source : str
        Name of the source.
    """

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(message)
        self.source = source


class InflateError(FlowparseError, OSError):
    """A gzip member is cut off, damaged, or followed by other bytes.

    Attributes
    ----------
    source : str
        Name of the source.
    offset : int
        Offset in the compressed bytes, from 0, at which the damage was met.
    damage : str
        What was met there.
    whole : bool
        The text before it is whole, so that its last line is one even without a newline:
        other bytes follow the last member, or only a checksum is wrong.
    records_kept : int or None
        Good records before the damage; None until the reader has counted them.
    """

    def __init__(
        self,
        source: str,
        offset: int,
        damage: str,
        *,
        whole: bool = False,
        records_kept: int | None = None,
        collected: bool = False,
    ) -> None:
        self.source = source
        self.offset = offset
        self.damage = damage
        self.whole = whole
        self.records_kept = records_kept
        message = f"{source}: {damage} at compressed byte {offset}"
        if records_kept is not None:
            one = records_kept == 1
            good = "1 record before it was" if one else f"{records_kept} records before it were"
            message += f"; {good} good"
            if not collected:
                message += ': on_reject="collect" keeps them and lists the damage in reader.errors'
        super().__init__(message)


class DestinationError(FlowparseError, OSError):
    """A destination cannot be written to, or holds files of an earlier run.

    Attributes
    ----------
    destination : str
        The path that was given, or the file below it that is at fault.
    """

    def __init__(self, message: str, *, destination: str) -> None:
        super().__init__(message)
        self.destination = destination


class RejectWarning(UserWarning):
    """Some lines were not records. They are in `reader.rejects`."""


class FormatChangedWarning(UserWarning):
    """Columns were left out: a later header brought some that the stream's fixed schema lacks, or
    Parquet has some that no field of a flow log can be.
    """
