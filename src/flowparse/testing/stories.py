"""Floor 4: stories that are planted in the traffic, with labels to judge a detector by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from flowparse.testing.draws import Draws
from flowparse.testing.interfaces import Interface
from flowparse.testing.scripts import (
    Event,
    Scene,
    Script,
    tell_beacon,
    tell_denied_ssh,
    tell_exfiltration,
    tell_port_scan,
)

__all__ = ["MINIMUM_SECONDS", "STORIES", "Label", "Story", "check_stories", "plant"]

#: The stories that can be planted.
STORIES: Final[dict[str, Callable[[Scene], Script]]] = {
    "port-scan": tell_port_scan,
    "denied-ssh": tell_denied_ssh,
    "exfiltration": tell_exfiltration,
    "beacon": tell_beacon,
}

#: The shortest time that a story can be told in.
MINIMUM_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Label:
    """What was planted: the truth that a detector is judged against.

    The records of a story are those from one of `sources` to one of `destinations` at one of
    `ports`; nothing else in the data has these addresses together.

    Attributes
    ----------
    story : str
        `port-scan`, `denied-ssh`, `exfiltration` or `beacon`.
    account_id, interface_id : str
        Where it was seen.
    sources, destinations : tuple of str
        Addresses (srcaddr, dstaddr).
    ports : tuple of int
        Destination ports, ascending.
    protocol : int
        IANA number.
    action : str
        `ACCEPT` or `REJECT`.
    start, end : datetime
        In UTC: the least `start` and the greatest `end` of its records.
    records : int
        How many records.
    replies : int
        Records of the answers, from `destinations` to `sources`; none where it was rejected.
    bytes : int
        Sum over its records, answers apart.
    interval_seconds, jitter_seconds : int or None
        Of a beacon: each start is within the jitter of a clock that beats at the interval.
    """

    story: str
    account_id: str
    interface_id: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[int, ...]
    protocol: int
    action: str
    start: datetime
    end: datetime
    records: int
    replies: int
    bytes: int
    interval_seconds: int | None = None
    jitter_seconds: int | None = None


class Story(NamedTuple):
    """A label, and the records that it labels with their answers."""

    label: Label
    events: tuple[Event, ...]


def plant(
    seed: int, interfaces: Sequence[Interface], names: Iterable[str], start: int, seconds: int
) -> list[Story]:
    """Tell each story at an interface of its own, as far as there are enough.

    Parameters
    ----------
    interfaces
        Those with traffic; stories happen at instances.
    start, seconds
        Every record lies in [start, start + seconds).
    """
    draws = Draws(seed, "stories")
    instances = draws.shuffled([i for i in interfaces if i.instance_id != "-"])
    return [
        _tell(Draws(seed, name), name, instances[place % len(instances)], start, seconds)
        for place, name in enumerate(STORIES)
        if name in names
    ]


def check_stories(names: Iterable[str], seconds: int) -> tuple[str, ...]:
    """The names, or a ValueError that says what is wrong with them."""
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in STORIES:
            raise ValueError(f"stories: {name!r} is none of {', '.join(STORIES)}")
    if names and seconds < MINIMUM_SECONDS:
        raise ValueError(f"stories need {MINIMUM_SECONDS} seconds or more, got {seconds}")
    return names


def _tell(draws: Draws, name: str, interface: Interface, start: int, seconds: int) -> Story:
    scene = Scene(draws, interface, start, seconds, 60 * list(STORIES).index(name))
    script = STORIES[name](scene)
    label = _label(name, interface, script)
    return Story(label, (*script.requests, *script.replies))


def _label(name: str, interface: Interface, script: Script) -> Label:
    requests = script.requests
    return Label(
        story=name,
        account_id=interface.account_id,
        interface_id=interface.id,
        sources=tuple(dict.fromkeys(event.flow.source for event in requests)),
        destinations=tuple(dict.fromkeys(event.flow.destination for event in requests)),
        ports=tuple(sorted({int(event.flow.destination_port) for event in requests})),
        protocol=int(requests[0].flow.protocol),
        action=requests[0].flow.action,
        start=datetime.fromtimestamp(min(event.start for event in requests), UTC),
        end=datetime.fromtimestamp(max(event.end for event in requests), UTC),
        records=len(requests),
        replies=len(script.replies),
        bytes=sum(int(event.size.bytes) for event in requests),
        interval_seconds=script.interval_seconds,
        jitter_seconds=script.jitter_seconds,
    )
