"""Sources of the network, fetched ahead: what is asked, when, and how much is held."""

from __future__ import annotations

import time

import pytest

import flowparse
from flowparse.errors import SourceError
from flowparse.reader import FlowReader
from flowparse.request import read_request
from flowparse.sources import fetching
from flowparse.sources.local import Reader, bytes_source

LOG = b"version dstport\n" + b"".join(b"2 %d\n" % n for n in range(60000))


class SlowSource:
    """Bytes that take a moment, and a note of all that is asked."""

    connections = 4
    rereadable = True
    version = None

    def __init__(self, name: str, data: bytes = LOG, fails: bool = False) -> None:
        self.name = name
        self.data = data
        self.size = len(data)
        self.fails = fails
        self.asked: list[tuple[int, int]] = []

    def read_pieces(self, begin: int, end: int) -> list[memoryview]:
        self.asked.append((begin, end))
        time.sleep(0.001)
        if self.fails:
            raise SourceError(f"{self.name}: denied", source=self.name)
        middle = (begin + end) // 2
        return [memoryview(self.data)[begin:middle], memoryview(self.data)[middle:end]]

    def open(self, offset: int = 0) -> Reader:
        return bytes_source(self.data).open(offset)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PART_BYTES", 10_000)
    monkeypatch.setattr(fetching, "_AHEAD_BYTES", 30_000)
    monkeypatch.setattr(fetching, "_AHEAD_BYTES_PER_THREAD", 0)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_all_parts_of_all_sources_come_in_order(threads: int) -> None:
    """The table is that of the sources' bytes, whatever the number of threads."""
    sources = [SlowSource(str(n)) for n in range(7)]
    with FlowReader(sources, read_request(threads=threads, columns=["dstport"])) as reader:
        ports = reader.read_all()["dstport"]
    assert ports.equals(flowparse.read_table([LOG] * 7)["dstport"])
    for source in sources:
        assert sorted(source.asked) == [
            (at, min(at + 10_000, len(LOG))) for at in range(0, len(LOG), 10_000)
        ]


def test_nothing_is_fetched_before_it_is_read() -> None:
    """Making a reader asks for nothing where the columns are named."""
    source = SlowSource("a")
    reader = FlowReader([source], read_request(columns=["dstport"]))
    assert source.asked == []
    reader.close()


def test_no_more_is_asked_than_the_budget_holds() -> None:
    """After the first part is taken, three parts wait and the fourth is not yet asked for."""
    sources = [SlowSource(str(n)) for n in range(3)]
    planned, plan = fetching.fetch_ahead(sources, threads=1)
    reader = planned[0].open()
    assert reader.read(1 << 20) == LOG[:5_000]
    time.sleep(0.05)
    assert len(sources[0].asked) <= 4
    assert sources[1].asked == []
    assert plan is not None
    plan.close()


def test_a_source_may_be_opened_before_its_turn() -> None:
    """A source far behind the budget is fetched at once when it is asked for."""
    sources = [SlowSource(str(n)) for n in range(50)]
    planned, plan = fetching.fetch_ahead(sources, threads=1)
    reader = planned[49].open()
    got = b"".join(iter(lambda: reader.read(1 << 20), b""))
    assert got == LOG
    assert plan is not None
    plan.close()


def test_a_source_that_nobody_reads_on_gives_its_room_back() -> None:
    """Closing a source half read lets the parts of the next ones come."""
    sources = [SlowSource(str(n)) for n in range(2)]
    planned, plan = fetching.fetch_ahead(sources, threads=1)
    reader = planned[0].open()
    reader.read(1)
    reader.close()
    second = planned[1].open()
    assert b"".join(iter(lambda: second.read(1 << 20), b"")) == LOG
    assert plan is not None
    assert plan._held_bytes == 0
    plan.close()


def test_an_error_of_a_part_is_the_sources() -> None:
    """A part that cannot be fetched is that source's error; the others are read."""
    sources = [SlowSource("a"), SlowSource("b", fails=True), SlowSource("c")]
    request = read_request(columns=["dstport"], on_reject="collect")
    with FlowReader(sources, request) as reader:
        assert reader.read_all().num_rows == 2 * 60000
        assert reader.errors["source"].to_pylist() == ["b"]
        assert reader.errors["message"].to_pylist() == ["b: denied"]


def test_closing_a_reader_asks_for_nothing_more() -> None:
    """A reader that is closed early lets its requests end and sends no more."""
    sources = [SlowSource(str(n)) for n in range(200)]
    with FlowReader(sources, read_request(columns=["dstport"], threads=2)) as reader:
        next(reader)
    asked = sum(len(source.asked) for source in sources)
    time.sleep(0.05)
    assert sum(len(source.asked) for source in sources) <= asked + 8
    assert sources[150].asked == []
