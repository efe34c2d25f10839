"""Floor 4: what a question groups by: columns, and networks that addresses are folded into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import pyarrow as pa

from flowparse.compute import network_of
from flowparse.fields import FIELDS, column_name, field_name

__all__ = ["By", "fold_networks", "read_by", "read_limit", "read_measure"]

_PREFIX_IPV6: Final = 64


@dataclass(frozen=True, slots=True)
class By:
    """A column to group by.

    Attributes
    ----------
    column : str
    prefix, prefix_ipv6 : int or None
        Lengths of the networks that its addresses are folded into.
    """

    column: str
    prefix: int | None = None
    prefix_ipv6: int = _PREFIX_IPV6


def read_by(
    by: str | Sequence[str],
    prefix: int | None = None,
    prefix_ipv6: int | None = None,
    taken: Sequence[str] = (),
) -> tuple[By, ...]:
    """What a caller groups by.

    Parameters
    ----------
    by : str or sequence of str
        Columns; `srcaddr/24` folds the addresses of one into networks.
    prefix, prefix_ipv6 : int, optional
        Fold all address columns without a prefix of their own.
    taken : sequence of str
        Names that the answer has for something else.

    Raises
    ------
    ValueError
        A prefix that is none, a column twice, or a name that is taken.
    """
    _check_prefix(prefix, 32, "prefix")
    _check_prefix(prefix_ipv6, 128, "prefix_ipv6")
    found = [_read_one(name, prefix, prefix_ipv6) for name in ([by] if isinstance(by, str) else by)]
    names = [one.column for one in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"by: {name} is named twice")
        if name in taken:
            raise ValueError(f"by: {name} is what is measured; rows are grouped by other columns")
    return tuple(found)


def _read_one(name: str, prefix: int | None, prefix_ipv6: int | None) -> By:
    column, mark, own = name.partition("/")
    column = column_name(column)
    field = FIELDS.get(field_name(column))
    is_address = field is not None and field.kind == "address"
    if mark:
        if not own.isdecimal() or (field is not None and not is_address):
            raise ValueError(
                f"by: expected a column, or one of addresses and a prefix such as 'srcaddr/24', "
                f"got {name!r}"
            )
        _check_prefix(int(own), 32, "by")
        return By(column, int(own), prefix_ipv6 if prefix_ipv6 is not None else _PREFIX_IPV6)
    if not is_address or (prefix is None and prefix_ipv6 is None):
        return By(column)
    return By(
        column,
        32 if prefix is None else prefix,
        _PREFIX_IPV6 if prefix_ipv6 is None else prefix_ipv6,
    )


def _check_prefix(prefix: int | None, most: int, name: str) -> None:
    if prefix is not None and not 0 <= prefix <= most:
        raise ValueError(f"{name}: expected 0..{most}, got {prefix}")


def fold_networks(batch: pa.RecordBatch, by: Sequence[By]) -> pa.RecordBatch:
    """The batch with the networks of addresses in their place, where they are asked for."""
    for one in by:
        if one.prefix is not None:
            at = batch.schema.get_field_index(one.column)
            values = network_of(batch.column(at), one.prefix, one.prefix_ipv6)
            batch = batch.set_column(at, one.column, values)
    return batch


def read_limit(limit: int | None) -> int | None:
    """How many rows an answer has at most; None is all."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit: expected 0 or more, or None for all, got {limit}")
    return limit


def read_measure(measure: str, names: Any) -> None:
    """Refuse what rows cannot be sorted by. names: a `Literal`."""
    if measure not in get_args(names):
        known = ", ".join(get_args(names))
        raise ValueError(f"measure: expected one of {known}, got {measure!r}")
