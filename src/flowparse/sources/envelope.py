"""Floor 2: JSON that holds log events. Stage "inflate".

Documents stand one behind another, with blanks or nothing between them: what a CloudWatch
subscription sends, alone, in a stream, or as Firehose stores it; `{"message": ...}` of Firehose's
own; and the event of a Lambda function, whose base64 and gzip hold the first again.

Source: AWS, "Log group-level subscription filters" (CloudWatch Logs User Guide) and "Using
Lambda with CloudWatch Logs" (Lambda Developer Guide).
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from flowparse.errors import FlowparseError, SourceError
from flowparse.sources.events import Events, encode
from flowparse.sources.inflate import PIECE_BYTES

__all__ = ["read_events"]

#: `raw_decode` without a Python call for each document. It raises StopIteration, with the place,
#: where no value begins.
_SCAN: Final[Callable[[str, int], tuple[Any, int]]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_BLANKS: Final = " \t\r\n"
_MANY_BLANKS: Final = re.compile(r"[ \t\r\n]+")
#: Nothing but a string may be cut off farther from the end than this: `-Infinity`.
_LONGEST_WORD: Final = 9
_SHOWN_KEYS: Final = 5
_NO_NAMES: Final[tuple[Any, Any]] = (None, None)
_OBJECT: Final = {dict}
_KEEPS: Final = 'on_reject="collect" keeps the documents before it'


def read_events(name: str, pieces: Iterable[bytes]) -> Iterator[Events]:
    r"""The events of JSON documents, in order.

    Parameters
    ----------
    name : str
        Of the source, for errors.
    pieces : iterable of bytes
        Its text, cut anywhere.

    Yields
    ------
    Events
        Of a document; documents of single messages may come together.

    Raises
    ------
    SourceError
        After all documents before it: one is cut off, malformed, or holds no log events. The
        message has its byte in the text.
    InflateError
        As `pieces` raises it, at the same place.

    Notes
    -----
    A `CONTROL_MESSAGE` is skipped. Memory: a piece and the longest document.

    Examples
    --------
    >>> pieces = [b'{"message": "2 a"}\n{"mess', b'age": "2 b"}']
    >>> [events.messages for events in read_events("a", pieces)]
    [['2 a'], ['2 b']]
    """
    text = _Text(pieces)
    for places, documents in _read_documents(name, text):
        lone = [d["message"] for d in documents if len(d) == 1 and "message" in d]
        if len(lone) == len(documents):  # all are Firehose's own, which are many
            yield Events(None, None, lone, [None] * len(lone))
        else:
            yield from _read_mixed(name, text, places, documents)


def _read_mixed(
    name: str, text: _Text, places: list[int], documents: list[dict[str, Any]]
) -> Iterator[Events]:
    """Events of documents of any kind. Those that are one event each come together."""
    alone: list[dict[str, Any]] = []
    stream = _NO_NAMES
    for place, document in zip(places, documents, strict=True):
        if type(document.get("message")) is str and "logEvents" not in document:
            names = document.get("logGroup"), document.get("logStream")
            if alone and names != stream:
                yield _join(alone)
                alone = []
            stream = names
            alone.append(document)
            continue
        if alone:
            yield _join(alone)
            alone = []
        yield from _events_of(name, text, place, document)
    if alone:
        yield _join(alone)


def _join(alone: list[dict[str, Any]]) -> Events:
    """Documents that are one event each, of one stream."""
    return Events(
        _read_name(alone[0].get("logGroup")),
        _read_name(alone[0].get("logStream")),
        [document["message"] for document in alone],
        [document.get("timestamp") for document in alone],
    )


def _events_of(name: str, text: _Text, at: int, document: dict[str, Any]) -> Iterator[Events]:
    """The events of any other document."""
    if document.get("messageType") == "CONTROL_MESSAGE":
        return
    events, awslogs = document.get("logEvents"), document.get("awslogs")
    if isinstance(events, list) and set(map(type, events)) <= _OBJECT:
        yield Events(
            _read_name(document.get("logGroup")),
            _read_name(document.get("logStream")),
            [event.get("message") for event in events],
            [event.get("timestamp") for event in events],
        )
    elif isinstance(awslogs, dict) and isinstance(awslogs.get("data"), str):
        yield from _read_lambda_data(name, text.place(at), awslogs["data"])
    elif "message" in document:
        yield _join([document])
    else:
        raise _no_events(name, text.place(at), document)


def _read_name(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return encode(value).decode("utf-8", "backslashreplace")


def _read_lambda_data(name: str, place: int, data: str) -> Iterator[Events]:
    where = f"{name}: awslogs.data of the document at byte {place}"
    try:
        packed = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise SourceError(f"{where} is not base64: {error}; {_KEEPS}", source=name) from None
    try:
        yield from read_events(name, _inflate(packed, where, name))
    except SourceError as error:
        said = str(error)
        said = said if said.startswith(where) else f"{where}: {said.removeprefix(f'{name}: ')}"
        raise SourceError(said, source=name) from None


def _inflate(packed: bytes, where: str, name: str) -> Iterator[bytes]:
    if not packed.startswith(b"\x1f\x8b"):
        yield packed
        return
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        while True:
            try:
                piece = file.read1(PIECE_BYTES)
            except (OSError, EOFError, zlib.error) as error:
                raise SourceError(
                    f"{where} is damaged gzip: {error}; {_KEEPS}", source=name
                ) from None
            if not piece:
                return
            yield piece


def _no_events(name: str, place: int, document: dict[str, Any]) -> SourceError:
    keys = ", ".join(repr(key) for key in list(document)[:_SHOWN_KEYS])
    return SourceError(
        f"{name}: the JSON document at byte {place} holds no log events: expected messageType "
        f"and logEvents (a CloudWatch subscription), message (Firehose) or awslogs.data "
        f"(Lambda), got {keys or 'no key'}; {_KEEPS}",
        source=name,
    )


class _Text:
    """Text that is not yet taken, and how far it is from the start, in bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        # Bytes that are no UTF-8 pass as they are, for the core to reject their line.
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        self._pieces = iter(pieces)
        self._bytes_before = 0
        self._error: FlowparseError | None = None
        self.rest = ""
        self.at = 0
        self.ended = False

    def grow(self) -> None:
        """Twice as much as there is, or all: a long document is not scanned again and again."""
        self._bytes_before += len(encode(self.rest[: self.at]))
        parts = [self.rest[self.at :]]
        wanted = len(parts[0])
        while wanted >= 0 and not self.ended:
            piece = self._read()
            parts.append(self._decode(piece, self.ended))
            wanted -= len(piece)
        self.rest, self.at = "".join(parts), 0

    def _read(self) -> bytes:
        """The next piece. Damage waits until what came before it is read."""
        try:
            piece = next(self._pieces, None)
        except FlowparseError as error:
            self._error, piece = error, None
        self.ended = piece is None
        return piece or b""

    def check_end(self) -> None:
        """Raise what the text ended in, if that was damage."""
        if self._error is not None:
            raise self._error

    def place(self, at: int) -> int:
        """Byte offset in the whole text."""
        return self._bytes_before + len(encode(self.rest[:at]))


def _read_documents(name: str, text: _Text) -> Iterator[tuple[list[int], list[dict[str, Any]]]]:
    """The documents of a stretch of text, and where each begins in it."""
    while True:
        places: list[int] = []
        documents: list[dict[str, Any]] = []
        error = None
        try:
            _scan(name, text, places, documents)
        except SourceError as found:
            error = found
        if documents:
            yield places, documents
        if error is not None:
            raise error
        if text.ended:
            text.check_end()
            if text.at < len(text.rest):
                raise _cut_off(name, text)
            return
        text.grow()


def _scan(name: str, text: _Text, places: list[int], documents: list[dict[str, Any]]) -> None:
    """All whole documents; the text is left where the first that is not begins."""
    scan, rest = _SCAN, text.rest
    at, n = text.at, len(rest)
    try:
        while at < n:
            if rest[at] == "\n":
                at += 1
            elif rest[at] in _BLANKS:
                at = _skip(rest, at)
            else:
                document, end = scan(rest, at)
                if type(document) is not dict:
                    raise _malformed(name, text.place(at), "a document is no object")
                places.append(at)
                documents.append(document)
                at = end
    except json.JSONDecodeError as error:
        if not _may_go_on(error, rest):
            raise _malformed(name, text.place(error.pos), error.msg) from None
    except StopIteration as stop:  # no value where there should be one
        if stop.value <= n - _LONGEST_WORD:
            raise _malformed(name, text.place(stop.value), "Expecting value") from None
    except (ValueError, RecursionError) as error:  # endless digits, endless depth
        raise _malformed(name, text.place(at), str(error)) from None
    finally:
        text.at = at


def _skip(text: str, at: int) -> int:
    """Past the blanks that begin here."""
    blanks = _MANY_BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Whether more text could mend it."""
    return error.msg.startswith("Unterminated string") or error.pos > len(text) - _LONGEST_WORD


def _cut_off(name: str, text: _Text) -> SourceError:
    return SourceError(
        f"{name}: the JSON document at byte {text.place(text.at)} is cut off at byte "
        f"{text.place(len(text.rest))}; {_KEEPS}",
        source=name,
    )


def _malformed(name: str, place: int, what: str) -> SourceError:
    return SourceError(f"{name}: malformed JSON at byte {place}: {what}; {_KEEPS}", source=name)
