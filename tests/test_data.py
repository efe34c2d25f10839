"""The files of tests/data: each pins one fault that a parser of flow logs can have.

`y_` are accepted, `n_` hold lines that are rejected, `i_` are our choice where AWS is silent.
Beside each text stands a JSON file with what must come of it, written by hand: the columns in
order (times in epoch seconds), the rejects, the sources that failed, and the counts; or the
error of the call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowparse
from flowparse import _core

DATA = Path(__file__).parent / "data"
TEXTS = sorted(path for path in DATA.iterdir() if path.suffix in (".log", ".gz"))
COUNTED = ("records", "no_data", "skip_data", "rejects", "headers", "blank")


def expected(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(params=[(k, n) for k in _core.kernel_names() for n in (1, 61, 262144)], ids=str)
def _core_in_use(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each kernel, with blocks of few and of many bytes."""
    kernel, block_bytes = request.param
    before = _core.set_kernel(kernel), _core.set_block_bytes(block_bytes)
    yield
    _core.set_kernel(before[0])
    _core.set_block_bytes(before[1])


def values(table: pa.Table) -> dict[str, list[Any]]:
    out = {}
    for name in table.column_names:
        column = table.column(name)
        is_time = pa.types.is_timestamp(column.type)
        out[name] = (column.cast(pa.int64()) if is_time else column).to_pylist()
    return out


@pytest.mark.usefixtures("_core_in_use")
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_file_gives_what_stands_beside_it(path: Path) -> None:
    """Each file gives its columns, rejects and counts, or its error, by every kernel and block."""
    wanted = expected(path)
    options = wanted.get("options", {})
    if "error" in wanted:
        with pytest.raises(flowparse.FlowparseError) as caught:
            flowparse.read_table(path, on_reject="collect", **options)
        assert type(caught.value).__name__ == wanted["error"]["kind"]
        assert str(caught.value) == wanted["error"]["message"].replace("{path}", str(path))
        return
    table = flowparse.read_table(path, on_reject="collect", **options)
    table.validate(full=True)
    assert values(table) == wanted["columns"]
    assert table.column_names == list(wanted["columns"])
    options["columns"] = table.column_names
    with flowparse.open_reader(path, on_reject="collect", **options) as reader:
        streamed = pa.Table.from_batches(list(reader), schema=reader.schema)
    assert values(streamed) == wanted["columns"]
    rejects = [{"source": str(path), **reject} for reject in wanted["rejects"]]
    assert reader.rejects.to_pylist() == rejects
    assert reader.errors.column("kind").to_pylist() == wanted["errors"]
    assert {name: getattr(reader.counts, name) for name in COUNTED} == wanted["counts"]


def test_each_text_has_its_expectation_and_each_expectation_its_text() -> None:
    """No file of tests/data is without its other half, and each says what it is about."""
    kept = [path for path in DATA.iterdir() if not path.name.startswith(".")]
    texts = {path.stem for path in TEXTS}
    assert {path.stem for path in kept if path.suffix == ".json"} == texts
    assert len(kept) == 2 * len(TEXTS)
    assert all(expected(path)["about"].endswith(".") for path in TEXTS)
    assert {path.name[:2] for path in TEXTS} == {"y_", "n_", "i_"}


@pytest.mark.parametrize("path", [p for p in TEXTS if p.name[0] == "y"], ids=lambda p: p.name)
def test_an_accepted_file_has_no_reject(path: Path) -> None:
    """Files named y_ are accepted whole: nothing warns, raises or is lost."""
    flowparse.read_table(path, on_reject="raise", **expected(path).get("options", {}))
    assert expected(path)["rejects"] == expected(path)["errors"] == []


@pytest.mark.parametrize("path", [p for p in TEXTS if p.name[0] == "n"], ids=lambda p: p.name)
def test_the_first_reject_of_a_file_is_what_raise_says(path: Path) -> None:
    """Files named n_ raise a RecordError at their first reject, with its place and reason."""
    first = expected(path)["rejects"][0]
    with pytest.raises(flowparse.RecordError) as caught:
        flowparse.read_table(path, on_reject="raise")
    error = caught.value
    found = (error.line, error.byte_offset, error.field, error.reason, error.source)
    wanted = (first["line"], first["byte_offset"], first["field"], first["reason"], str(path))
    assert found == wanted
