"""Floor 4: what is to become of flow logs as they grow old, and presets with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["PRESETS", "REASONS", "Policy", "Transition"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A move to another storage class.

    Parameters
    ----------
    storage_class : str
        `STANDARD_IA`, `INTELLIGENT_TIERING`, `ONEZONE_IA`, `GLACIER_IR`, `GLACIER` or
        `DEEP_ARCHIVE`.
    days : int
        After an object was made.
    """

    storage_class: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What happens to the objects of a prefix, in days. None: it does not happen.

    Parameters
    ----------
    transitions : tuple of Transition
        In the order of their days.
    expire : int, optional
        Days after which an object is deleted. In a bucket with versions it only stops being the
        current one; `noncurrent` deletes it.
    noncurrent : int, optional
        Days after which a version that is no longer current is deleted.
    keep_noncurrent : int, optional
        So many of the newest noncurrent versions stay all the same, 1 to 100.
    abort_uploads : int, optional
        Days after which an upload in parts that nobody finished is given up.
    larger_than : int, optional
        Bytes. Only larger objects are moved, whatever the server's own limit is: without it,
        S3 does not move objects below 128 KB.
    delete_markers : bool
        Remove delete markers that have no versions left. `expire` does so by itself.

    Notes
    -----
    `flowparse.lifecycle.check` tells what of it S3 would refuse.

    Examples
    --------
    >>> from flowparse.lifecycle import Policy, Transition
    >>> Policy(transitions=(Transition("GLACIER_IR", 90),), expire=365, abort_uploads=7).expire
    365
    """

    transitions: tuple[Transition, ...] = ()
    expire: int | None = None
    noncurrent: int | None = None
    keep_noncurrent: int | None = None
    abort_uploads: int | None = None
    larger_than: int | None = None
    delete_markers: bool = False


#: Policies by purpose.
PRESETS: Final[Mapping[str, Policy]] = MappingProxyType(
    {
        "hot-30-days": Policy(expire=30, noncurrent=7, abort_uploads=7),
        "one-year": Policy(
            transitions=(Transition("GLACIER_IR", 90),),
            expire=365,
            noncurrent=30,
            abort_uploads=7,
        ),
        "seven-years": Policy(
            transitions=(Transition("GLACIER_IR", 90), Transition("DEEP_ARCHIVE", 365)),
            expire=2557,
            noncurrent=30,
            abort_uploads=7,
        ),
    }
)

_UPLOADS: Final = (
    "abort_uploads 7: an object is delivered within minutes, so an upload that is a week old was "
    "given up, and its parts are billed without being seen"
)
_UNDO: Final = (
    "noncurrent 30: flow logs are never overwritten, so a version that is not current was deleted; "
    "a month is enough to notice that it should not have been"
)
_HOT: Final = (
    "GLACIER_IR at 90: most questions are about the last three months; later ones are still "
    "answered at once, and the nine months that follow are more than the 90 days that are "
    "billed at least"
)
#: Why each number of a preset is what it is.
REASONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "hot-30-days": (
            "no transition: every colder class is billed for 30 days at least, or wants 30 days "
            "in Standard first",
            "expire 30: troubleshooting and detection look back a month",
            "noncurrent 7: a week to undo a deletion, of data that lives a month",
            _UPLOADS,
        ),
        "one-year": (
            _HOT,
            "expire 365: a year of audit trail, as PCI DSS 10.5.1 asks for (three months of it at "
            "hand, which GLACIER_IR is too)",
            _UNDO,
            _UPLOADS,
        ),
        "seven-years": (
            _HOT,
            "DEEP_ARCHIVE at 365: after the year that audits look at, data are kept to be had and "
            "not to be read: a restore takes hours; the 180 days that are billed at least are "
            "long over by the end",
            "expire 2557: seven years with the most leap days that they can have",
            _UNDO,
            _UPLOADS,
        ),
    }
)
