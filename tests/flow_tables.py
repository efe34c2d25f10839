"""Tables of records that tie, lack values, and mix IPv4 with IPv6, and what SQL says of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from flowparse.schema import named_column, schema_of

__all__ = ["FLOW_SCHEMA", "asked_of_duckdb", "flow_tables", "rows_of"]

#: Of each column the values that are drawn, few enough to meet again and to tie.
_VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "account_id": ("000000000042", "111122223333", None),
    "interface_id": ("eni-1", "eni-2", "eni-3", None),
    "srcaddr": ("10.0.0.1", "10.0.0.2", "10.0.1.1", "2001:db8::1", "2001:db8:0:1::2", None, "x"),
    "dstaddr": ("10.0.0.1", "10.0.0.2", "203.0.113.9", "2001:db8::1", None),
    "srcport": (49152, 443, 0, None),
    "dstport": (443, 22, 53, 49152, 0, None),
    "protocol": (6, 17, 1, None),
    "packets": (1, 2, 10, 0, None),
    "bytes": (40, 40, 100, 0, 2**40, None),
    "start": (*(1_700_000_000 + n * 60 for n in range(6)), 1_699_999_800, None),
    "end": (*(1_700_000_030 + n * 60 for n in range(6)), None),
    "action": ("ACCEPT", "REJECT", "ACCEPT", "REJECT", None),
    "log_status": ("OK", "OK", "NODATA", "SKIPDATA", None),
    "region": ("us-east-1", None),
    "flow_direction": ("ingress", "egress", None),
    "tcp_flags": (2, 18, 3, 0, None),
    "reject_reason": (None, "BPA", "EC"),
    "traffic_path": (1, 8, None, None),
    "az_id": ("use1-az1", "use1-az2", None),
    "next_hop_az_id": ("use1-az1", "use1-az2", None),
    "pkt_src_aws_service": ("S3", None, None),
    "pkt_dst_aws_service": ("DYNAMODB", "S3", None, None),
}
FLOW_SCHEMA: Final = schema_of(named_column(name, "typed") for name in _VALUES)


@st.composite
def flow_tables(draw: st.DrawFn, values: Mapping[str, tuple[Any, ...]] | None = None) -> pa.Table:
    """Up to 40 records, in one to three chunks. values: instead of those that are usual."""
    chosen = {**_VALUES, **(values or {})}.values()
    row = st.binary(min_size=len(chosen), max_size=len(chosen))  # a byte a decision: it is fast
    picks = draw(st.lists(row, max_size=40))
    rows = [
        tuple(some[n % len(some)] for n, some in zip(pick, chosen, strict=True)) for pick in picks
    ]
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=2)))
    pieces = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    batches = [_batch(piece) for piece in pieces]
    return pa.Table.from_batches(batches, schema=FLOW_SCHEMA)


def _batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [[] for _ in FLOW_SCHEMA]
    arrays = [
        pa.array(values, field.type) for values, field in zip(columns, FLOW_SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=FLOW_SCHEMA)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as Python values, times as seconds."""
    times = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    for name in times:
        at = table.schema.get_field_index(name)
        seconds = table.column(at).cast(pa.timestamp("s", tz="UTC")).cast(pa.int64())
        table = table.set_column(at, name, seconds)
    return table.to_pylist()


def asked_of_duckdb(table: pa.Table, query: str, folder: Path) -> list[dict[str, Any]]:
    """What DuckDB answers, over `flows`, a Parquet file of the table."""
    path = folder / "flows.parquet"
    pq.write_table(table, path)
    connection = _duckdb()
    connection.execute(f"create or replace view flows as from '{path}'")
    return rows_of(connection.sql(query).to_arrow_table())


@cache
def _duckdb() -> Any:
    """One connection for all: to open one takes longer than a query."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set timezone = 'UTC'")
    return connection
