"""Floor 4: what S3 charges, out of a file with its date and source that users can replace."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

__all__ = ["ClassPrice", "PriceTable", "load_prices"]

_MEMBERS: Final = ("region", "currency", "date", "source", "classes")


@dataclass(frozen=True, slots=True)
class ClassPrice:
    """What one storage class costs.

    Attributes
    ----------
    storage_per_gb_month : tuple of (float or None, float)
        Up to so many GB the price is so much each; None is the rest. A GB is 2^30 bytes.
    put_per_1000, get_per_1000, transition_per_1000 : float
        PUT, COPY, POST and LIST; GET; moves into the class by a lifecycle rule.
    retrieval_per_gb, retrieval_per_1000 : mapping of str to float
        By tier: `expedited`, `standard`, `bulk`.
    minimum_days : int
        Billed of each object, however soon it goes.
    minimum_bytes : int
        Billed of each object, however small it is.
    overhead_bytes, overhead_bytes_standard : int
        Billed beside each object: at the class's price, and at that of STANDARD.
    monitoring_per_1000 : float
        Of objects of 128 KiB and more, a month.
    unread_per_gb_month : tuple of (int, float)
        Of objects that nobody read for so many days, in INTELLIGENT_TIERING.
    """

    storage_per_gb_month: tuple[tuple[float | None, float], ...]
    put_per_1000: float
    get_per_1000: float
    transition_per_1000: float
    retrieval_per_gb: Mapping[str, float]
    retrieval_per_1000: Mapping[str, float]
    minimum_days: int
    minimum_bytes: int
    overhead_bytes: int
    overhead_bytes_standard: int
    monitoring_per_1000: float
    unread_per_gb_month: tuple[tuple[int, float], ...] = ()

    def storage(self, gb_months: float) -> float:
        """The price of so many GB-months in one month."""
        whole = below = 0.0
        for limit, price in self.storage_per_gb_month:
            top = gb_months if limit is None else min(gb_months, limit)
            whole += max(0.0, top - below) * price
            below = max(below, top)
        return whole


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of all storage classes in one region.

    Attributes
    ----------
    region, currency, date, source : str
    classes : mapping of str to ClassPrice
    """

    region: str
    currency: str
    date: str
    source: str
    classes: Mapping[str, ClassPrice]


def load_prices(path: str | os.PathLike[str] | None = None) -> PriceTable:
    """The prices of a file.

    Parameters
    ----------
    path : path, optional
        JSON, laid out as the file that comes with flowparse, which None reads: list prices of
        us-east-1.

    Raises
    ------
    ValueError
        A member is missing, or is not what it should be; the message names it.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from flowparse.lifecycle import load_prices
    >>> prices = load_prices()
    >>> prices.currency, prices.classes["DEEP_ARCHIVE"].minimum_days
    ('USD', 180)
    """
    if path is None:
        where, text = "us-east-1.json", _shipped()
    else:
        where, text = os.fspath(path), Path(path).read_text(encoding="utf-8")
    try:
        read = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON: {error}") from None
    if not isinstance(read, dict):
        raise ValueError(f"{where}: expected a JSON object, got {type(read).__name__}")
    missing = [name for name in _MEMBERS if name not in read]
    if missing:
        raise ValueError(f"{where}: no {', '.join(missing)}")
    if not isinstance(read["classes"], dict) or "STANDARD" not in read["classes"]:
        raise ValueError(f"{where}: classes: expected an object, with STANDARD in it")
    classes = {
        name: _read_class(one, f"{where}: classes.{name}") for name, one in read["classes"].items()
    }
    region, currency, date, source = (str(read[name]) for name in _MEMBERS[:-1])
    return PriceTable(region, currency, date, source, classes)


def _shipped() -> str:
    return (files("flowparse.lifecycle") / "prices" / "us-east-1.json").read_text("utf-8")


def _read_class(given: Any, where: str) -> ClassPrice:
    if not isinstance(given, dict):
        raise ValueError(f"{where}: expected an object, got {given!r}")
    known = [field.name for field in fields(ClassPrice)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{where}.{unknown[0]}: no such member; there are {', '.join(known)}")
    read: dict[str, Any] = {}
    for name in known:
        if name in given:
            read[name] = _read_member(name, given[name], f"{where}.{name}")
        elif name != "unread_per_gb_month":
            raise ValueError(f"{where}: no {name}")
    return ClassPrice(**read)


def _read_member(name: str, value: Any, where: str) -> Any:
    if name in ("storage_per_gb_month", "unread_per_gb_month"):
        return _read_steps(value, where, open_end=name == "storage_per_gb_month")
    if name in ("retrieval_per_gb", "retrieval_per_1000"):
        if not isinstance(value, dict) or not value:
            raise ValueError(f"{where}: expected a price for each tier, got {value!r}")
        return {tier: _number(one, f"{where}.{tier}") for tier, one in value.items()}
    number = _number(value, where)
    return int(number) if name.endswith(("_days", "_bytes", "_standard")) else number


def _read_steps(value: Any, where: str, *, open_end: bool) -> tuple[tuple[Any, float], ...]:
    pairs = isinstance(value, list) and all(
        isinstance(one, list) and len(one) == 2 for one in value
    )
    if not pairs or not value:
        raise ValueError(f"{where}: expected pairs of a limit and a price, got {value!r}")
    limits = [limit for limit, _ in value]
    bounded = limits[:-1] if open_end else limits
    if open_end and limits[-1] is not None:
        raise ValueError(f"{where}: the last limit must be null: it is the rest")
    numbers = [_number(limit, where) for limit in bounded]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"{where}: limits must rise, got {limits!r}")
    return tuple((limit, _number(price, where)) for limit, price in value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        raise ValueError(f"{where}: expected a number of 0 or more, got {value!r}")
    return float(value)
