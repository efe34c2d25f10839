"""Floor 4: questions and a source in, answers out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from flowparse.aggregate.question import Question
from flowparse.counts import Counts
from flowparse.grouping import Passed, run_pass

__all__ = ["Answers", "ask", "run"]


class Answers(dict[str, pa.Table]):
    """The answers of one pass, by the names that the questions were given.

    Attributes
    ----------
    counts : Counts
        What became of every line.
    rejects, errors : pyarrow.Table
        As of a `FlowReader`.
    """

    def __init__(self, tables: Mapping[str, pa.Table], passed: Passed) -> None:
        super().__init__(tables)
        self.counts: Counts = passed.counts
        self.rejects: pa.Table = passed.rejects
        self.errors: pa.Table = passed.errors


def run(source: object, questions: Mapping[str, Question], **reading: Any) -> Answers:
    r"""Ask many questions in one pass over a source.

    Parameters
    ----------
    source : object
        What `flowparse.open_reader` reads, a `pyarrow.Table`, a `FlowDataset`, or anything
        with `__arrow_c_stream__`.
    questions : mapping of str to Question
        They stay as they are, and can be asked again.
    **reading
        `filters`, `since`, `until`, `log_format`, `on_reject`, `threads`, `progress`,
        `session`: as of `flowparse.open_reader`.

    Returns
    -------
    Answers
        A `dict` of tables by the questions' names, with `counts`, `rejects` and `errors`.

    Raises
    ------
    ValueError
        A column that is neither in the data nor a field that AWS knows; the near ones are
        named.
    SourceError, InflateError, RecordError, LogFormatError
        As `flowparse.open_reader`.

    Notes
    -----
    Only columns that a question needs are read. Memory: the groups of all questions, and what
    reading takes.

    Examples
    --------
    >>> from flowparse import aggregate
    >>> log = b'''srcaddr dstaddr dstport action bytes start
    ... 192.0.2.1 198.51.100.7 443 ACCEPT 4000 1700000000
    ... 203.0.113.9 198.51.100.7 22 REJECT 60 1700000100
    ... '''
    >>> answers = aggregate.run(
    ...     log,
    ...     {
    ...         "talkers": aggregate.TopTalkers(by="dstaddr"),
    ...         "denied": aggregate.Denied(),
    ...     },
    ... )
    >>> answers["talkers"].select(["dstaddr", "bytes", "records"]).to_pylist()
    [{'dstaddr': '198.51.100.7', 'bytes': 4060, 'records': 2}]
    >>> answers["denied"]["srcaddr"].to_pylist(), answers.counts.records
    (['203.0.113.9'], 2)
    """
    asked = {name: question.fresh() for name, question in questions.items()}
    passed = run_pass(source, list(asked.values()), **reading)
    return Answers({name: one.answer(passed) for name, one in asked.items()}, passed)


def ask(source: object, question: Question, reading: Mapping[str, Any]) -> pa.Table:
    """The answer to one question."""
    return run(source, {"": question}, **reading)[""]
