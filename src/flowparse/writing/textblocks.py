"""Floor 3: batches become blocks of text that is known to read back. Stage "encode"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa
from isal import isal_zlib

from flowparse.logformat import LogFormat
from flowparse.schema import Column
from flowparse.writing.encode import check_columns, columns_of, encode_lines, narrow, plain_columns
from flowparse.writing.incoming import Incoming
from flowparse.writing.readback import ReadBack, find_fault

__all__ = ["Block", "compress", "text_blocks"]

_GZIP_WBITS = 31


@dataclass(frozen=True, slots=True)
class Block:
    """Text of whole lines, and how many records they are."""

    rows: int
    text: bytes | memoryview


def text_blocks(incoming: Incoming, log_format: LogFormat, *, header: bool) -> Iterator[Block]:
    """The text of a file, a block at a time.

    Raises
    ------
    ValueError
        The columns are not those of the format, or text cannot carry a value.
    """
    columns = columns_of(log_format)
    check_columns(incoming.schema, columns)
    back = ReadBack(log_format, columns)
    if header:
        yield Block(0, f"{log_format.header}\n".encode())
    row, begins = 0, not header
    for batch in chain.from_iterable(map(narrow, incoming.batches)):
        text = _encode_block(batch, columns, log_format, back, row=row, begins=begins)
        yield Block(batch.num_rows, text)
        row, begins = row + batch.num_rows, False


def _encode_block(
    batch: pa.RecordBatch,
    columns: Sequence[Column],
    log_format: LogFormat,
    back: ReadBack,
    *,
    row: int,
    begins: bool,
) -> memoryview:
    head = b"" if begins else f"{log_format.header}\n".encode()
    text: memoryview | None = None
    differs: int | None = 0
    try:
        plain = plain_columns(batch, columns)
        block = encode_lines(plain, log_format, head)
        differs = back.first_difference(plain, block, 0 if begins else 1)
        text = block[len(head) :]
    except ValueError:  # pyarrow's, or of a time that no line can say
        pass  # the search below names the value
    if text is None or differs is not None:
        fault = find_fault(batch, columns, log_format, text, differs=differs or 0, begins=begins)
        raise fault.error(row)
    return text


def compress(blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks as one gzip member, without a name and a time, so that equal text is equal."""
    deflater: Any = isal_zlib.compressobj(wbits=_GZIP_WBITS)
    for block in blocks:
        yield Block(block.rows, deflater.compress(block.text))
    yield Block(0, deflater.flush())
