"""Floor 4: everybody in a made-up network, and how much each has to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import fsum
from typing import Final, NamedTuple

from flowparse.testing.addresses import MAX_PEERS, peer_pair
from flowparse.testing.draws import Draws, zipf
from flowparse.testing.flows import Flow, Talk, flows_of, quiet_flow
from flowparse.testing.interfaces import (
    PARTNER_ACCOUNT,
    Interface,
    Vpc,
    make_interface,
    make_partner,
    make_vpc,
)
from flowparse.testing.talks import SAME_VPC, make_talks

__all__ = ["Cast", "Host", "Mix", "hosts_of", "make_cast"]

_PARTNERS: Final = 8
_IDLE_OF_TEN: Final = 10  # one interface in ten, of each account that has two or more


class Mix(NamedTuple):
    """Shares of the records, and the aggregation interval in seconds."""

    ipv6: float
    rejects: float
    no_data: float
    skip_data: float
    interval: int


class Host(NamedTuple):
    """An interface with its share of the records, and what its records tell."""

    interface: Interface
    weight: float
    flows: list[tuple[Flow, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Everybody in a network.

    Attributes
    ----------
    busy : list of (Interface, weight, talks)
        The interfaces with traffic.
    idle : list of Interface
        The others have NODATA records only.
    """

    mix: Mix
    busy: list[tuple[Interface, float, list[Talk]]]
    idle: list[Interface]


def make_cast(
    seed: int, accounts: tuple[str, ...], region: str, interfaces: int, peers: int, mix: Mix
) -> Cast:
    """Invent everybody."""
    draws = Draws(seed, "cast")
    transit = (draws.id("tgw"), accounts[0])
    vpcs = [make_vpc(draws, owner, region, transit) for owner in accounts]
    busy, idle = _split(_make_interfaces(draws, vpcs, interfaces))
    partner = make_vpc(draws, PARTNER_ACCOUNT, region, transit)
    partners = [make_partner(draws, partner, number) for number in range(_PARTNERS)]
    offset = draws.below(MAX_PEERS)
    pairs = [peer_pair(rank, offset) for rank in range(peers)]
    weights = draws.shuffled(zipf(len(busy)))
    talks: dict[Interface, list[Talk]] = defaultdict(list)
    for talk in make_talks(draws, busy, weights, pairs, partners):
        talks[talk.interface].append(talk)
    return Cast(mix, [(i, w, talks[i]) for i, w in zip(busy, weights, strict=True)], idle)


def _make_interfaces(draws: Draws, vpcs: list[Vpc], count: int) -> list[list[Interface]]:
    """The interfaces of each account; the accounts take turns."""
    found: list[list[Interface]] = [[] for _ in vpcs]
    for turn in range(count):
        account = turn % len(vpcs)
        number = len(found[account])
        found[account].append(make_interface(draws, vpcs[account], account, number))
    return found


def _split(accounts: list[list[Interface]]) -> tuple[list[Interface], list[Interface]]:
    """The busy interfaces and the idle ones."""
    busy, idle = [], []
    for interfaces in accounts:
        quiet = max(1, len(interfaces) // _IDLE_OF_TEN) if len(interfaces) > 1 else 0
        busy += interfaces[: len(interfaces) - quiet]
        idle += interfaces[len(interfaces) - quiet :]
    return busy, idle


# ---------------------------------------------------------------- what a flow log sees of them


def hosts_of(cast: Cast, transit: bool, owner: str | None) -> Iterator[Host]:
    """The interfaces that a flow log of the owner sees; None sees all."""
    busy = [entry for entry in cast.busy if owner in (None, entry[0].owner)]
    idle = [interface for interface in cast.idle if owner in (None, interface.owner)]
    no_data = cast.mix.no_data if idle else 0.0
    whole = fsum(weight for _, weight, _ in busy)
    for interface, weight, talks in busy if no_data < 1 else []:
        flows = list(_weigh(cast.mix, 1 - no_data, interface, talks, transit))
        yield Host(interface, weight / whole * (1 - no_data), flows)
    for interface in idle:
        yield Host(interface, no_data / len(idle), [(quiet_flow(interface, "NODATA"), 1.0)])


def _weigh(
    mix: Mix, active: float, interface: Interface, talks: Iterable[Talk], transit: bool
) -> Iterator[tuple[Flow, float]]:
    """The flows of an interface, each with its share of all records, as if it were alone."""
    # What stays in a VPC does not pass the transit gateway.
    seen = [talk for talk in talks if not (transit and talk.peer.path == SAME_VPC)]
    actions = {"ACCEPT": active - mix.rejects - mix.skip_data, "REJECT": mix.rejects}
    for action, share in actions.items():
        chosen = [talk for talk in seen if talk.action == action]
        whole = fsum(talk.weight for talk in chosen)
        for ipv6, part in ((False, share * (1 - mix.ipv6)), (True, share * mix.ipv6)):
            if part > 0:
                for talk in chosen:
                    yield from _share(talk, ipv6, part * talk.weight / whole)
    if mix.skip_data > 0:
        yield quiet_flow(interface, "SKIPDATA"), mix.skip_data


def _share(talk: Talk, ipv6: bool, weight: float) -> Iterator[tuple[Flow, float]]:
    flows = list(flows_of(talk, ipv6))
    for flow in flows:
        yield flow, weight / len(flows)
