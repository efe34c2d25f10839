"""Floor 4: the network interfaces of a made-up network, and the VPCs that they are in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple
from urllib.parse import quote

from flowparse.testing.addresses import Pair, host_pair, partner_pair
from flowparse.testing.draws import Draws

__all__ = [
    "PARTNER_ACCOUNT",
    "Ecs",
    "Interface",
    "Service",
    "Vpc",
    "make_interface",
    "make_partner",
    "make_twin",
    "make_vpc",
    "zone_prefix",
]

#: Owner of the VPC that the network's VPCs are peered with.
PARTNER_ACCOUNT: Final = "444455556666"

SUBNETS: Final = 4
_POD_SUBNETS: Final = 4  # of each VPC, after the ones for interfaces


class Service(NamedTuple):
    """What a server listens on: `tcp`, `udp`, `icmp`, `esp`, `gre` or `ipip`, and a port."""

    protocol: str
    port: int


class Vpc(NamedTuple):
    """A VPC and its way into the transit gateway."""

    owner: str
    region: str
    id: str
    subnet_ids: tuple[str, ...]
    transit_id: str
    transit_owner: str
    attachment_id: str
    attachment_interface_id: str


class Ecs(NamedTuple):
    """The ECS task that an interface belongs to, in AWS's order of the fields."""

    cluster_arn: str = "-"
    cluster_name: str = "-"
    container_instance_arn: str = "-"
    container_instance_id: str = "-"
    container_id: str = "-"
    second_container_id: str = "-"
    service_name: str = "-"
    task_definition_arn: str = "-"
    task_arn: str = "-"
    task_id: str = "-"


@dataclass(frozen=True, slots=True, eq=False)
class Interface:
    """A network interface; `-` where AWS has nothing to say.

    Attributes
    ----------
    owner : str
        Account whose flow log sees it.
    account_id : str
        What records say: the owner, or `unknown` for interfaces that AWS services own.
    addresses, packet_addresses : Pair
        Its own, and those that packets carry behind it (a pod's, else its own).
    serves : tuple of Service
        What its clients want.
    """

    id: str
    owner: str
    account_id: str
    vpc: Vpc
    subnet_id: str
    zone_id: str
    addresses: Pair
    packet_addresses: Pair
    serves: tuple[Service, ...]
    kind: str = "-"
    instance_id: str = "-"
    resource_id: str = "-"
    sublocation_type: str = "-"
    sublocation_id: str = "-"
    ecs: Ecs = field(default_factory=Ecs)
    tags: tuple[str, ...] = ("-",) * 6


_ROLES: Final[tuple[tuple[Service, ...], ...]] = (
    (Service("tcp", 443), Service("tcp", 80)),
    (Service("tcp", 8080), Service("tcp", 443)),
    (Service("tcp", 5432), Service("tcp", 22)),
    (Service("tcp", 6379),),
    (Service("tcp", 3306), Service("tcp", 22)),
    (Service("udp", 53), Service("tcp", 53)),
    (Service("tcp", 9092), Service("icmp", 0)),
    (Service("tcp", 25), Service("tcp", 587)),
)

# One in twenty interfaces is each of these; the others are instances.
_KINDS: Final = {
    7: "nat_gateway",
    11: "network_load_balancer",
    13: "vpc_endpoint",
    17: "transit_gateway",
    19: "regional_nat_gateway",
}
_UNKNOWN_OWNER: Final = ("network_load_balancer", "vpc_endpoint")

# As people write them; AWS percent-encodes what is not plain ASCII.
_TAGS: Final = (
    "web",
    "prod",
    "Zahlungsverkehr Köln",
    "データ基盤",
    "R&D",
    "équipe/réseau",
    "платежи",
)

_COMPASS: Final = {"southeast": "se", "southwest": "sw", "northeast": "ne", "northwest": "nw"}


def zone_prefix(region: str) -> str:
    """How the zone IDs of a region begin: `us-east-1` to `use1`."""
    first, *others = region.split("-")
    return first + "".join(_COMPASS.get(part, part[0]) for part in others)


def _partition(region: str) -> str:
    """Which `aws…` the ARNs of a region begin with."""
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-eusc" if region.startswith("eusc-") else "aws"


def make_vpc(draws: Draws, owner: str, region: str, transit: tuple[str, str]) -> Vpc:
    """A VPC of that owner, attached to the transit gateway (id, owner)."""
    return Vpc(
        owner=owner,
        region=region,
        id=draws.id("vpc"),
        subnet_ids=tuple(draws.id("subnet") for _ in range(SUBNETS)),
        transit_id=transit[0],
        transit_owner=transit[1],
        attachment_id=draws.id("tgw-attach"),
        attachment_interface_id=draws.id("eni"),
    )


def make_interface(draws: Draws, vpc: Vpc, account: int, number: int) -> Interface:
    """Interface `number` of the VPC of account `account`, both from 0."""
    subnet, host = number % SUBNETS, number // SUBNETS
    kind = _KINDS.get(number % 20, "-")
    own = host_pair(account, subnet, host)
    pods = kind == "-" and number % 5 == 3
    local = number % 16 == 14
    zone = f"{zone_prefix(vpc.region)}-az{1 + subnet % 3}"
    regional = kind == "regional_nat_gateway"
    return Interface(
        id="-" if regional else draws.id("eni"),
        owner=vpc.owner,
        account_id="unknown" if kind in _UNKNOWN_OWNER else vpc.owner,
        vpc=vpc,
        subnet_id=vpc.subnet_ids[subnet],
        zone_id="-" if local else zone,
        addresses=own,
        packet_addresses=host_pair(account, SUBNETS + subnet, host) if pods else own,
        serves=_ROLES[number % len(_ROLES)],
        kind=kind,
        instance_id=draws.id("i") if kind == "-" else "-",
        resource_id=draws.id("nat") if regional else "-",
        sublocation_type="localzone" if local else "-",
        sublocation_id=f"{zone_prefix(vpc.region)}-bos1-az1" if local else "-",
        ecs=_make_task(draws, vpc, number) if number % 4 == 1 else Ecs(),
        tags=_make_tags(draws) if kind == "-" else ("-",) * 6,
    )


def make_partner(draws: Draws, vpc: Vpc, number: int) -> Interface:
    """An interface in the peered VPC. It has no flow log of its own."""
    own = partner_pair(number)
    return Interface(
        id=draws.id("eni"),
        owner=vpc.owner,
        account_id=vpc.owner,
        vpc=vpc,
        subnet_id=vpc.subnet_ids[number % SUBNETS],
        zone_id=f"{zone_prefix(vpc.region)}-az{1 + number % 3}",
        addresses=own,
        packet_addresses=own,
        serves=_ROLES[number % len(_ROLES)],
    )


def make_twin(draws: Draws, instance: Interface, subnet: int, number: int) -> Interface:
    """An instance like that one, at an address of another subnet, that no network has."""
    account = int(instance.addresses.v4.split(".")[1])
    own = host_pair(account, subnet, number)
    return replace(
        instance,
        id=draws.id("eni"),
        instance_id=draws.id("i"),
        subnet_id=draws.id("subnet"),
        addresses=own,
        packet_addresses=own,
        ecs=Ecs(),
    )


def _make_task(draws: Draws, vpc: Vpc, number: int) -> Ecs:
    """An ECS task, in turn on Fargate and on a container instance with two containers or one."""
    fargate, second = number % 8 == 1, number % 16 == 5
    arn = f"arn:{_partition(vpc.region)}:ecs:{vpc.region}:{vpc.owner}"
    cluster, family = draws.pick(("prod-web", "prod-batch", "staging")), draws.pick("abcdef")
    task, instance = draws.digits(32), draws.digits(32)
    runtime = f"{task}-{draws.digits(10, '0123456789')}" if fargate else draws.digits(64)
    return Ecs(
        cluster_arn=f"{arn}:cluster/{cluster}",
        cluster_name=cluster,
        container_instance_arn="-" if fargate else f"{arn}:container-instance/{cluster}/{instance}",
        container_instance_id="-" if fargate else instance,
        container_id=runtime,
        second_container_id=draws.digits(64) if second else "-",
        service_name=f"service-{family}" if draws.chance(0.8) else "-",
        task_definition_arn=f"{arn}:task-definition/service-{family}:{draws.between(1, 40)}",
        task_arn=f"{arn}:task/{cluster}/{task}",
        task_id=task,
    )


def _make_tags(draws: Draws) -> tuple[str, ...]:
    return tuple(
        quote(draws.pick(_TAGS), safe="-_.~") if draws.chance(0.6) else "-" for _ in range(6)
    )
