from __future__ import annotations

import importlib.util

import pytest

MISSING = [name for name in ("jinja2", "vl_convert") if importlib.util.find_spec(name) is None]


@pytest.fixture(autouse=True)
def _libraries() -> None:
    """Reports are made with libraries of an extra."""
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)}: pip install 'flowparse[report]'")
