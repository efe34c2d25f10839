"""What the tests of `ingest` share: a delivery, and what a data set holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from flowparse.testing import Delivery, Network, write_delivery

#: A record is known by its source and line, so one that is there twice shows.
COLUMNS = ["source", "line", "account_id", "srcaddr", "dstaddr", "dstport", "bytes", "start"]


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """24 objects of a made-up network, with 1,200 records."""
    return write_delivery(tmp_path / "logs", Network(peers=20), records=1200, hours=2)


@pytest.fixture
def options() -> dict[str, object]:
    """Small units, folders, and columns that tell each record from every other."""
    return {"unit_objects": 1, "partition_by": ["day"], "columns": COLUMNS}


@pytest.fixture
def rows_of() -> Callable[[Path], list[dict[str, object]]]:
    """All records of a data set, in the order of their sources and lines."""

    def rows_of(folder: Path) -> list[dict[str, object]]:
        table = ds.dataset(folder, partitioning="hive").to_table(columns=COLUMNS)
        table = table.cast(pa.schema([_plain(field) for field in table.schema]))
        return table.sort_by([("source", "ascending"), ("line", "ascending")]).to_pylist()

    return rows_of


def _plain(field: pa.Field) -> pa.Field:
    is_text = pa.types.is_dictionary(field.type)
    return field.with_type(field.type.value_type) if is_text else field
