"""Many questions, one pass, any kind of data."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowparse
from flow_tables import flow_tables, rows_of
from flowparse import aggregate
from flowparse.grouping import Passed
from strategies import LAW

LOG = b"""version srcaddr dstaddr dstport protocol action bytes start end log-status interface-id
2 10.0.0.1 10.0.0.2 443 6 ACCEPT 100 1700000000 1700000050 OK eni-1
2 10.0.0.3 10.0.0.2 22 6 REJECT 40 1700000060 1700000070 OK eni-1
2 x
"""
QUESTIONS: dict[str, aggregate.Question] = {
    "talkers": aggregate.TopTalkers(limit=None),
    "folded": aggregate.TopTalkers(by="srcaddr", prefix=24),
    "timeline": aggregate.Timeline("1m"),
    "denied": aggregate.Denied(),
    "quality": aggregate.Quality(),
    "ports": aggregate.Ports(),
    "services": aggregate.Services(),
    "paths": aggregate.PathBytes(),
    "conversations": aggregate.Conversations(),
    "distinct": aggregate.Distinct(),
}


def test_one_pass_answers_all() -> None:
    """A file object, which can be read once, answers every question, and its lines are counted."""
    source = io.BytesIO(LOG)
    answers = aggregate.run(source, QUESTIONS, on_reject="collect")
    assert list(answers) == list(QUESTIONS)
    assert answers["talkers"].num_rows == 2
    assert answers["denied"]["records"].to_pylist() == [1]
    assert answers["quality"]["what"].to_pylist() == ["reject"]
    assert (answers.counts.records, answers.rejects.num_rows, answers.errors.num_rows) == (2, 1, 0)


def test_questions_stay_as_they_are() -> None:
    """Asked again, a question counts nothing twice."""
    first = aggregate.run(LOG, QUESTIONS, on_reject="collect")
    again = aggregate.run(LOG, QUESTIONS, on_reject="collect")
    assert first == again


@pytest.mark.parametrize("kind", ["path", "table", "batches", "dataset", "reader", "list"])
def test_any_kind_of_data(kind: str, tmp_path: Any) -> None:
    """Files, tables, streams and datasets give the same answers as the text."""
    path = tmp_path / "flow.log.gz"
    path.write_bytes(gzip.compress(LOG))
    table = flowparse.read_table(LOG, on_reject="collect")
    data = {
        "path": path,
        "table": table,
        "batches": pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
        "dataset": flowparse.dataset(path, on_reject="collect"),
        "reader": flowparse.open_reader(path, on_reject="collect"),
        "list": [path],
    }[kind]
    reading = {"on_reject": "collect"} if kind in ("path", "list") else {}
    asked = {name: one for name, one in QUESTIONS.items() if name != "quality"}
    found = aggregate.run(data, asked, **reading)
    wanted = aggregate.run(LOG, asked, on_reject="collect")
    assert {name: rows_of(one) for name, one in found.items()} == {
        name: rows_of(one) for name, one in wanted.items()
    }


def test_a_dataset_is_asked_for_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset reads the columns of the questions only, and tells what it lost."""
    dataset = flowparse.dataset([LOG, gzip.compress(LOG)[:-4]], on_reject="collect")
    asked: list[Any] = []
    scanner = type(dataset).scanner

    def note(self: Any, columns: Any, *rest: Any, **options: Any) -> Any:
        asked.append(columns)
        return scanner(self, columns, *rest, **options)

    monkeypatch.setattr(type(dataset), "scanner", note)
    questions = {"top": aggregate.TopTalkers("srcaddr"), "quality": aggregate.Quality()}
    answers = aggregate.run(dataset, questions)
    [columns] = asked
    assert sorted(columns) == sorted(
        "srcaddr packets bytes start end account_id region interface_id log_status source".split()
    )
    assert (answers.counts.records, answers.counts.rejects) == (4, 2)
    assert answers["quality"]["what"].to_pylist() == ["error", "reject"]
    assert answers["quality"]["count"].to_pylist() == [2, 2]
    about = json.loads(answers["top"].schema.metadata[b"flowparse"])
    assert about["first_reject"]["message"] == "field-count: '2 x' (<bytes>, line 4)"
    assert [error["kind"] for error in about["errors"]] == ["InflateError"]
    with pytest.raises(ValueError, match="srcadr"):
        aggregate.top_talkers(dataset, "srcadr")


def test_filters_hold_before_anything_is_counted() -> None:
    """Reading options are those of open_reader."""
    options: dict[str, Any] = {"filters": [("action", "=", "REJECT")], "on_reject": "collect"}
    assert aggregate.top_talkers(LOG, "srcaddr", **options)["srcaddr"].to_pylist() == ["10.0.0.3"]


def test_tables_are_filtered_as_sources_are() -> None:
    """Filters and times mean the same on a table that was read before."""
    table = flowparse.read_table(LOG, on_reject="collect")
    options: dict[str, Any] = {"filters": [("dstaddr", "in network", "10.0.0.0/8")]}
    options["since"] = 1700000060
    found = aggregate.top_talkers(table, "srcaddr", **options)
    wanted = aggregate.top_talkers(LOG, "srcaddr", on_reject="collect", **options)
    assert rows_of(found) == rows_of(wanted)
    assert found["srcaddr"].to_pylist() == ["10.0.0.3"]


@settings(LAW, max_examples=30)
@given(table=flow_tables(), cut=st.integers(0, 40))
def test_parts_that_are_absorbed_are_the_whole(table: pa.Table, cut: int) -> None:
    """Whichever of two questions a batch goes to, together they answer as one."""
    passed = Passed(aggregate.run(table, {}).counts)
    for question in QUESTIONS.values():
        parts = [question.fresh(), question.fresh()]
        rows = with_source(table)
        for part, piece in zip(parts, (rows.slice(cut), rows.slice(0, cut)), strict=True):
            for batch in [*rows.slice(0, 0).to_batches(), *piece.combine_chunks().to_batches()]:
                part.add(batch)
            part.add(pa.RecordBatch.from_pylist([], schema=rows.schema))
        parts[0].absorb(parts[1])
        whole = aggregate.run(table, {"": question})[""]
        assert rows_of(parts[0].answer(passed)) == rows_of(whole)


def with_source(table: pa.Table) -> pa.Table:
    """What a pass adds: a column on request that the data have not."""
    none = pa.nulls(table.num_rows, pa.dictionary(pa.int32(), pa.string()))
    return table.append_column("source", none)
