"""Floor 4: which detectors there are, own ones included."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from flowparse.detect.detector import Detector

__all__ = ["DETECTORS", "choose"]

#: Entry points of this group are detectors too: name -> class.
GROUP: Final = "flowparse.detectors"

# One line a detector, in the order in which they are told.
_OWN: Final[dict[str, str]] = {
    "denied-spike": "denied_spike:DeniedSpike",
    "vertical-scan": "vertical_scan:VerticalScan",
    "horizontal-scan": "horizontal_scan:HorizontalScan",
    "brute-force": "brute_force:BruteForce",
    "exposed-admin": "exposed_admin:ExposedAdmin",
    "exfiltration": "exfiltration:Exfiltration",
    "beacon": "beacon:Beacon",
    "listed-address": "listed_address:ListedAddress",
    "new-service": "new_service:NewService",
    "new-peer": "new_peer:NewPeer",
    "unusual-protocol": "unusual_protocol:UnusualProtocol",
    "data-loss": "data_loss:DataLoss",
    "asymmetric-reject": "asymmetric_reject:AsymmetricReject",
}


class _Registry(Mapping[str, type[Detector]]):
    """Names and classes. A class is loaded when it is looked at."""

    def __getitem__(self, name: str) -> type[Detector]:
        if name in _OWN:
            module, _, attribute = _OWN[name].partition(":")
            own: type[Detector] = getattr(import_module(f"flowparse.detect.{module}"), attribute)
            return own
        if name in _foreign():
            return _load(_foreign()[name])
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from _OWN
        yield from (name for name in _foreign() if name not in _OWN)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in _OWN or name in _foreign()


@cache
def _foreign() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> type[Detector]:
    found: Any = point.load()
    if not (isinstance(found, type) and issubclass(found, Detector)):
        raise TypeError(
            f"entry point {point.name!r} of {GROUP}: expected a subclass of "
            f"flowparse.detect.Detector, got {found!r}"
        )
    kind: type[Detector] = found
    return kind


#: Name -> class: those of flowparse, then those of the entry point group `flowparse.detectors`.
DETECTORS: Final[Mapping[str, type[Detector]]] = _Registry()


def choose(detectors: Iterable[object] | None) -> list[Detector]:
    """Detectors by name, class or as they are; None is all, with their defaults."""
    if isinstance(detectors, (str, Detector, type)):
        detectors = [detectors]
    asked = list(DETECTORS) if detectors is None else list(detectors)
    chosen = [_made(one) for one in asked]
    if not chosen:
        raise ValueError("detectors: none was named")
    return chosen


def _made(one: object) -> Detector:
    if isinstance(one, str):
        if one not in DETECTORS:
            near = difflib.get_close_matches(one, list(DETECTORS), n=3)
            hint = f"near: {', '.join(near)}" if near else f"there are {', '.join(DETECTORS)}"
            raise ValueError(f"detectors: no detector {one!r}; {hint}")
        return DETECTORS[one]()
    if isinstance(one, type) and issubclass(one, Detector):
        return one()
    if isinstance(one, Detector):
        return one
    raise TypeError(f"detectors: expected a name or a Detector, got {one!r}")
