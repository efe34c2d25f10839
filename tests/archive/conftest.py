"""Sources to archive."""

from __future__ import annotations

import pytest

from archived import write_month


@pytest.fixture(scope="session")
def month(tmp_path_factory):
    return write_month(tmp_path_factory.mktemp("month") / "logs", days=0.5, records=12)
