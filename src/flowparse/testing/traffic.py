"""Floor 4, stage "write": the lines of a flow log, in the order of time.

The one hot loop of the package: a record is four random numbers, three look-ups and one
`str.format` of its flow's template.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from flowparse.testing.cast import Cast, Host, hosts_of
from flowparse.testing.draws import Draws, shares
from flowparse.testing.flows import Flow
from flowparse.testing.noise import Noise
from flowparse.testing.scene import Event
from flowparse.testing.sizes import POOL, Size, make_sizes
from flowparse.testing.values import Form

__all__ = ["Traffic", "slices"]

#: Records in a block of lines, about.
_BLOCK: Final = 16384
# A fixed number, so that the lines do not depend on the size of a block.
_STRETCH: Final = 4096
_TIMES: Final = 64
_SLICE_SECONDS: Final = 60
_KEPT: Final = 50_000

#: Client ports, as Linux picks them.
_PORTS: Final = [str(port) for port in range(32768, 61000)]

# Quantiles of a flow's share of the aggregation interval.
_DURATIONS: Final = (0, 0, 2, 15, 40, 52, 56, 57, 58, 59)


class _Times(NamedTuple):
    """First and last packet of a record, and the start of its aggregation interval."""

    start: str
    end: str
    opened: str


class _Writer(NamedTuple):
    """An interface, ready to write: its flows' templates and sizes, and how often each comes."""

    flows: list[tuple[Callable[..., str], list[Size]]]
    bounds: list[float]

    def lines(self, count: int, times: Sequence[_Times], random: Callable[[], float]) -> list[str]:
        """That many records."""
        flows, bounds, last, whole = self.flows, self.bounds, len(self.flows) - 1, self.bounds[-1]
        picked = [flows[bisect(bounds, random() * whole, 0, last)] for _ in range(count)]
        ports, kinds = len(_PORTS), len(times)
        return [
            write(
                _PORTS[int(random() * ports)],
                *sizes[int(random() * POOL)],
                *times[int(random() * kinds)],
            )
            for write, sizes in picked
        ]


class Traffic:
    """What one flow log writes.

    Parameters
    ----------
    cast : Cast
    form : Form
    owner : str or None
        Account whose interfaces it watches; None is all.
    noise : Noise or None
        What comes on top.
    """

    def __init__(
        self, cast: Cast, form: Form, owner: str | None = None, noise: Noise | None = None
    ) -> None:
        self._form = form
        self._noise = noise
        self._interval = cast.mix.interval
        self._kept: dict[int, tuple[Flow, Callable[..., str]]] = {}
        hosts = list(hosts_of(cast, form.transit, owner))
        self._weights = [host.weight for host in hosts]
        self._writers = [self._make_writer(host) for host in hosts]

    def _make_writer(self, host: Host) -> _Writer:
        sizes = make_sizes()
        flows = [(self._writer_of(flow), sizes[flow.sizes]) for flow, _ in host.flows]
        return _Writer(flows, list(accumulate(weight for _, weight in host.flows)))

    def _writer_of(self, flow: Flow) -> Callable[..., str]:
        return self._form.template(flow).format

    def blocks(
        self, draws: Draws, records: int, start: int, seconds: int, events: Iterable[Event]
    ) -> Iterator[list[str]]:
        """Lists of lines whose records end in [start, start + seconds), and the events' lines.

        `events` are those of stories. The noise of that time is among them.
        """
        waiting = sorted(events, key=lambda event: event.end, reverse=True)
        block: list[str] = []
        for at, until, count in slices(records, start, seconds, _SLICE_SECONDS):
            for lines in self._slice(draws, at, until, count):
                block += lines
                if len(block) >= _BLOCK:
                    yield block
                    block = []
            told = []
            while waiting and waiting[-1].end < until:
                told.append(waiting.pop())
            if self._noise is not None:
                told = sorted([*told, *self._noise.between(at, until)], key=_end)
            block += [self._line(event) for event in told]
            if len(block) >= _BLOCK:
                yield block
                block = []
        if block:
            yield block

    def _slice(self, draws: Draws, at: int, until: int, count: int) -> Iterator[list[str]]:
        """The records of one slice of time, interface by interface."""
        if not count:
            return
        times = [self._draw_times(draws, at, until) for _ in range(_TIMES)]
        parts = shares(count, self._weights, draws.random())
        for writer, part in zip(self._writers, parts, strict=True):
            for done in range(0, part, _STRETCH):
                yield writer.lines(min(_STRETCH, part - done), times, draws.random)

    def _draw_times(self, draws: Draws, at: int, until: int) -> _Times:
        end = at + draws.below(until - at)
        start = end - draws.along(_DURATIONS) * self._interval // 60
        return _Times(str(start), str(end), str(end - self._interval + 1))

    def _line(self, event: Event) -> str:
        start = str(event.start)
        return self._kept_writer_of(event.flow)(
            event.port, *event.size, start, str(event.end), start
        )

    def _kept_writer_of(self, flow: Flow) -> Callable[..., str]:
        """The same, made once for a flow that comes again."""
        kept = self._kept.get(id(flow))
        if kept is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            # The flow is kept, too, so that no other can get its id.
            kept = self._kept[id(flow)] = (flow, self._writer_of(flow))
        return kept[1]


def _end(event: Event) -> int:
    return event.end


def slices(records: int, start: int, seconds: int, step: int) -> Iterator[tuple[int, int, int]]:
    """Cut a stretch of time into steps: begin, end, and a fair part of the records."""
    done = 0
    for at in range(0, seconds, step):
        until = min(at + step, seconds)
        upto = records * until // seconds
        yield start + at, start + until, upto - done
        done = upto
