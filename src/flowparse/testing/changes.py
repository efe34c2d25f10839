"""Floor 4: stories of what is new, what is missing, and what is shut, record by record."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import chain
from typing import Final

from flowparse.testing.flows import Peer, quiet_flow
from flowparse.testing.interfaces import Service
from flowparse.testing.scene import Event, Scene, Script, count_size

__all__ = [
    "tell_acl_asymmetry",
    "tell_closed_door",
    "tell_listed_address",
    "tell_new_peer",
    "tell_new_service",
    "tell_odd_protocol",
    "tell_silence",
    "tell_skipdata",
]

_HTTPS: Final = Service("tcp", 443)
_HOUR: Final = 3600
_TUNNELS: Final = ("gre", "esp", "ipip")
_TUNNEL_MINUTES: Final = 90
_NEW_PORTS: Final = (4444, 8089, 9001)
_USES: Final = 40
_CONTACTS: Final = 12  # of each listed address
_SKIPPED: Final = 20
_ATTEMPTS: Final = 40  # of each of three clients


def tell_listed_address(scene: Scene) -> Script:
    """A host talks with two addresses that a list warns of: one by itself, one by its network."""
    peers = scene.strangers(2)
    script = _use(scene, peers, _HTTPS, _CONTACTS, (scene.at(0.3), scene.at(0.8)), True)
    first, second = (peer.addresses.v4 for peer in peers)
    return script._replace(threat_list=(first, str(ip_network(f"{second}/30", strict=False))))


def tell_new_service(scene: Scene) -> Script:
    """A host that only ever had HTTPS begins to answer at another port."""
    service = Service("tcp", scene.draws.pick(_NEW_PORTS))
    times = (scene.at(0.6), scene.at(0.95))
    # As often as the clients that it had before.
    uses = (times[1] - times[0]) // _gap(scene)
    script = _use(scene, scene.strangers(2), service, uses, times, False)
    return script._replace(around=list(scene.life(scene.at(1), _gap(scene))))


def tell_new_peer(scene: Scene) -> Script:
    """A host that has a few clients, and two servers of its own VPC, turns to somebody outside."""
    times = (scene.at(0.6), scene.at(0.95))
    script = _use(scene, scene.strangers(1), _HTTPS, _USES, times, True)
    fixed = scene.errands(scene.at(1), _gap(scene))
    return script._replace(around=[*scene.life(scene.at(1), _gap(scene)), *fixed])


def _gap(scene: Scene) -> int:
    """How often each client comes: every ten minutes, or twenty times."""
    return min(600, scene.seconds // 20)


def _use(
    scene: Scene, peers: list[Peer], service: Service, uses: int, times: tuple[int, int], out: bool
) -> Script:
    """Each peer has that many connections, at random moments; the first is at the first."""
    begin, end = times
    script = Script([], [])
    for peer in peers:
        flows = scene.flows(peer, service, action="ACCEPT", outbound=out)
        moments = sorted(scene.within(begin, end - begin) for _ in range(uses - 1))
        for at in (begin, *moments):
            request, reply = scene.connection(flows, at, (900, 6000), (3000, 90_000))
            script.requests.append(request)
            script.replies.append(reply)
    return script


def tell_odd_protocol(scene: Scene) -> Script:
    """A tunnel of GRE, ESP or IP in IP between a host and somebody outside."""
    (peer,) = scene.strangers(1)
    service = Service(scene.draws.pick(_TUNNELS), 0)
    request, response = scene.flows(peer, service, action="ACCEPT")
    script = Script([], [])
    for minute in range(min(_TUNNEL_MINUTES, scene.seconds // 100)):
        at = scene.at(0.3) + 60 * minute
        for flow, events in ((request, script.requests), (response, script.replies)):
            total = scene.draws.between(8000, 90_000)
            events.append(Event(at, at + 59, flow, "0", count_size(total // 600, total, 0)))
    return script


def tell_skipdata(scene: Scene) -> Script:
    """A busy interface whose records AWS had to skip, a SKIPDATA each interval."""
    count = max(3, min(_SKIPPED, int(scene.seconds * 0.6) // scene.interval))
    began, length = scene.at(0.3), min(scene.interval, int(scene.seconds * 0.6) // count)
    flow = quiet_flow(scene.interface, "SKIPDATA")
    skipped = [
        Event(at, at + length - 1, flow, "0", count_size(0, 0, 0))
        for at in range(began, began + count * length, length)
    ]
    pause = range(began, began + count * length)
    return Script([], [], skipped=skipped, around=list(scene.life(scene.at(1), 60, pause)))


def tell_silence(scene: Scene) -> Script:
    """A busy interface writes nothing any more from half-way on, not even NODATA."""
    half = scene.at(0.5)
    around = list(scene.life(half, 60))
    return Script([], [], around=around, shows=(half, scene.at(1) - 1), silent=True)


def tell_acl_asymmetry(scene: Scene) -> Script:
    """Requests come in, and a network ACL rejects the answers, which try again."""
    script = Script([], [])
    for peer, at in _attempts(scene):
        request, response = scene.flows(peer, _HTTPS, action="ACCEPT", outbound=False)
        client, tries = scene.client_port(), scene.draws.between(2, 4)
        asked, answered = count_size(tries, 60 * tries, 2), count_size(tries, 60 * tries, 18)
        shut = response._replace(action="REJECT")
        script.requests.append(Event(at, at + tries, request, client, asked))
        script.replies.append(Event(at, at + tries, shut, client, answered))
    return script


def tell_closed_door(scene: Scene) -> Script:
    """The same requests, rejected at the door: a security group, or the ACL's inbound side."""
    requests = []
    for peer, at in _attempts(scene):
        (flow,) = scene.flows(peer, _HTTPS, action="REJECT")
        tries = scene.draws.between(2, 4)
        size = count_size(tries, 60 * tries, 2)
        requests.append(Event(at, at + tries, flow, scene.client_port(), size))
    return Script(requests, [])


def _attempts(scene: Scene) -> list[tuple[Peer, int]]:
    """Who tries when: three clients, within two hours."""
    began, length = scene.at(0.4), min(2 * _HOUR, int(scene.seconds * 0.55))
    turns = (
        [(peer, scene.within(began, length)) for _ in range(_ATTEMPTS)]
        for peer in scene.strangers(3)
    )
    return list(chain.from_iterable(turns))
