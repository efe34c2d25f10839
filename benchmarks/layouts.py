"""The stages of the core, told apart by what a layout asks for.

A layout whose fields are all text without targets is cut, scan and judge; with the checks of
its fields, check comes on top; with terms, filter; with targets, convert.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from floor import OUTPUT_BYTES
from flowparse import LogFormat, _core
from flowparse.layouts import Layouts
from flowparse.request import read_request
from flowparse.schema import check_of

__all__ = ["CoreRun", "check_only", "converting", "pieces_of", "scan_only"]

_TEXT = (0, 0)
_NOTHING = pa.schema([])


def pieces_of(text: bytes) -> list[bytes]:
    """As inflation gives them."""
    return [text[at : at + OUTPUT_BYTES] for at in range(0, len(text), OUTPUT_BYTES)]


def scan_only(log_format: LogFormat) -> tuple[_core.Layout, pa.Schema]:
    """Cut, scan and judge."""
    return _core.Layout([(name, *_TEXT) for name in log_format], [], None), _NOTHING


def check_only(log_format: LogFormat) -> tuple[_core.Layout, pa.Schema]:
    """Check on top."""
    return _core.Layout([(name, *check_of(name)) for name in log_format], [], None), _NOTHING


def converting(log_format: LogFormat, **options: Any) -> tuple[_core.Layout, pa.Schema]:
    """What `read_table` asks of the core under these options."""
    layout, seen = Layouts(read_request(**options), None).layout(log_format, "")
    return layout, seen.schema


class CoreRun:
    """The core alone over text in memory; its batches are handed over and dropped.

    The buffers of a batch belong to who takes it, so each batch writes to fresh memory, here as
    in a reader.
    """

    def __init__(self, pieces: Sequence[bytes], asked: tuple[_core.Layout, pa.Schema]) -> None:
        self.pieces = pieces
        self.layout, self.schema = asked
        self.parser = _core.Parser()

    def __call__(self) -> int:
        """Parse all of it; the number of records."""
        parser, pieces = self.parser, iter(self.pieces)
        parser.begin(b"")
        while (event := parser.step()) != _core.EVENT_END:
            if event == _core.EVENT_BATCH:
                parser.export(self.schema)
            elif event == _core.EVENT_INPUT:
                piece = next(pieces, None)
                parser.finish(True) if piece is None else parser.write(piece)
            else:
                parser.use(self.layout, True)
        if parser.rows:
            parser.export(self.schema)
        return int(parser.counts()[0])
