"""Floor 4: benign traffic in pairs, hour by hour, that stories can hide in."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from flowparse.testing.cast import Cast
from flowparse.testing.flows import quiet_flow
from flowparse.testing.habits import make_habits
from flowparse.testing.levels import Level
from flowparse.testing.neighbourhood import HOUR, Neighbourhood
from flowparse.testing.rhythms import make_rhythms
from flowparse.testing.scene import Event, count_size
from flowparse.testing.talks import SAME_VPC

__all__ = ["Noise"]


class Noise:
    """The noise of some accounts.

    An hour's noise depends on the network and on the hour alone: whoever asks for two days gets
    what two who ask for a day each get.

    Parameters
    ----------
    cast : Cast
    level : Level
    seed : int
    owners : iterable of str
        Accounts.
    transit : bool
        Only what passes a transit gateway: nothing that stays in a VPC.
    """

    def __init__(
        self, cast: Cast, level: Level, seed: int, owners: Iterable[str], transit: bool
    ) -> None:
        places = [Neighbourhood(cast, owner, seed) for owner in owners]
        self._transit = transit
        self._places = places
        self._habits = [
            (here, name, habit)
            for here in places
            for make in (make_habits, make_rhythms)
            for name, habit in make(here, level)
        ]
        self._hour = (-1, list[Event]())

    def between(self, at: int, until: int) -> list[Event]:
        """The records that end in [at, until), in the order of their ends."""
        found: list[Event] = []
        for hour in range(at - at % HOUR, until, HOUR):
            events = self._events_of(hour)
            low, high = bisect_left(events, at, key=_end), bisect_left(events, until, key=_end)
            found += events[low:high]
        return found

    def _events_of(self, hour: int) -> list[Event]:
        if self._hour[0] != hour:
            self._hour = (hour, sorted(self._make(hour), key=_end))
        return self._hour[1]

    def _make(self, hour: int) -> Iterator[Event]:
        events = [
            event
            for here, name, habit in self._habits
            for event in habit(here.draws(name, hour), hour)
        ]
        if self._transit:
            yield from (event for event in events if event.flow.peer.path != SAME_VPC)
            return
        yield from events
        seen: dict[str, set[int]] = defaultdict(set)
        for event in events:
            seen[event.flow.interface.id].add(event.start)
            seen[event.flow.interface.id].add(event.end)
        for here in self._places:
            yield from _no_data(here, seen, hour)


def _no_data(here: Neighbourhood, seen: dict[str, set[int]], hour: int) -> Iterator[Event]:
    """NODATA for each interval in which an interface has no record."""
    length, none = here.interval, count_size(0, 0, 0)
    for interface in (*here.busy, *here.idle):
        taken = {(at - hour) // length for at in seen[interface.id]}
        flow = quiet_flow(interface, "NODATA")
        for turn in range(HOUR // length):
            if turn not in taken:
                at = hour + turn * length
                yield Event(at, at + length - 1, flow, "0", none)


def _end(event: Event) -> int:
    return event.end
