"""Objects whose keys exclude what a query asks for are not opened."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pytest

import flowparse
from deliveries import ACCOUNTS, HOUR, LOG, OTHER, REGIONS, Delivery, T, object_path

field = pc.field


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


@pytest.mark.parametrize(
    ("expression", "options", "needed"),
    [
        (field("region") == REGIONS[0], {}, {(a, REGIONS[0], h) for a in ACCOUNTS for h in (0, 1)}),
        (
            field("account_id").isin([ACCOUNTS[1]]) & (field("region") == REGIONS[1]),
            {},
            {(ACCOUNTS[1], REGIONS[1], h) for h in (0, 1)},
        ),
        (
            (field("start") >= datetime.fromtimestamp(T + HOUR, UTC))
            & (field("region") != REGIONS[0])
            & (field("region") == REGIONS[1]),
            {},
            {(a, REGIONS[1], 1) for a in ACCOUNTS},
        ),
        (
            (field("region") == REGIONS[0])
            & (field("end") < pa.scalar(T + 60, pa.timestamp("s", "UTC"))),
            {"filters": [("account_id", "=", ACCOUNTS[0])]},
            {(ACCOUNTS[0], REGIONS[0], 0)},
        ),
        (
            field("region") == REGIONS[0],
            {"since": T + HOUR},
            {(a, REGIONS[0], 1) for a in ACCOUNTS},
        ),
        (pc.scalar(False), {}, set()),
        (
            # What only pyarrow can evaluate excludes nothing, but what stands beside it does.
            pc.starts_with(field("srcaddr"), "10.") & (field("region") == REGIONS[0]),
            {"until": T + 60},
            {(a, REGIONS[0], 0) for a in ACCOUNTS},
        ),
    ],
    ids=["region", "account", "start", "filters", "since", "never", "residual"],
)
def test_objects_that_keys_exclude_are_not_opened(
    delivery: Delivery, expression: Any, options: Any, needed: Any
) -> None:
    """A query opens no object whose key excludes what it asks for, and gives the same rows."""
    ds = flowparse.dataset(delivery.folder, **options)
    everything = flowparse.read_table(delivery.folder, **options)
    expected = pads.InMemoryDataset(everything).to_table(filter=expression)
    keys = {str(delivery.paths[place]) for place in needed}
    assert {key for task in ds.tasks(filter=expression) for key in task.keys} == keys
    delivery.spoil_all_but(*needed)
    assert ds.to_table(filter=expression).to_pylist() == expected.to_pylist()
    assert (expected.num_rows > 0) == bool(needed)
    assert ds.count_rows(expression) == expected.num_rows
    assert ds.filter(expression).count_rows() == expected.num_rows
    if needed != set(delivery.paths):
        with pytest.raises(flowparse.InflateError):
            flowparse.read_table(delivery.folder)


def test_a_pruned_object_is_not_read_for_the_schema_either(delivery: Delivery) -> None:
    """Since and filters exclude objects before their headers; the schema stays the same."""
    schema = flowparse.dataset(delivery.folder).schema
    delivery.spoil_all_but((ACCOUNTS[0], REGIONS[0], 1))
    ds = flowparse.dataset(
        delivery.folder,
        since=T + HOUR,
        filters=[("account_id", "=", ACCOUNTS[0]), ("region", "=", REGIONS[0])],
    )
    assert ds.files == [str(delivery.paths[ACCOUNTS[0], REGIONS[0], 1])]
    assert ds.schema == schema
    assert ds.count_rows() == 2


def test_the_schema_does_not_depend_on_the_time(delivery: Delivery) -> None:
    """A flow log of which no object is needed still has its columns: one header is read."""
    late = delivery.folder / object_path(T, ACCOUNTS[0], REGIONS[0], "fl-11111111")
    late.write_bytes(gzip.compress(OTHER))
    ds = flowparse.dataset(delivery.folder, since=T + HOUR)
    assert ds.schema == flowparse.dataset(delivery.folder).schema
    assert "future_a" in ds.schema.names
    assert str(late) not in ds.files
    long_after = flowparse.dataset(delivery.folder, since=T + 1000 * HOUR)
    assert long_after.schema == ds.schema
    assert long_after.to_table().num_rows == 0
    assert long_after.to_table(["future_a"]).num_rows == 0


def test_other_names_are_always_read(tmp_path: Path) -> None:
    """A file that AWS did not name is read whatever is asked."""
    (tmp_path / "a.log").write_bytes(LOG)
    ds = flowparse.dataset(tmp_path)
    assert len(ds.tasks(["srcaddr", "region"], filter=field("region") == "x")[0].keys) == 1
