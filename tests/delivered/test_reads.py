"""What is read of a Parquet file: no more than is needed, and nothing else in its place."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowparse
from flowparse.reader import FlowReader
from flowparse.request import read_request
from flowparse.sources.local import Reader
from stored import parquet_bytes

GROUP = 1000
N = 3 * GROUP
#: What cannot be compressed, so that nothing else is in the end of the file, which is always read.
PAD = [random.Random(i).randbytes(100).hex() for i in range(N)]


def made(**changed: Any) -> Any:
    """Three row groups: ports by the row, addresses by the row group."""
    columns = {
        "version": pa.array([2] * N, pa.int32()),
        "srcaddr": pa.array([f"192.0.{i // GROUP}.{i % 251}" for i in range(N)]),
        "dstport": pa.array(range(N), pa.int32()),
        "bytes": pa.array([i * 7919 for i in range(N)]),
        "start": pa.array([1700000000 + i for i in range(N)]),
        "end": pa.array([1700000060 + i for i in range(N)]),
        "log_status": pa.array(["OK"] * N),
    }
    return pa.table(columns | changed | {"pad": PAD})


@dataclass
class Recorded:
    """A source of the network that writes down what is asked of it."""

    data: bytes = field(repr=False)
    name: str = "s3://bucket/a.log.parquet"
    rereadable: bool = True
    version: str | None = None
    connections: int = 1
    ranges: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def read_range(self, begin: int, end: int) -> bytes:
        self.ranges.append((begin, end))
        return self.data[begin:end]

    def open(self, offset: int = 0) -> Reader:
        """A pass whose first read is the shortest that tells the container."""
        return Reader(self.name, BytesIO(self.data[offset : offset + 4]), lambda: None)


def read(table: Any, **options: Any) -> tuple[Any, set[tuple[int, str]]]:
    """The result, and which columns of which row groups were read."""
    data = parquet_bytes(table, row_group_size=GROUP, use_dictionary=["log_status"])
    source = Recorded(data)
    with FlowReader([source], read_request(on_reject="collect", threads=1, **options)) as reader:
        result = reader.read_all()
        assert reader.counts.records == N
    metadata = pq.read_metadata(BytesIO(data))
    asked = [(a, b) for a, b in source.ranges if b < len(data)]
    chunks = set()
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(place)
            begin = chunk.dictionary_page_offset or chunk.data_page_offset
            end = begin + chunk.total_compressed_size
            if any(a < end and begin < b for a, b in asked):
                chunks.add((group, chunk.path_in_schema))
    return result, chunks


def groups(chunks: set[tuple[int, str]], column: str) -> list[int]:
    return sorted(group for group, name in chunks if name == column)


def test_columns_that_nobody_asks_for_are_not_read() -> None:
    """Of columns that statistics prove nothing is read, unless they are asked for."""
    result, chunks = read(made(), columns=["srcaddr"])
    assert result.num_rows == N
    assert chunks == {(group, "srcaddr") for group in range(3)}


def test_a_status_that_may_be_no_data_is_read() -> None:
    """The log status is read where it may be NODATA, so that the counts are right."""
    status = ["OK"] * (N - 1) + ["NODATA"]
    _, chunks = read(made(log_status=status), columns=["srcaddr"])
    assert groups(chunks, "log_status") == [2]


def test_a_number_column_that_nothing_proves_is_read() -> None:
    """Numbers stored as text are read and checked where nobody asks for them."""
    ports = pa.array([str(i) for i in range(N)])
    _, chunks = read(made(dstport=ports), columns=["srcaddr"])
    assert groups(chunks, "dstport") == [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"filters": [("dstport", "=", 1500)]}, [1]),
        ({"filters": [("dstport", "<", 1000)]}, [0]),
        ({"filters": [("dstport", ">", 1999.5)]}, [2]),
        ({"filters": [("dstport", "in", [1, 2999])]}, [0, 2]),
        ({"filters": [("dstport", "not in", [1])]}, [0, 1, 2]),
        ({"filters": [("dstport", "is null")]}, []),
        ({"filters": [("srcaddr", "=", "192.0.2.7")]}, [2]),
        ({"filters": [("srcaddr", ">=", "192.0.1.")]}, [1, 2]),
        ({"filters": [("srcaddr", "is null")]}, []),
        ({"filters": [("log_status", "!=", "OK")]}, []),
        ({"filters": [("line", "<=", 1000)]}, [0]),
        ({"filters": [("action", "=", "ACCEPT")]}, []),
        ({"filters": [[("dstport", "=", 1)], [("srcaddr", "=", "192.0.2.7")]]}, [0, 2]),
        ({"since": 1700002060}, [2]),
        ({"until": 1700000500}, [0]),
        ({"since": 1700001000, "until": 1700001001}, [0, 1]),
    ],
)
def test_row_groups_that_cannot_match_are_not_read(options: Any, left: list[int]) -> None:
    """A row group whose statistics rule the filter out is not read, and nothing is lost by it."""
    result, chunks = read(made(), columns=["bytes"], **options)
    assert sorted({group for group, _ in chunks}) == left
    everything = flowparse.read_table(parquet_bytes(made(), write_statistics=False), **options)
    assert result["bytes"].to_pylist() == everything["bytes"].to_pylist()


def test_what_a_filter_keeps_nothing_of_is_not_read() -> None:
    """Columns beside those of the filter are read only where a row is kept."""
    result, chunks = read(
        made(), columns=["bytes"], filters=[("srcaddr", "in network", "192.0.1.0/24")]
    )
    assert result.num_rows == GROUP
    assert groups(chunks, "srcaddr") == [0, 1, 2]
    assert groups(chunks, "bytes") == [1]


def test_milliseconds_rule_out_nothing() -> None:
    """Statistics of times that may be milliseconds are not compared with seconds."""
    start = [1700000000000 + 1000 * i for i in range(N)]
    result, _ = read(made(start=start), columns=["start"], filters=[("start", "<", 1700000002)])
    assert result.num_rows == 2


def test_a_dash_may_be_null() -> None:
    """Text with a literal `-` has nulls that its statistics do not tell of."""
    addresses = ["-" if i == 1500 else "192.0.2.1" for i in range(N)]
    result, chunks = read(
        made(srcaddr=addresses), columns=["dstport"], filters=[("srcaddr", "is null")]
    )
    assert result["dstport"].to_pylist() == [1500]
    assert groups(chunks, "srcaddr") == [1]


def test_opening_a_stream_reads_the_footer_only() -> None:
    """A stream's schema comes from the footer, which is read in one request."""
    source = Recorded(parquet_bytes(made(), row_group_size=GROUP, use_dictionary=False))
    with FlowReader([source], read_request()) as reader:
        assert reader.schema.names == made().column_names
        assert len(source.ranges) == 1
        assert source.ranges[0][1] == source.size
