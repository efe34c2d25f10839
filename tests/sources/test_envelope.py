"""JSON documents, cut anywhere, become events; and events become lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from flowparse.errors import FlowparseError, InflateError
from flowparse.sources import envelope
from flowparse.sources.envelope import read_events
from flowparse.sources.events import Events, lay_out

DOCUMENTS = [
    {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL"}]},
    {"logGroup": "g", "logStream": "s", "logEvents": [{"message": '2 \u00e9\u4e16 \\ " {}}'}] * 3},
    {"message": "2 a", "timestamp": -1.5e3, "other": [True, False, None, {"a": []}]},
    {"message": "2 \U0001f600 b"},
    {"logEvents": []},
]
TEXTS = {
    "escaped": "".join(json.dumps(document) for document in DOCUMENTS).encode(),
    "plain": "\n".join(json.dumps(d, ensure_ascii=False) for d in DOCUMENTS).encode(),
}
MESSAGES = ['2 \u00e9\u4e16 \\ " {}}'] * 3 + ["2 a", "2 \U0001f600 b"]


def read(pieces: Iterable[bytes]) -> tuple[list[str], FlowparseError | None]:
    """All messages, and the error after them."""
    found: list[str] = []
    try:
        for events in read_events("a", pieces):
            found += events.messages
    except FlowparseError as error:
        return found, error
    return found, None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100, 10_000])
@pytest.mark.parametrize("text", TEXTS)
def test_any_cut(text: str, size: int) -> None:
    """Wherever the text is cut, also within a character or a word, the events are the same."""
    whole = TEXTS[text]
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert read(pieces) == (MESSAGES, None)


@pytest.mark.parametrize("cut", range(1, len(TEXTS["escaped"]) - 1, 3))
def test_any_end(cut: int) -> None:
    """A text that ends too soon gives its whole documents, and then the place of the cut."""
    text = TEXTS["escaped"][:cut]
    ends = [0]
    for document in DOCUMENTS:
        ends.append(ends[-1] + len(json.dumps(document)))
    begin = max(end for end in ends if end <= cut)
    n_events = [0, 0, 3, 4, 5, 5][ends.index(begin)]
    found, error = read([text])
    assert found == MESSAGES[:n_events]
    said = f"a: the JSON document at byte {begin} is cut off at byte {cut}; "
    assert error is None if begin == cut else str(error).startswith(said)


def test_what_came_with_damage_is_kept() -> None:
    """Documents between a piece that was too short and damage of its source come out first."""

    def pieces() -> Iterator[bytes]:
        yield b'{"message": "' + b"a" * 50
        yield b'b"}{"message": "c"}{"mess'
        raise InflateError("a", 9, "malformed")

    found, error = read(pieces())
    assert found == ["a" * 50 + "b", "c"]
    assert isinstance(error, InflateError)


def test_a_long_document_is_not_scanned_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of n pieces is tried log n times: each time there is twice as much of it."""
    tried: list[int] = []
    scan = envelope._SCAN

    def note(text: str, at: int) -> Any:
        tried.append(len(text))
        return scan(text, at)

    monkeypatch.setattr(envelope, "_SCAN", note)
    whole = json.dumps({"message": "2 " + "a" * 1_000_000}).encode()
    pieces = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
    assert read(pieces) == (["2 " + "a" * 1_000_000], None)
    assert len(tried) < 15


def test_pieces_of_text_are_bounded() -> None:
    """A long document is many pieces of whole lines, and short ones come together."""
    long = list(lay_out([Events("g", "s", ["2 a"] * 10_000, [0] * 10_000)]))
    assert [len(piece.lines.numbers) for piece in long] == [4096, 4096, 1808]
    assert [piece.lines.first_line for piece in long] == [1, 4097, 8193]
    assert long[1].lines.numbers[0] == 4097
    short = list(lay_out([Events("g", str(n), ["2 a"], [n]) for n in range(5000)]))
    assert [len(piece.lines.numbers) for piece in short] == [4096, 904]
    assert short[1].lines.streams[0] == ("g", "4096", 1)
    assert short[1].lines.timestamps[0] == 4096
    wide = list(lay_out([Events("g", "s", ["a" * 1000] * 100, [0] * 100)] * 100))
    assert max(map(len, wide)) < 512 * 1024
