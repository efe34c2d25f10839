"""Floor 4: what the records say of addresses: the subnet of one, or the service of AWS.

A record is of the interface at one of its ends: the sender's where the flow leaves it, the
taker's where it comes in. So only with `flow-direction` is `subnet-id` told of an address.
`pkt-src-aws-service` tells of the packet's source, which is `srcaddr` but behind a NAT gateway.
"""

from __future__ import annotations

from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.measures import RECORDS
from flowparse.grouping import Fold, Groups, Key

__all__ = ["Places"]

#: Address, what tells of it, and which column says that it does; subnets come first.
_SUBNETS: Final = (("srcaddr", "subnet_id", "egress"), ("dstaddr", "subnet_id", "ingress"))
_SERVICES: Final = (
    ("srcaddr", "pkt_src_aws_service", "pkt_srcaddr"),
    ("dstaddr", "pkt_dst_aws_service", "pkt_dstaddr"),
)


class Places(Fold):
    """Names of addresses."""

    def __init__(self) -> None:
        self._groups = [
            Groups([Key(address, name="address"), Key(name, name="name")], [RECORDS])
            for address, name, _ in (*_SUBNETS, *_SERVICES)
        ]
        self._is_empty = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return (
            "srcaddr",
            "dstaddr",
            "flow_direction",
            "subnet_id",
            *(name for _, *names in _SERVICES for name in names),
        )

    def fresh(self) -> Self:
        """An empty one."""
        return type(self)()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the records of one batch."""
        subnets, services = self._groups[:2], self._groups[2:]
        for (_, name, way), groups in zip(_SUBNETS, subnets, strict=True):
            if _says(batch, name) and _says(batch, "flow_direction"):
                self._add(groups, batch, name, pc.equal(batch["flow_direction"], way))
        for (address, name, packet), groups in zip(_SERVICES, services, strict=True):
            if _says(batch, name):
                same = pc.equal(batch[address], batch[packet])
                self._add(groups, batch, name, pc.fill_null(same, True))

    def _add(self, groups: Groups, batch: pa.RecordBatch, name: str, where: Any) -> None:
        self._is_empty = False
        groups.add(batch, where=pc.fill_null(pc.and_(where, pc.is_valid(batch[name])), False))

    def absorb(self, other: Self) -> None:
        """Take what another has gathered."""
        for mine, others in zip(self._groups, other._groups, strict=True):
            mine.absorb(others)
        self._is_empty &= other._is_empty

    def table(self) -> pa.Table | None:
        """`address` and `name`, an address once; None where nothing is told.

        Of several subnets of an address it is the one that most records tell.
        """
        if self._is_empty:
            return None
        told = [_rows(groups, rank) for rank, groups in enumerate(self._groups)]
        rows = pa.concat_tables([table for table in told if table is not None])
        order = [("rank", "ascending"), ("records", "descending"), ("name", "ascending")]
        rows = rows.sort_by(order)
        first = rows.append_column("at", pa.array(range(rows.num_rows), pa.int64()))
        first = first.group_by("address").aggregate([("at", "min")])["at_min"]
        return rows.take(first).select(["address", "name"])


def _says(batch: pa.RecordBatch, name: str) -> bool:
    column = batch[name]
    return bool(column.null_count < len(column))


def _rows(groups: Groups, rank: int) -> pa.Table | None:
    try:
        table = groups.table()
    except ValueError:  # nothing was added
        return None
    texts = [table[name].cast(pa.string()) for name in ("address", "name")]
    if rank >= len(_SUBNETS):
        texts[1] = pc.binary_join_element_wise("AWS", texts[1], " ")
    rank = 0 if rank < len(_SUBNETS) else 1
    ranks = pa.array([rank] * table.num_rows, pa.int64())
    return pa.table([*texts, table["records"], ranks], names=["address", "name", "records", "rank"])
