"""How many different values there are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from flowparse import aggregate

LOG = b"""srcaddr dstaddr dstport protocol packets bytes
10.0.0.1 10.0.1.1 443 6 1 100
10.0.0.1 10.0.1.2 443 6 1 100
10.0.0.1 10.0.1.2 22 6 1 100
10.0.0.2 10.0.2.1 22 6 5 10
10.0.0.2 - 53 17 1 50
"""


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*table.to_pydict().values(), strict=True))


def test_exact() -> None:
    """Destinations of a source are counted once each, and null is none."""
    assert rows(aggregate.distinct(LOG)) == [("10.0.0.1", 2, 3), ("10.0.0.2", 1, 2)]
    assert rows(aggregate.distinct(LOG, by=())) == [(3, 5)]
    assert rows(aggregate.distinct(LOG, "dstport", "protocol", 1)) == [(6, 2, 4)]


def test_networks_are_values() -> None:
    """Under a prefix networks are counted."""
    assert rows(aggregate.distinct(LOG, by=(), prefix=24)) == [(2, 5)]
    assert rows(aggregate.distinct(LOG, "dstaddr/16", by=())) == [(1, 5)]


def test_ports_and_their_sources() -> None:
    """A port has the sum of its records and the number of its sources."""
    assert rows(aggregate.ports(LOG)) == [
        (443, 6, 2, 2, 200, 1),
        (22, 6, 2, 6, 110, 2),
        (53, 17, 1, 1, 50, 1),
    ]
    assert rows(aggregate.ports(LOG, "sources", 1, prefix=24)) == [(22, 6, 2, 6, 110, 1)]


@pytest.mark.parametrize("by", ["dstaddr", ["srcaddr", "dstaddr/24"]])
def test_what_is_counted_is_no_key(by: Any) -> None:
    """A column cannot be counted and grouped by."""
    with pytest.raises(ValueError, match="by: dstaddr is what is measured"):
        aggregate.distinct(LOG, by=by)
