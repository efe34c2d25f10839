"""Floor 4: the libraries of the extra `report`, and what to do where they are absent."""

from __future__ import annotations

import importlib
from typing import Any

from flowparse.errors import FlowparseError

__all__ = ["ReportLibraryError", "library"]


class ReportLibraryError(FlowparseError, ImportError):
    """A library that reports are made with is not installed."""


def library(name: str) -> Any:
    """A module of the extra `report`.

    Raises
    ------
    ReportLibraryError
        It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ReportLibraryError(
            f"a report needs {name}, which cannot be imported ({error}): "
            "pip install 'flowparse[report]'"
        ) from error
