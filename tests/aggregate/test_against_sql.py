"""Each answer equals what DuckDB's SQL says of the same rows in Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_tables import asked_of_duckdb, flow_tables, rows_of
from flowparse import aggregate
from strategies import LAW

pytest.importorskip("duckdb", reason="DuckDB is not installed")

TRAFFIC = "count(*) records, sum(packets)::bigint packets, sum(bytes)::bigint bytes"
SEEN = 'min("start") first_seen, max("end") last_seen'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sql")


@LAW
@given(
    table=flow_tables(),
    by=st.sampled_from([("srcaddr", "dstaddr"), ("dstport",), ("action", "srcaddr"), ()]),
    measure=st.sampled_from(["bytes", "packets", "records"]),
    limit=st.sampled_from([None, 0, 1, 3]),
)
def test_top_talkers(
    folder: Path, table: pa.Table, by: tuple[str, ...], measure: Any, limit: int | None
) -> None:
    """Sums, shares, first and last times, order and ties are SQL's."""
    keys = "".join(f"{key}, " for key in by)
    order = "".join(f", {key} nulls last" for key in by)
    total = "count(*)" if measure == "records" else f"sum({measure})"
    query = f"""
        with total as (select nullif({total}, 0) all_of from flows)
        select {keys} sum(bytes)::bigint bytes, sum(packets)::bigint packets, count(*) records,
            {total}::double / any_value(all_of)::double share, {SEEN}
        from flows, total {f"group by {keys[:-2]}" if by else ""} having count(*) > 0
        order by {measure} desc nulls last {order} {"" if limit is None else f"limit {limit}"}
    """
    found = aggregate.top_talkers(table, by, measure, limit)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(
    table=flow_tables(),
    every=st.sampled_from([60, 300, 7, 3600]),
    by=st.sampled_from([("action",), (), ("srcaddr", "protocol")]),
)
def test_timeline(folder: Path, table: pa.Table, every: int, by: tuple[str, ...]) -> None:
    """Spans, sums and order are SQL's, where gaps are not filled."""
    keys = ", ".join(("time", *by))
    order = ", ".join(f"{key} nulls last" for key in ("time", *by))
    query = f"""
        select to_timestamp(floor(epoch("start") / {every}) * {every}) "time",
            {keys.removeprefix("time").lstrip(", ")} {"," if by else ""} {TRAFFIC}
        from flows group by all order by {order}
    """
    found = aggregate.timeline(table, every, by, fill=False)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(table=flow_tables(), by=st.sampled_from([("action",), (), ("srcaddr", "protocol")]))
def test_filled_timeline(folder: Path, table: pa.Table, by: tuple[str, ...]) -> None:
    """Filled, each key has a row in each span from the first to the last; the new ones are 0."""
    keys = "".join(f"{key}, " for key in by)
    order = ", ".join(f"{key} nulls last" for key in ("time", *by))
    joined = "".join(f" and g.{key} is not distinct from k.{key}" for key in by)
    query = f"""
        with g as (
            select (floor(epoch("start") / 60) * 60)::bigint "time", {keys} {TRAFFIC}
            from flows group by all
        ), k as (select distinct {keys} 1 from g where "time" is not null),
        t as (select unnest(generate_series(min("time"), max("time"), 60)) "time" from g),
        filled as (
            select t."time", {"".join(f"k.{key}, " for key in by)} coalesce(records, 0) records,
                case when records is null then 0 else packets end packets,
                case when records is null then 0 else bytes end bytes
            from t cross join k left join g on g."time" = t."time" {joined}
            union all select * from g where "time" is null
        )
        select * from filled order by {order}
    """
    found = aggregate.timeline(table, "1m", by)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(table=flow_tables(), limit=st.sampled_from([None, 1, 3]))
def test_denied(folder: Path, table: pa.Table, limit: int | None) -> None:
    """Rejected records by who asked whom for what are SQL's, distinct interfaces too."""
    keys = "srcaddr, dstaddr, dstport, protocol, reject_reason"
    order = ", ".join(f"{key} nulls last" for key in keys.split(", "))
    query = f"""
        select {keys}, {TRAFFIC}, {SEEN}, count(distinct interface_id) interfaces
        from flows where action = 'REJECT' group by all
        order by records desc, {order} {"" if limit is None else f"limit {limit}"}
    """
    assert rows_of(aggregate.denied(table, limit)) == asked_of_duckdb(table, query, folder)


@LAW
@given(table=flow_tables())
def test_statuses(folder: Path, table: pa.Table) -> None:
    """Records of statuses other than OK are SQL's: NODATA by account, others by interface."""
    query = f"""
        select case log_status when 'NODATA' then 'no-data' else 'skip-data' end what, account_id,
            region, case log_status when 'NODATA' then null else interface_id end interface_id,
            log_status reason, count(*) "count", {SEEN}
        from flows where log_status <> 'OK' group by all
        order by what desc, "count" desc, account_id nulls last, region nulls last,
            interface_id nulls last
    """
    found = aggregate.quality(table, silent_after=None, gap_after=None)
    names = ["what", "account_id", "region", "interface_id", "reason", "count"]
    found = found.select([*names, "first_seen", "last_seen"])
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(
    table=flow_tables(),
    measure=st.sampled_from(["bytes", "packets", "records", "sources"]),
    limit=st.sampled_from([None, 2]),
)
def test_ports(folder: Path, table: pa.Table, measure: Any, limit: int | None) -> None:
    """Sums and sources of a port are SQL's."""
    query = f"""
        select dstport, protocol, {TRAFFIC}, count(distinct srcaddr) sources
        from flows group by all
        order by {measure} desc nulls last, dstport nulls last, protocol nulls last
        {"" if limit is None else f"limit {limit}"}
    """
    found = aggregate.ports(table, measure, limit)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(
    table=flow_tables(),
    of=st.sampled_from(["dstaddr", "dstport", "action"]),
    by=st.sampled_from([("srcaddr",), (), ("interface_id", "protocol")]),
)
def test_distinct(folder: Path, table: pa.Table, of: str, by: tuple[str, ...]) -> None:
    """Distinct values and records of a group are SQL's; null is no value."""
    keys = "".join(f"{key}, " for key in by)
    order = "".join(f", {key} nulls last" for key in by)
    query = f"""
        select {keys} count(distinct {of}) "distinct", count(*) records
        from flows {f"group by {keys[:-2]}" if by else "having count(*) > 0"}
        order by "distinct" desc {order}
    """
    found = aggregate.distinct(table, of, by, None)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)
