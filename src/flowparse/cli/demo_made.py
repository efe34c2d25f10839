"""Floor 5: what passes from the demo's run to its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from flowparse.counts import Counts

if TYPE_CHECKING:
    from flowparse.testing import Delivery, Label
    from flowparse.write import WriteResult


@dataclass(frozen=True, slots=True)
class Made:
    """What the demo made, read, and found.

    Attributes
    ----------
    deliveries : tuple of Delivery
        One for each account, with the truth about it.
    counts : Counts
        What became of the lines when they were read.
    written : WriteResult
        The Parquet files.
    talkers : pyarrow.Table
        The pairs of addresses with most bytes, as of `aggregate.top_talkers`.
    denied : pyarrow.Table
        srcaddr, records, ports (a list): the sources with most rejected records.
    read_seconds, write_seconds : float
    """

    deliveries: tuple[Delivery, ...]
    counts: Counts
    written: WriteResult
    talkers: pa.Table
    denied: pa.Table
    read_seconds: float
    write_seconds: float

    @property
    def labels(self) -> list[Label]:
        """The stories that were planted."""
        return [label for delivery in self.deliveries for label in delivery.labels]
