"""Floor 4: which services are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.aggregate.keys import read_limit, read_measure
from flowparse.aggregate.measures import TRAFFIC
from flowparse.aggregate.question import Question
from flowparse.aggregate.running import ask
from flowparse.aggregate.shares import with_share
from flowparse.aggregate.sorting import top_groups
from flowparse.aggregate.talkers import TrafficMeasure
from flowparse.compute import protocol_name, service_name
from flowparse.grouping import Groups, Key, Passed

__all__ = ["Services", "services"]

_KEYS: Final = ("service", "protocol", "aws_service")
_COLUMNS: Final = ("service", "protocol", "protocol_name", "aws_service")
_MEASURES: Final = ("records", "packets", "bytes", "share")
_PORTS: Final = ("dstport", "srcport", "protocol", "packets", "bytes")
_AWS: Final = ("pkt_dst_aws_service", "pkt_src_aws_service")


@dataclass(eq=False)
class Services(Question):
    """Which services are used: `services` as a question.

    The parameters are those of `services`.
    """

    measure: TrafficMeasure = "bytes"
    limit: int | None = 20

    def __post_init__(self) -> None:
        read_measure(self.measure, TrafficMeasure)
        read_limit(self.limit)
        self._groups = Groups([Key(name) for name in _KEYS], TRAFFIC)

    @property
    def columns(self) -> tuple[str, ...]:
        """Ports, protocol, packets, bytes, and AWS's names of services."""
        return (*_PORTS, *_AWS)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch."""
        asked, answering, protocol, packets, size = (batch.column(name) for name in _PORTS)
        named = [_text(service_name(port, protocol)) for port in (asked, answering)]
        columns = {
            "service": pc.coalesce(*named),
            "protocol": protocol,
            "aws_service": pc.coalesce(*(_text(batch.column(name)) for name in _AWS)),
            "packets": packets,
            "bytes": size,
        }
        self._groups.add(pa.record_batch(columns))

    def absorb(self, other: Services) -> None:
        """Take what another has gathered."""
        self._groups.absorb(other._groups)

    def table(self, passed: Passed) -> pa.Table:
        """The services with most."""
        table = top_groups(self._groups, self.measure, self.limit)
        table = with_share(table, self._groups, self.measure)
        table = table.append_column("protocol_name", protocol_name(table.column("protocol")))
        return table.select([*_COLUMNS, *_MEASURES])


def _text(values: Any) -> Any:
    return pc.cast(values, pa.string())


def services(
    source: object,
    measure: TrafficMeasure = "bytes",
    limit: int | None = 20,
    **reading: Any,
) -> pa.Table:
    r"""Which services are used: requests and answers of each, by port and by AWS's own names.

    Parameters
    ----------
    source : object
        As of `run`.
    measure : {"bytes", "packets", "records"}
        What the rows are sorted by.
    limit : int, optional
        Rows at most; None is all.
    **reading
        As of `run`.

    Returns
    -------
    pyarrow.Table
        `service` (of the destination port and protocol, as `flowparse.compute.service_name`
        knows it; else of the source port, from which answers come; else null), `protocol` and
        `protocol_name`, `aws_service` (pkt-dst-aws-service, else pkt-src-aws-service; null where
        the format lacks them or neither side is AWS's), `records`, `packets`, `bytes`, `share`
        of the measure's total. Most first; equals by service, protocol and AWS's service,
        ascending; nulls last.

    Raises
    ------
    ValueError
        An option that there is not. For the rest see `run`.

    Notes
    -----
    The name says what usually listens on the port, not what was spoken. Memory: one group for
    each row.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr srcport dstport protocol bytes
    ... 10.0.0.1 49152 443 6 400
    ... 203.0.113.7 443 49152 6 9000
    ... 10.0.0.1 49153 53 17 60
    ... '''
    >>> table = aggregate.services(log)
    >>> table["service"].to_pylist(), table["bytes"].to_pylist()
    (['https', 'dns'], [9400, 60])
    """
    return ask(source, Services(measure, limit), reading)
