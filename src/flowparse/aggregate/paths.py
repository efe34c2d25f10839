"""Floor 4: which ways the bytes take, since some of them cost money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.measures import TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.shares import with_share
from flowparse.aggregate.sorting import top_groups
from flowparse.compute import is_private, traffic_path_name
from flowparse.grouping import Groups, Key, Passed

__all__ = ["PathBytes", "path_bytes"]

_KEYS: Final = ("flow_direction", "traffic_path", "zones", "scope")
_COLUMNS: Final = ("flow_direction", "traffic_path", "path", "zones", "scope")
_MEASURES: Final = ("records", "packets", "bytes", "share")
_UNKNOWN: Final = "unknown"


@dataclass(eq=False)
class PathBytes(Question):
    """Which ways the bytes take: `path_bytes` as a question."""

    def __post_init__(self) -> None:
        self._groups = Groups([Key(name) for name in _KEYS], TRAFFIC)

    @property
    def columns(self) -> tuple[str, ...]:
        """Direction, path, zones, addresses, packets and bytes."""
        fields = ("flow_direction", "traffic_path", "az_id", "next_hop_az_id")
        return (*fields, "srcaddr", "dstaddr", "packets", "bytes")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        columns = {
            "flow_direction": batch.column("flow_direction"),
            "traffic_path": batch.column("traffic_path"),
            "zones": _zones(batch.column("az_id"), batch.column("next_hop_az_id")),
            "scope": _scope(batch.column("srcaddr"), batch.column("dstaddr")),
            "packets": batch.column("packets"),
            "bytes": batch.column("bytes"),
        }
        self._groups.add(pa.record_batch(columns))

    def absorb(self, other: PathBytes) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """All ways, those with most bytes first."""
        table = with_share(top_groups(self._groups, "bytes", None), self._groups, "bytes")
        path = _path(table.column("traffic_path"), table.column("flow_direction"))
        return table.append_column("path", path).select([*_COLUMNS, *_MEASURES])


def _zones(here: Any, there: Any) -> Any:
    """Whether both ends are in one availability zone."""
    is_same = pc.equal(pc.cast(here, pa.string()), pc.cast(there, pa.string()))
    return _named(is_same, "same", "cross")


def _scope(source: Any, destination: Any) -> Any:
    """Whether the internet is at one end, as far as addresses tell."""
    return _named(pc.and_(is_private(source), is_private(destination)), "private", "internet")


def _named(condition: Any, true: str, false: str) -> Any:
    return pc.fill_null(pc.if_else(condition, true, false), _UNKNOWN)


def _path(paths: Any, directions: Any) -> Any:
    """The name of each path; AWS gives none of what comes in."""
    comes_in = pc.equal(pc.cast(directions, pa.string()), "ingress")
    unnamed = _named(comes_in, "ingress", _UNKNOWN)
    return pc.coalesce(pc.cast(traffic_path_name(paths), pa.string()), unnamed)


def path_bytes(source: object, **reading: Any) -> pa.Table:
    r"""Which ways the bytes take: by path, across zones, to the internet. Some of these cost money.

    Parameters
    ----------
    source : object
        As of `run`.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        A row for each combination that occurs, those with most bytes first, equals by their
        keys, ascending, nulls last:

        - `flow_direction`: as AWS says it, null where the format lacks it.
        - `traffic_path`: AWS's number, and `path`, its name: `same VPC`, `internet gateway`,
          `VPC peering, other region` and so on; `ingress` for what comes in, of which AWS tells
          no path; `unknown` for all else without one. Needs traffic-path, and flow-direction.
        - `zones`: `same` or `cross`, for one availability zone or two; `unknown` where az-id or
          next-hop-az-id is not told. Needs both, of versions 4 and 11.
        - `scope`: an estimate from the addresses alone, which every format has: `private` where
          both are private (`flowparse.compute.is_private`), else `internet`; `unknown` where one
          is null.
        - `records`, `packets`, `bytes`, and `share` of all bytes.

    Notes
    -----
    What costs is as a rule what goes out: `flow_direction` is `egress`. Without flow-direction a
    byte between two interfaces of one's own is in two records. Behind a NAT gateway a byte goes
    out twice, of the instance and of the gateway; of these only the gateway's has the path
    `internet gateway`. There are no prices here, and a field that a format lacks gives
    `unknown`, never 0 bytes. Memory: one group for each row.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstaddr bytes flow-direction traffic-path az-id
    ... 10.0.0.1 203.0.113.7 4000 egress 8 use1-az1
    ... 203.0.113.7 10.0.0.1 900 ingress - use1-az1
    ... 10.0.0.1 10.0.1.9 700 egress 1 use1-az1
    ... '''
    >>> ways = aggregate.path_bytes(log)
    >>> for row in ways.select(["path", "zones", "scope", "bytes"]).to_pylist():
    ...     print(*row.values(), sep=", ")
    internet gateway, unknown, internet, 4000
    ingress, unknown, internet, 900
    same VPC, unknown, private, 700
    """
    return ask(source, PathBytes(), reading)
