"""What handing a batch to Python costs, beside parsing the block that it was made of.

Why a batch is not a block: every batch costs its columns a few calls, however few rows it has.
"""

from __future__ import annotations

import statistics
import time

from corpus import DEFAULT, make_corpus, read_arguments
from flowparse import _core
from flowparse.parsing import SourceParser
from flowparse.request import read_request

BLOCK_BYTES = 262_144


def main() -> None:
    """Medians over the blocks of some 10 MB."""
    arguments = read_arguments(__doc__ or "", records=100_000)
    text = make_corpus(arguments.folder, DEFAULT, arguments.records).text.read_bytes()
    layout, seen = SourceParser(read_request(), None).layout(DEFAULT, "")
    parser = _core.Parser(1)  # a batch after every block
    parser.begin(b"")
    parsing, handing, rows = [], [], 0
    for at in range(0, len(text), BLOCK_BYTES):
        began = time.perf_counter()
        while (event := parser.step()) != _core.EVENT_INPUT:
            if event == _core.EVENT_FIRST_LINE:
                parser.use(layout, True)
                continue
            parsed = time.perf_counter()
            rows = parser.export(seen.schema).num_rows
            handing.append(time.perf_counter() - parsed)
            parsing.append(parsed - began)
        parser.write(text[at : at + BLOCK_BYTES])
    block, batch = statistics.median(parsing), statistics.median(handing)
    print(
        f"parsing a block of {rows} records: {block * 1e6:.0f} us; handing it over: "
        f"{batch * 1e6:.0f} us, {batch / block:.2f} of it"
    )


if __name__ == "__main__":
    main()
