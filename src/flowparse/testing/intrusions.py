"""Floor 4: stories of strangers who try what is there, record by record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flowparse.testing.flows import Flow
from flowparse.testing.interfaces import Service
from flowparse.testing.scene import Event, Scene, Script, count_size

__all__ = [
    "tell_accepted_scan",
    "tell_denied_spike",
    "tell_exposed_admin",
    "tell_host_sweep",
    "tell_rdp_brute_force",
    "tell_ssh_brute_force",
]

_HOUR: Final = 3600
_SYN, _RST, _SYN_ACK, _CUT_OFF = 2, 4, 18, 6  # the last is SYN, then RST

_SPIKE_SECONDS: Final = 600
_TIMES_AS_OFTEN: Final = 50
_SLOWLY_SCANNED: Final = 240
_OPEN_PORTS: Final = (22, 80, 443, 8080)
_SWEPT: Final = 300
_SWEEP_SECONDS: Final = 420
_ANSWERS_EVERY: Final = 40  # of the swept addresses
_SESSIONS: Final = 5


def tell_denied_spike(scene: Scene) -> Script:
    """A source is denied now and then all day, and fifty times as often for ten minutes."""
    (peer,) = scene.strangers(1)
    (flow,) = scene.flows(peer, Service("tcp", 8080), action="REJECT")
    gap, length = min(300, scene.seconds // 20), min(_SPIKE_SECONDS, scene.seconds // 8)
    began = scene.at(0.7)
    moments = [scene.within(at, gap) for at in range(scene.start, scene.at(1) - gap, gap)]
    moments += [scene.within(began, length) for _ in range(_TIMES_AS_OFTEN * length // gap)]
    requests = [
        Event(at, at, flow, scene.client_port(), count_size(1, 60, _SYN)) for at in sorted(moments)
    ]
    return Script(requests, [], shows=(began, began + length - 1))


def tell_accepted_scan(scene: Scene) -> Script:
    """One source tries a port after the other for hours, and is let in; a few are open."""
    (peer,) = scene.strangers(1)
    others = scene.draws.shuffled([port for port in range(1, 1025) if port not in _OPEN_PORTS])
    ports = scene.draws.shuffled([*_OPEN_PORTS, *others[: _SLOWLY_SCANNED - len(_OPEN_PORTS)]])
    began, length = scene.at(0.3), min(2 * _HOUR, scene.seconds // 2)
    script = Script([], [])
    for turn, port in enumerate(ports):
        at = began + turn * length // len(ports)
        flows = scene.flows(peer, Service("tcp", port), action="ACCEPT", outbound=False)
        _knock(scene, script, flows, at, port in _OPEN_PORTS)
    return script


def _knock(scene: Scene, script: Script, flows: Sequence[Flow], at: int, is_open: bool) -> None:
    """A SYN. An open port answers, half of the closed ones say so, the others say nothing."""
    request, response = flows
    client = scene.client_port()
    asked = count_size(2, 100, _CUT_OFF) if is_open else count_size(1, 60, _SYN)
    script.requests.append(Event(at, at, request, client, asked))
    if is_open or scene.draws.chance(0.5):
        answer = count_size(1, 60, _SYN_ACK) if is_open else count_size(1, 40, _RST)
        script.replies.append(Event(at, at, response, client, answer))


def tell_host_sweep(scene: Scene) -> Script:
    """One host tries port 445 of hundreds of addresses of a subnet; few of them are there."""
    began, length = scene.at(0.4), min(_SWEEP_SECONDS, scene.seconds // 4)
    script = Script([], [])
    for turn, peer in enumerate(scene.draws.shuffled(scene.subnet(_SWEPT))):
        at = began + turn * length // _SWEPT
        request, response = scene.flows(peer, Service("tcp", 445), action="ACCEPT")
        client = scene.client_port()
        script.requests.append(Event(at, at + 3, request, client, count_size(2, 120, _SYN)))
        if turn % _ANSWERS_EVERY == 0:
            script.replies.append(Event(at, at, response, client, count_size(1, 40, _RST)))
    return script


def tell_ssh_brute_force(scene: Scene) -> Script:
    """Three sources try one password after the other at port 22, which lets them try."""
    return _try_passwords(scene, Service("tcp", 22), 3, 150, (1800, 3200))


def tell_rdp_brute_force(scene: Scene) -> Script:
    """Two sources do the same at port 3389."""
    return _try_passwords(scene, Service("tcp", 3389), 2, 200, (1400, 2600))


def _try_passwords(
    scene: Scene, service: Service, sources: int, attempts: int, sent: tuple[int, int]
) -> Script:
    """Short connections, each with an answer, within an hour."""
    began, length = scene.at(0.5), min(_HOUR - 60, int(scene.seconds * 0.45))
    script = Script([], [])
    for peer in scene.strangers(sources):
        flows = scene.flows(peer, service, action="ACCEPT", outbound=False)
        for turn in range(attempts):
            at = began + turn * length // attempts + scene.draws.below(max(1, length // attempts))
            request, reply = scene.connection(flows, at, sent, (1600, 3000))
            script.requests.append(request)
            script.replies.append(reply)
    return script


def tell_exposed_admin(scene: Scene) -> Script:
    """Somebody outside works on a machine: a few real sessions at an admin port."""
    service = Service("tcp", scene.draws.pick((22, 3389)))
    peers = scene.strangers(2)
    script = Script([], [])
    for turn in range(_SESSIONS):
        flows = scene.flows(peers[turn % 2], service, action="ACCEPT", outbound=False)
        began, client = scene.at(0.1 + 0.16 * turn), scene.client_port()
        minutes = max(1, min(scene.draws.between(8, 25), scene.seconds // 600))
        for minute in range(minutes):
            at = began + 60 * minute
            end = min(at + 59, scene.at(1) - 1)
            opens, closes = minute == 0, minute == minutes - 1
            sent, got = scene.draws.between(4000, 30_000), scene.draws.between(20_000, 900_000)
            asked = count_size(sent // 90, sent, 2 * opens | closes)
            answered = count_size(got // 700, got, 18 * opens | closes)
            script.requests.append(Event(at, end, flows[0], client, asked))
            script.replies.append(Event(at, end, flows[1], client, answered))
    return script
