"""Floor 4: stories that are planted in the traffic, with labels to judge a detector by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Final, NamedTuple

from flowparse.testing import changes, intrusions, scripts
from flowparse.testing.draws import Draws
from flowparse.testing.flows import quiet_flow
from flowparse.testing.interfaces import Interface, make_twin
from flowparse.testing.scene import Event, Scene, Script, count_size

__all__ = ["MINIMUM_SECONDS", "STORIES", "Label", "Story", "check_stories", "plant"]

#: The stories that can be planted.
STORIES: Final[dict[str, Callable[[Scene], Script]]] = {
    "port-scan": scripts.tell_port_scan,
    "denied-ssh": scripts.tell_denied_ssh,
    "exfiltration": scripts.tell_exfiltration,
    "beacon": scripts.tell_beacon,
    "denied-spike": intrusions.tell_denied_spike,
    "accepted-scan": intrusions.tell_accepted_scan,
    "host-sweep": intrusions.tell_host_sweep,
    "ssh-brute-force": intrusions.tell_ssh_brute_force,
    "rdp-brute-force": intrusions.tell_rdp_brute_force,
    "exposed-admin": intrusions.tell_exposed_admin,
    "listed-address": changes.tell_listed_address,
    "new-service": changes.tell_new_service,
    "new-peer": changes.tell_new_peer,
    "odd-protocol": changes.tell_odd_protocol,
    "skipdata": changes.tell_skipdata,
    "silence": changes.tell_silence,
    "acl-asymmetry": changes.tell_acl_asymmetry,
    "closed-door": changes.tell_closed_door,
}

#: The shortest time that a story can be told in.
MINIMUM_SECONDS: Final = 300

# The first stories happen at instances that talk anyway. The others bring their own host, and
# so none of its records is anybody else's: a /20 subnet of a VPC is theirs.
_GUESTS: Final = 4
_STORY_SUBNET: Final = 8


@dataclass(frozen=True, slots=True)
class Label:
    """What was planted: the truth that a detector is judged against.

    The records of a story are those from one of `sources` to one of `destinations` at one of
    `ports`; nothing else in the data has these addresses together.

    Attributes
    ----------
    story : str
        A name of `STORIES`.
    account_id, interface_id : str
        Where it was seen.
    sources, destinations : tuple of str
        Addresses (srcaddr, dstaddr). `skipdata` and `silence` have none.
    ports : tuple of int
        Destination ports, ascending.
    protocol : int
        IANA number; 0 where there is no record with addresses.
    action : str
        `ACCEPT` or `REJECT`, of the requests; `-` where there are none.
    start, end : datetime
        In UTC: the least `start` and the greatest `end` of its records; of a silence, when it
        began and the end of the time told.
    records : int
        How many records.
    replies : int
        Records of the answers, from `destinations` to `sources`; none where it was rejected.
    bytes : int
        Sum over its records, answers apart.
    interval_seconds, jitter_seconds : int or None
        Of a beacon: each start is within the jitter of a clock that beats at the interval.
    since, until : datetime or None
        When there is something to find: `start` and `end`, but that a `denied-spike` is denied
        all day, and spikes from `since` to `until`.
    skip_data : int
        SKIPDATA records of `skipdata`, which have no addresses.
    around : int
        Records of the interface's ordinary life that came along, with other addresses; NODATA
        included.
    reply_action : str or None
        Action of the answers, if there are any.
    threat_list : tuple of str
        What a threat list says of a `listed-address`: an address, and a network.
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
    since: datetime | None = None
    until: datetime | None = None
    skip_data: int = 0
    around: int = 0
    reply_action: str | None = None
    threat_list: tuple[str, ...] = ()


class Story(NamedTuple):
    """A label, and the records that it labels with their answers."""

    label: Label
    events: tuple[Event, ...]


def plant(
    seed: int,
    interfaces: Sequence[Interface],
    names: Iterable[str],
    start: int,
    seconds: int,
    interval: int = 60,
) -> list[Story]:
    """Tell each story at an interface of its own, as far as there are enough.

    Parameters
    ----------
    interfaces
        Those with traffic; stories happen at instances.
    start, seconds
        Every record lies in [start, start + seconds).
    interval
        Aggregation interval in seconds.
    """
    draws = Draws(seed, "stories")
    instances = draws.shuffled([i for i in interfaces if i.instance_id != "-"])
    time = (start, seconds, interval)
    return [
        _tell(Draws(seed, name), name, place, instances[place % len(instances)], time)
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


def _tell(
    draws: Draws, name: str, place: int, instance: Interface, time: tuple[int, int, int]
) -> Story:
    start, seconds, interval = time
    guest = place < _GUESTS
    interface = instance if guest else make_twin(draws, instance, _STORY_SUBNET, place - _GUESTS)
    scene = Scene(draws, interface, start, seconds, _places(place), interval)
    script = STORIES[name](scene)
    if not guest:
        script = script._replace(around=[*script.around, *_no_data(scene, script)])
    label = _label(name, interface, script)
    return Story(label, (*script.requests, *script.replies, *script.skipped, *script.around))


def _places(place: int) -> range:
    """Where the addresses of a story's strangers are: fifty, later stories have fourteen."""
    if place < _GUESTS:
        return range(60 * place, 60 * place + 50)
    first = 256 + 16 * (place - _GUESTS)
    return range(first + 1, first + 15)


def _no_data(scene: Scene, script: Script) -> Iterator[Event]:
    """NODATA for each interval in which the host has no record, until it falls silent."""
    told = chain(script.requests, script.replies, script.skipped, script.around)
    seen = {(at - scene.start) // scene.interval for e in told for at in (e.start, e.end)}
    until = script.shows[0] if script.silent and script.shows else scene.start + scene.seconds
    flow = quiet_flow(scene.interface, "NODATA")
    for turn in range((until - scene.start) // scene.interval):
        if turn not in seen:
            at = scene.start + turn * scene.interval
            yield Event(at, at + scene.interval - 1, flow, "0", count_size(0, 0, 0))


def _label(name: str, interface: Interface, script: Script) -> Label:
    requests, replies = script.requests, script.replies
    first = requests[0].flow if requests else None
    told = [*requests, *script.skipped]
    shows = script.shows or (min(e.start for e in told), max(e.end for e in told))
    return Label(
        story=name,
        account_id=interface.account_id,
        interface_id=interface.id,
        sources=tuple(dict.fromkeys(event.flow.source for event in requests)),
        destinations=tuple(dict.fromkeys(event.flow.destination for event in requests)),
        ports=tuple(sorted({int(event.flow.destination_port) for event in requests})),
        protocol=int(first.protocol) if first else 0,
        action=first.action if first else "-",
        start=_moment(min((event.start for event in told), default=shows[0])),
        end=_moment(max((event.end for event in told), default=shows[1])),
        records=len(requests),
        replies=len(replies),
        bytes=sum(int(event.size.bytes) for event in requests),
        interval_seconds=script.interval_seconds,
        jitter_seconds=script.jitter_seconds,
        since=_moment(shows[0]),
        until=_moment(shows[1]),
        skip_data=len(script.skipped),
        around=len(script.around),
        reply_action=replies[0].flow.action if replies else None,
        threat_list=script.threat_list,
    )


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
