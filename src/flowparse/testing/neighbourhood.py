"""Floor 4: the interfaces of one VPC by what they do, for the noise in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from flowparse.testing.cast import Cast
from flowparse.testing.draws import Draws
from flowparse.testing.interfaces import Interface, Service
from flowparse.testing.scene import Event

__all__ = ["HOUR", "Habit", "Neighbourhood"]

#: What a habit does in the hour that begins then, in epoch seconds.
Habit = Callable[[Draws, int], Iterable[Event]]

HOUR: Final = 3600

_PUBLIC_PORTS: Final = (443, 25, 53)
_STORES: Final = (5432, 3306, 6379, 9092)
_NAT_KINDS: Final = ("nat_gateway", "regional_nat_gateway")


class Neighbourhood:
    """The interfaces of one account's VPC.

    Parameters
    ----------
    cast : Cast
    owner : str
        The account.
    seed : int
    """

    def __init__(self, cast: Cast, owner: str, seed: int) -> None:
        self.owner = owner
        self.seed = seed
        self.interval = cast.mix.interval
        self.ipv6 = cast.mix.ipv6
        self.busy = [i for i, _, _ in cast.busy if i.owner == owner and i.id != "-"]
        self.idle = [i for i in cast.idle if i.owner == owner and i.id != "-"]

    def draws(self, *names: object) -> Draws:
        """Choices of one habit."""
        return Draws(self.seed, "noise", self.owner, *names)

    @cached_property
    def instances(self) -> list[Interface]:
        """Machines; if there is none, whatever there is."""
        return [i for i in self.busy if i.instance_id != "-"] or self.busy

    @cached_property
    def nat(self) -> Interface | None:
        """The NAT gateway, if there is one."""
        return next((i for i in self.busy if i.kind in _NAT_KINDS), None)

    @cached_property
    def balancer(self) -> Interface | None:
        """The load balancer, if there is one."""
        return next((i for i in self.busy if i.kind == "network_load_balancer"), None)

    @cached_property
    def public(self) -> list[Interface]:
        """Machines that the internet reaches."""
        return self._serving(_PUBLIC_PORTS)

    @cached_property
    def stores(self) -> list[Interface]:
        """Databases and the like, for machines of the VPC alone."""
        return self._serving(_STORES)

    @cached_property
    def apps(self) -> list[Interface]:
        """Machines in between."""
        return self._serving((8080,))

    def _serving(self, ports: tuple[int, ...]) -> list[Interface]:
        return [i for i in self.instances if i.serves[0].port in ports]

    def others(self, interface: Interface) -> list[Interface]:
        """The machines but that one."""
        return [other for other in self.instances if other is not interface]

    @staticmethod
    def service(interface: Interface) -> Service:
        """What the interface is there for."""
        return interface.serves[0]
