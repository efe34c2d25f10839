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


#: The pairs of port and protocol among the made-up records that have a name.
NAMED = """(
    values (443, 6, 'https'), (443, 17, 'https'), (22, 6, 'ssh'), (53, 6, 'dns'), (53, 17, 'dns')
)"""
#: Few enough that answers, copies and conversations with oneself are among the records.
FEW_FLOWS = {
    "srcaddr": ("10.0.0.1", "10.0.0.2", "2001:db8::1", None),
    "dstaddr": ("10.0.0.1", "10.0.0.2", "2001:db8::1"),
    "srcport": (443, 49152, 443, None),
    "dstport": (443, 49152, 49152, None),
    "protocol": (6, 6, None),
    "interface_id": ("eni-1", "eni-2"),
    "tcp_flags": (0, 2, 18, 16, 19, None),
}


@LAW
@given(table=flow_tables(), measure=st.sampled_from(["bytes", "packets", "records"]))
def test_services(folder: Path, table: pa.Table, measure: Any) -> None:
    """The service of the destination port, else of the source port; sums and shares are SQL's."""
    total = "count(*)" if measure == "records" else f"sum({measure})"
    query = f"""
        with named(port, number, name) as ({NAMED}),
        total as (select nullif({total}, 0) all_of from flows)
        select coalesce(d.name, s.name) service, protocol,
            case protocol when 6 then 'tcp' when 17 then 'udp' when 1 then 'icmp' end protocol_name,
            coalesce(pkt_dst_aws_service, pkt_src_aws_service) aws_service, {TRAFFIC},
            {total}::double / any_value(all_of)::double share
        from flows cross join total
            left join named d on d.port = dstport and d.number = protocol
            left join named s on s.port = srcport and s.number = protocol
        group by service, protocol, aws_service
        order by {measure} desc nulls last, service nulls last, protocol nulls last,
            aws_service nulls last
    """
    found = aggregate.services(table, measure, None)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)


@LAW
@given(table=flow_tables())
def test_path_bytes(folder: Path, table: pa.Table) -> None:
    """Paths, zones and scopes are SQL's; what is not told is unknown, not another group's."""
    is_private = "(a like '10.%')"
    private = " and ".join(is_private.replace("a ", f"{name} ") for name in ("srcaddr", "dstaddr"))
    query = f"""
        with total as (select nullif(sum(bytes), 0) all_of from flows)
        select flow_direction, traffic_path,
            case when traffic_path = 1 then 'same VPC' when traffic_path = 8 then 'internet gateway'
                when flow_direction = 'ingress' then 'ingress' else 'unknown' end path,
            case when az_id = next_hop_az_id then 'same' when az_id <> next_hop_az_id then 'cross'
                else 'unknown' end zones,
            case when srcaddr is null or dstaddr is null then 'unknown'
                when {private} then 'private' else 'internet' end scope,
            {TRAFFIC}, sum(bytes)::double / any_value(all_of)::double share
        from flows, total group by flow_direction, traffic_path, path, zones, scope
        order by bytes desc nulls last, flow_direction nulls last, traffic_path nulls last,
            zones, scope
    """
    assert rows_of(aggregate.path_bytes(table)) == asked_of_duckdb(table, query, folder)


@LAW
@given(
    table=flow_tables(FEW_FLOWS),
    measure=st.sampled_from(["bytes", "packets", "records"]),
    limit=st.sampled_from([None, 1, 3]),
)
def test_conversations(folder: Path, table: pa.Table, measure: Any, limit: int | None) -> None:
    """Of all views of a direction the one with most counts; both directions make one row."""
    query = f"""
        with views as (
            select srcaddr s, dstaddr d, srcport sp, dstport dp, protocol, {TRAFFIC}, {SEEN},
                count(*) filter (action = 'ACCEPT') accepted,
                count(*) filter (action = 'REJECT') rejected,
                coalesce(bit_or(tcp_flags), 0) flags, interface_id, flow_direction
            from flows where srcaddr is not null and dstaddr is not null
            group by all
        ), ranked as (
            select *, row_number() over (
                partition by s, d, sp, dp, protocol
                order by bytes desc nulls last, packets desc nulls last, records desc
            ) place from views
        ), ways as (
            select s, d, sp, dp, protocol, count(*) views, max(accepted) accepted,
                max(rejected) rejected, bit_or(flags) flags, min(first_seen) first_seen,
                max(last_seen) last_seen,
                max(bytes) filter (place = 1) bytes, max(packets) filter (place = 1) packets,
                max(records) filter (place = 1) records
            from ranked group by all
        ), both_ways as (
            -- each direction beside its answer; a conversation with oneself has none
            select a.*, b.bytes b_bytes, b.packets b_packets, b.records b_records,
                b.views b_views, b.accepted b_accepted, b.rejected b_rejected, b.flags b_flags,
                b.first_seen b_first, b.last_seen b_last, b.s is not null answered,
                a.s = a.d and a.sp is not distinct from a.dp self
            from ways a left join ways b
                on a.s = b.d and a.d = b.s and a.sp is not distinct from b.dp
                and a.dp is not distinct from b.sp and a.protocol is not distinct from b.protocol
                and not (a.s = a.d and a.sp is not distinct from a.dp)
        ), judged as (
            select *,
                (flags & 18) = 2 or ((coalesce(b_flags, 0) & 18) = 18 and (flags & 18) <> 18) asks,
                (coalesce(b_flags, 0) & 18) = 2
                    or ((flags & 18) = 18 and (coalesce(b_flags, 0) & 18) <> 18) asked
            from both_ways
        ), oriented as (
            select *, case
                when asks <> asked then asks
                when sp <> dp then sp > dp
                when not answered then true
                when first_seen < b_first then true
                when first_seen > b_first then false
                else s < d or (s = d and coalesce(sp, -1) <= coalesce(dp, -1)) end from_client
            from judged
        ), one_row as (
            select * from oriented where from_client
            union all
            select * replace (d as s, s as d, dp as sp, sp as dp, b_bytes as bytes,
                b_packets as packets, bytes as b_bytes, packets as b_packets)
            from oriented where not from_client and not answered
        )
        select s client, d server, sp client_port, dp server_port, protocol,
            case when bytes is null then b_bytes else bytes + coalesce(b_bytes, 0) end bytes,
            bytes bytes_out, b_bytes bytes_in,
            case when packets is null then b_packets
                else packets + coalesce(b_packets, 0) end packets,
            packets packets_out, b_packets packets_in,
            records + coalesce(b_records, 0) records,
            accepted + coalesce(b_accepted, 0) accepted,
            rejected + coalesce(b_rejected, 0) rejected, views + coalesce(b_views, 0) views,
            least(first_seen, b_first) first_seen, greatest(last_seen, b_last) last_seen
        from one_row
        order by {measure} desc nulls last, client, server, client_port nulls last,
            server_port nulls last, protocol nulls last {"" if limit is None else f"limit {limit}"}
    """
    found = aggregate.conversations(table, measure, limit)
    assert rows_of(found) == asked_of_duckdb(table, query, folder)
