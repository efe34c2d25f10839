"""Floor 4: how the first four stories go, record by record."""

from __future__ import annotations

from typing import Final

from flowparse.testing.interfaces import Service
from flowparse.testing.scene import Event, Scene, Script, count_size

__all__ = ["tell_beacon", "tell_denied_ssh", "tell_exfiltration", "tell_port_scan"]

_HTTPS: Final = Service("tcp", 443)
_SCANNED_PORTS: Final = 300
_SCAN_SECONDS: Final = 180
_INTRUDERS: Final = 4
_ATTEMPTS: Final = 30  # of each
_UPLOAD_BYTES: Final = (48_000_000, 52_000_000)  # a minute
_UPLOAD_SEGMENT: Final = 1400


def tell_port_scan(scene: Scene) -> Script:
    """One source tries hundreds of low ports of one interface within minutes."""
    (peer,) = scene.strangers(1)
    ports = scene.draws.shuffled(range(1, 1025))[:_SCANNED_PORTS]
    began, length = scene.at(0.3), min(_SCAN_SECONDS, scene.seconds // 5)
    client = scene.client_port()
    requests = []
    for turn, port in enumerate(ports):
        at = began + turn * length // len(ports)
        (flow,) = scene.flows(peer, Service("tcp", port), action="REJECT")
        requests.append(Event(at, at, flow, client, count_size(1, 44, 2)))
    return Script(requests, [])


def tell_denied_ssh(scene: Scene) -> Script:
    """A few sources knock at port 22 again and again, and are rejected."""
    requests = []
    for peer in scene.strangers(_INTRUDERS):
        (flow,) = scene.flows(peer, Service("tcp", 22), action="REJECT")
        for _ in range(_ATTEMPTS):
            at = scene.at(0.2 + 0.6 * scene.draws.random())
            packets = scene.draws.between(1, 3)
            size = count_size(packets, 60 * packets, 2)
            requests.append(Event(at, at + packets - 1, flow, scene.client_port(), size))
    return Script(requests, [])


def tell_exfiltration(scene: Scene) -> Script:
    """One long connection uploads about 50 MB a minute to a peer that nobody else knows."""
    (peer,) = scene.strangers(1)
    request, response = scene.flows(peer, _HTTPS, action="ACCEPT")
    client = scene.client_port()
    minutes = int(scene.seconds * 0.6) // 60
    script = Script([], [])
    for minute in range(minutes):
        at = scene.at(0.3) + 60 * minute
        sent = scene.draws.between(*_UPLOAD_BYTES)
        packets = sent // _UPLOAD_SEGMENT
        flags, answer_flags = _connection_flags(minute, minutes)
        upload = count_size(packets, sent, flags)
        answer = count_size(packets // 2, packets // 2 * 52, answer_flags)
        script.requests.append(Event(at, at + 59, request, client, upload))
        script.replies.append(Event(at, at + 59, response, client, answer))
    return script


def _connection_flags(window: int, windows: int) -> tuple[int, int]:
    """Flags of the request and the answer in one window of a long connection."""
    if window == 0:
        return 2, 18
    return (1, 1) if window == windows - 1 else (0, 0)


def tell_beacon(scene: Scene) -> Script:
    """A small request to one peer at a fixed interval, with a little jitter."""
    (peer,) = scene.strangers(1)
    request, response = scene.flows(peer, _HTTPS, action="ACCEPT")
    interval = min(300, max(10, scene.seconds // 20))
    jitter = max(1, interval // 30)
    script = Script([], [], interval, jitter)
    first = scene.start + jitter + scene.draws.below(interval)
    for beat in range(first, scene.start + scene.seconds - jitter - 1, interval):
        at = beat + scene.draws.between(-jitter, jitter)
        end, client = at + scene.draws.between(0, 1), scene.client_port()
        sent = count_size(6, scene.draws.between(420, 480), 3)
        got = count_size(5, scene.draws.between(380, 400), 19)
        script.requests.append(Event(at, end, request, client, sent))
        script.replies.append(Event(at, end, response, client, got))
    return script
