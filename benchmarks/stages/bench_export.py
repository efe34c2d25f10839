"""Stage export: what handing a batch to Python costs, beside parsing the block it was made of.

Why a batch is not a block: every batch costs its columns a few calls, however few rows it has.
"""

from __future__ import annotations

import pyarrow as pa

from corpus import DEFAULT, Corpora
from flowparse import _core
from layouts import converting, pieces_of
from race import Race


class OneBlock:
    """A parser whose batch is full after each block: one call parses, another hands over."""

    def __init__(self, piece: bytes) -> None:
        self.piece = piece
        self.layout, self.schema = converting(DEFAULT)
        self.parser = _core.Parser(1)

    def parse(self) -> None:
        """Leaves the rows of the block waiting."""
        self.parser.begin(b"")
        while (event := self.parser.step()) != _core.EVENT_BATCH:
            if event == _core.EVENT_INPUT:
                self.parser.write(self.piece)
            else:
                self.parser.use(self.layout, True)

    def export(self) -> pa.RecordBatch:
        """Hands them over."""
        return self.parser.export(self.schema)


def bench_export(race: Race, corpora: Corpora) -> None:
    log = corpora.stage_log(DEFAULT)
    piece = pieces_of(log.text.read_bytes())[0]
    block = OneBlock(piece)
    block.parse()
    rows = block.export().num_rows
    race.stage(
        f"export, a batch of one block ({rows} rows)",
        "",
        log,
        block.export,
        {"parsing that block": block.parse},
        records=rows,
        text_bytes=len(piece),
        beside=True,
        rounds=200,
    )
