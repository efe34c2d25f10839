"""Parquet that is cut off or malformed is a SourceError with its place, and nothing else."""

from __future__ import annotations

import random
import struct
import warnings
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse import FlowparseError, SourceError
from flowparse.reader import FlowReader
from flowparse.request import read_request
from flowparse.sources import list_sources
from stored import parquet_bytes

N = 400
TABLE = pa.table(
    {
        "version": pa.array([2] * N, pa.int32()),
        "srcaddr": pa.array([f"192.0.2.{i * 7 % 256}" for i in range(N)]),
        "bytes": pa.array([i * 7919 for i in range(N)]),
    }
)
LOG = parquet_bytes(TABLE, row_group_size=100, write_page_checksum=True)
#: Where the footer begins.
FOOTER = len(LOG) - 8 - int.from_bytes(LOG[-8:-4], "little")


def chunk_of(group: int, column: int) -> tuple[int, int]:
    chunk = pq.read_metadata(BytesIO(LOG)).row_group(group).column(column)
    begin = chunk.dictionary_page_offset or chunk.data_page_offset
    return begin, begin + chunk.total_compressed_size


def spoilt(at: int, bits: int = 0x55) -> bytes:
    return LOG[:at] + bytes([LOG[at] ^ bits]) + LOG[at + 1 :]


@pytest.mark.parametrize("size", [4, 7, 8, 11, 12, 100, len(LOG) // 2, len(LOG) - 5, len(LOG) - 1])
def test_cut_off(size: int) -> None:
    """A cut-off file has no footer: a SourceError, or under `collect` a row in errors."""
    message = (
        r"^<bytes>: the Parquet file is cut off or malformed: .* \(footer; \d+ bytes in all\)$"
    )
    with pytest.raises(SourceError, match=message):
        flowparse.read_table(LOG[:size])
    with flowparse.open_reader([LOG[:size], LOG], on_reject="collect") as reader:
        assert reader.read_all().num_rows == N
        [error] = reader.errors.to_pylist()
    assert (error["kind"], error["records_kept"]) == ("SourceError", 0)


def test_row_groups_before_the_damage_are_kept() -> None:
    """Under `collect` the row groups before the damage come, and are counted in errors."""
    begin, end = chunk_of(2, 1)
    log = spoilt((begin + end) // 2)
    message = r"malformed: .* \(row group 3 of 4, rows 201 to 300; \d+ bytes in all\)$"
    with pytest.raises(SourceError, match=message):
        flowparse.read_table(log)
    with flowparse.open_reader(log, on_reject="collect") as reader:
        table = reader.read_all()
        [error] = reader.errors.to_pylist()
    assert table["bytes"].to_pylist() == TABLE["bytes"].to_pylist()[:200]
    assert error["records_kept"] == reader.counts.records == 200


@pytest.mark.parametrize("bits", [0x01, 0x55, 0x80])
def test_a_spoilt_byte_of_the_pages(bits: int) -> None:
    """A page has a checksum: whatever byte is spoilt, nothing else is read than was written."""
    rng = random.Random(bits)
    for _ in range(60):
        at = rng.randrange(4, FOOTER)
        try:
            table = flowparse.read_table(spoilt(at, bits), threads=1)
        except SourceError:
            continue
        assert table["bytes"].to_pylist() == TABLE["bytes"].to_pylist()


@pytest.mark.parametrize("bits", [0x01, 0x55, 0x80])
def test_a_spoilt_byte_of_the_footer(bits: int) -> None:
    """The footer has no checksum: a spoilt byte is an error of ours, or another footer, no more."""
    refused: list[str] = []
    for at in range(FOOTER, len(LOG), 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                table = flowparse.read_table(
                    spoilt(at, bits), threads=1, filters=[("bytes", ">=", 0)]
                )
            except FlowparseError:
                continue
            except ValueError as error:  # the column has another name now
                refused.append(str(error))
                continue
        assert table.num_rows <= N
    assert [message for message in refused if "no column" not in message] == []


def test_statistics_that_lie_are_malformed() -> None:
    """A number beyond its column's statistics is damage, not a record nor a reject."""
    log = parquet_bytes(pa.table({"version": [2], "dstport": pa.array([70_001], pa.int32())}))
    stored = struct.pack("<i", 70_001)
    head, tail = log[: log.index(b"dstport")], log[log.index(b"dstport") :]
    assert tail.count(stored) > 0
    lying = head + tail.replace(stored, struct.pack("<i", 443))
    with pytest.raises(SourceError, match="column dstport holds what its statistics rule out"):
        flowparse.read_table(lying)


def test_text_that_breaks_the_promise_of_its_type_is_malformed() -> None:
    """A string column that is not UTF-8 is damage: its type said that it is."""
    buffers = pa.array([b"\xff"], pa.binary()).buffers()
    broken = pa.Array.from_buffers(pa.string(), 1, buffers)
    log = parquet_bytes(pa.table({"version": [2], "srcaddr": broken}), write_statistics=False)
    with pytest.raises(SourceError, match=r"row group 1 of 1, rows 1 to 1"):
        flowparse.read_table(log)


def test_a_source_that_shrank_says_so(tmp_path: Any) -> None:
    """A file that is shorter than when it was listed is a SourceError that says so."""
    path = tmp_path / "a"
    path.write_bytes(LOG)
    [source] = list_sources(path)
    path.write_bytes(LOG[: len(LOG) // 2])
    with pytest.raises(SourceError, match=r"cannot be read: it ends at byte \d+, and was"):
        FlowReader([source], read_request()).read_all()
