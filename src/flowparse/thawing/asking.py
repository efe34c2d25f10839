"""Floor 4: asking S3 to thaw objects; asking again does no harm.

Source: Amazon S3 API Reference, "RestoreObject".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa

from flowparse.access import Access, read_access
from flowparse.sources.repeating import answer_of
from flowparse.sources.s3.address import read_address
from flowparse.sources.s3.faults import explain_error
from flowparse.thawing.pricing import check_has_tier
from flowparse.thawing.states import ThawState, all_of, client_of, faults
from flowparse.thawing.tiers import Tier, check_tier

__all__ = ["request"]

_ASKED: Final = pa.schema(
    [
        ("object", pa.string()),
        ("bytes", pa.int64()),
        ("outcome", pa.string()),
        ("message", pa.string()),
    ]
)
#: Answers that mean: somebody else was faster.
_SETTLED: Final = {
    "RestoreAlreadyInProgress": "ongoing",
    "ObjectAlreadyInActiveTierError": "readable",
}
_ADVICE: Final = {
    "AccessDenied": "access is denied: the role needs s3:RestoreObject on the object",
    "GlacierExpeditedRetrievalNotAvailable": "S3 has no capacity for expedited thawing now: "
    "ask again later, or take the tier standard",
    "InvalidObjectState": "its storage class is not thawed",
}


def request(
    states: Iterable[ThawState],
    tier: Tier,
    days: int = 7,
    *,
    apply: bool = False,
    session: Any = None,
) -> pa.Table:
    """Ask for the frozen ones of some objects to be thawed.

    Parameters
    ----------
    states : iterable of ThawState
        What `look` gives.
    tier : {"expedited", "standard", "bulk"}
        Minutes, hours, or half a day and more. DEEP_ARCHIVE has no expedited one.
    days : int
        For which the copies stay. Not said of objects of INTELLIGENT_TIERING, which stay.
    apply : bool
        Ask. Otherwise nothing is sent, and the table says what would be.
    session : boto3.Session or flowparse.aws.Access, optional

    Returns
    -------
    pyarrow.Table
        A row for each object: object, bytes, outcome, message. Outcome is `would-ask`, `asked`,
        `ongoing`, `thawed` or `readable`, of which the last three cost nothing; or `failed`, and
        only then there is a message.

    Raises
    ------
    ValueError
        There is no such tier, or an object's class does not have it: nothing was asked.

    Notes
    -----
    One request for each frozen object, sixteen at a time. One that is being thawed is left as it
    is, also where the tier is another: S3 would be paid twice.

    Examples
    --------
    >>> from flowparse.thawing import ThawState, request
    >>> cold = ThawState("s3://kept/data/a.parquet", 1024, "GLACIER", "frozen")
    >>> request([cold], "bulk")["outcome"].to_pylist()
    ['would-ask']
    """
    tier, every = check_tier(tier), list(states)
    if days < 1:
        raise ValueError(f"days: expected 1 or more, got {days!r}")
    frozen = {one.url: one for one in every if one.state == "frozen"}
    for one in frozen.values():
        check_has_tier(one, tier)
    outcomes: dict[str, tuple[str, str | None]]
    if apply and frozen:
        access = read_access(session)
        client = client_of(access)
        answers = all_of(lambda url: _ask(client, access, frozen[url], tier, days), list(frozen))
        outcomes = dict(zip(frozen, answers, strict=True))
    else:
        outcomes = dict.fromkeys(frozen, ("would-ask", None))
    rows = []
    for one in every:
        outcome, message = outcomes.get(one.url, (one.state, None))
        rows.append((one.url, one.size, outcome, message))
    names = _ASKED.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], _ASKED)


def _ask(
    client: Any, access: Access, one: ThawState, tier: Tier, days: int
) -> tuple[str, str | None]:
    """Outcome and message of one object. What is wrong with it stops no other."""
    bucket, key = read_address(one.url)
    asked: dict[str, Any] = {"GlacierJobParameters": {"Tier": tier.capitalize()}}
    if not one.kind.endswith("_ACCESS"):
        asked["Days"] = days
    try:
        client.restore_object(Bucket=bucket, Key=key, RestoreRequest=asked, **access.payer)
    except faults() as error:
        code, _ = answer_of(error)
        if code in _SETTLED:
            return _SETTLED[code], None
        if code in _ADVICE:
            return "failed", f"{one.url}: cannot be thawed: {_ADVICE[code]} ({code})"
        told = str(explain_error(error, one.url, 1, listing=False))
        return "failed", told.replace("cannot be read", "cannot be thawed", 1)
    return "asked", None
