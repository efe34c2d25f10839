"""What `import flowparse` brings, and what it does not."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import flowparse

HEAVY = ("boto3", "botocore", "polars", "duckdb", "pyspark", "pandas", "numpy", "click", "rich")
TOPICS = (
    "flowparse.aggregate",
    "flowparse.archive",
    "flowparse.aws",
    "flowparse.cli",
    "flowparse.compute",
    "flowparse.detect",
    "flowparse.lifecycle",
    "flowparse.report",
    "flowparse.testing",
    "flowparse.thawing",
)


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_import_loads_neither_boto3_nor_an_engine_nor_a_topic() -> None:
    """`import flowparse` loads no cloud library, engine, command line, or topic, and no thread."""
    code = "import sys, threading, flowparse; print(threading.active_count(), *sys.modules)"
    n_threads, *modules = python(code).split()
    loaded = set(modules) & {*HEAVY, *TOPICS}
    loaded_by_pyarrow = set(python("import sys, pyarrow; print(*sys.modules)").split())
    assert loaded - loaded_by_pyarrow == set()
    assert n_threads == "1"
    assert "flowparse._core" in modules
    assert not {"flowparse.flowdataset", "flowparse.scanning"} & set(modules)


def test_reading_loads_no_more() -> None:
    """Reading a table loads no cloud library, engine or topic either."""
    code = (
        "import sys, gzip, flowparse; "
        "flowparse.read_table([gzip.compress(b'srcaddr\\na\\n')] * 2, threads=2, "
        "filters=[('srcaddr', 'in network', '::/0')]); print(*sys.modules)"
    )
    loaded_by_pyarrow = set(python("import sys, pyarrow.compute; print(*sys.modules)").split())
    loaded = set(python(code).split()) & {*HEAVY, *TOPICS}
    assert loaded - loaded_by_pyarrow == set()


def test_a_topic_is_loaded_when_it_is_first_used() -> None:
    """`flowparse.testing` works after `import flowparse`, and is loaded only then."""
    code = (
        "import sys, flowparse; print('flowparse.testing' in sys.modules); "
        "print(flowparse.testing.__name__, 'flowparse.testing' in sys.modules)"
    )
    assert python(code).split() == ["False", "flowparse.testing", "True"]
    assert "testing" in dir(flowparse)


def test_every_public_name_is_there() -> None:
    """The names of `__all__` exist, and the contract's names of reading are among them."""
    assert all(hasattr(flowparse, name) for name in flowparse.__all__)
    wanted = "read_table open_reader dataset FlowReader FlowDataset LogFormat FIELDS kernel".split()
    assert set(wanted) <= set(flowparse.__all__) <= set(dir(flowparse))
    assert flowparse.__version__ == importlib.metadata.version("flowparse")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """An unknown attribute is an AttributeError that names the module and the attribute."""
    with pytest.raises(AttributeError, match="module 'flowparse' has no attribute 'nothing'"):
        _ = flowparse.nothing  # type: ignore[attr-defined]


def test_the_registry_cannot_be_changed() -> None:
    """FIELDS is read-only, and so is each field."""
    with pytest.raises(TypeError):
        flowparse.FIELDS["new"] = flowparse.FIELDS["start"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        flowparse.FIELDS["start"].version = 3  # type: ignore[misc]
    field = flowparse.FIELDS["pkt-srcaddr"]
    found = (field.name, field.column, field.version, field.kind, field.maximum)
    assert found == ("pkt-srcaddr", "pkt_srcaddr", 3, "address", None)
    assert all(field.about for field in flowparse.FIELDS.values())
