"""Floor 4: the condition of a Sigma rule -> `filters`, and filters on a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import in_network
from flowparse.detect.sigma_terms import Term, term_of

__all__ = ["filters_of", "mask_of"]

#: More alternatives than this are no filter, but a list to be joined with.
_MOST: Final = 1000
_OPPOSITE: Final = {
    "in": "not in",
    "not in": "in",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "is null": "is not null",
    "is not null": "is null",
}
_COMPARE: Final = {
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def filters_of(condition: Any) -> list[list[Term]]:
    """Filters for which a condition of pySigma's holds: a list of lists, one of which must.

    A null fulfils no filter, but the negation of a condition in a rule: so a negated term is an
    alternative of two.

    Raises
    ------
    ValueError
        Something in it cannot be expressed; the message names the field.
    """
    found = [[_spelled(term) for term in terms] for terms in _alternatives(condition)]
    if [] in found:  # it always holds
        return []
    return found or [[("srcaddr", "in", [])]]  # which nothing fulfils


def _spelled(term: Term) -> Term:
    return tuple(list(part) if isinstance(part, tuple) else part for part in term)


#: Terms that all hold; of several such, one must.
_All = tuple[Term, ...]


def _alternatives(node: Any) -> list[_All]:
    from sigma import conditions

    if isinstance(node, conditions.ConditionNOT):
        inner = node.args[0]
        if isinstance(inner, conditions.ConditionNOT):
            return _alternatives(inner.args[0])
        parts = _alternatives(inner)
        return _all([_any([_negate(term) for term in terms]) for terms in parts])
    if isinstance(node, conditions.ConditionOR):
        return _any([_alternatives(one) for one in node.args])
    if isinstance(node, conditions.ConditionAND):
        return _all([_alternatives(one) for one in node.args])
    if isinstance(node, conditions.ConditionFieldEqualsValueExpression):
        return [(term_of(node.field, node.value),)]
    raise ValueError(
        f"keywords ({getattr(node, 'value', node)}): flow logs have fields and no text to search"
    )


def _any(parts: Sequence[list[_All]]) -> list[_All]:
    """Alternatives of alternatives; values of one column become one term."""
    values: dict[tuple[str, str], tuple[Any, ...]] = {}
    others: list[_All] = []
    for terms in (terms for part in parts for terms in part):
        if len(terms) == 1 and terms[0][1] in ("in", "in network"):
            column, op, some = terms[0]
            values[column, op] = values.get((column, op), ()) + some
        else:
            others.append(terms)
    merged = [((*key, tuple(dict.fromkeys(some))),) for key, some in values.items()]
    return _least([*merged, *others])


def _all(parts: Sequence[list[_All]]) -> list[_All]:
    found: list[_All] = [()]
    for part in parts:
        both = [tuple(dict.fromkeys(left + right)) for left in found for right in part]
        found = _least([terms for terms in both if not _contradicts(terms)])
        if len(found) > _MOST:
            raise ValueError(f"the condition has more than {_MOST:,} alternatives")
    return found


def _least(alternatives: list[_All]) -> list[_All]:
    """Without those that another one includes."""
    found: list[tuple[frozenset[Term], _All]] = []
    for terms in sorted(alternatives, key=len):
        asked = frozenset(terms)
        if not any(less <= asked for less, _ in found):
            found.append((asked, terms))
    return [terms for _, terms in found]


def _contradicts(terms: _All) -> bool:
    """Is a column null, and something else as well?"""
    nulls = {term[0] for term in terms if term[1] == "is null"}
    return any(term[0] in nulls and term[1] != "is null" for term in terms)


def _negate(term: Term) -> list[_All]:
    column, op = term[:2]
    if op.startswith("is "):
        return [((column, _OPPOSITE[op]),)]
    if op == "in network":
        opposite: Term = (column, op, _others(term[2]))
    else:
        opposite = (column, _OPPOSITE[op], term[2])
    return [(opposite,), ((column, "is null"),)]


def _others(networks: Iterable[str]) -> tuple[str, ...]:
    """All addresses but these, as networks."""
    left: list[IPv4Network | IPv6Network] = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    for network in map(ip_network, networks):
        left = [rest for one in left for rest in _without(one, network)]
    halves = ([one for one in left if one.version == v] for v in (4, 6))
    return tuple(str(one) for half in halves for one in collapse_addresses(half))  # type: ignore[type-var]


def _without(one: Any, network: Any) -> list[Any]:
    if one.version != network.version or not one.overlaps(network):
        return [one]
    return list(one.address_exclude(network)) if network.subnet_of(one) else []


# ---------------------------------------------------------------- on a table


def mask_of(filters: list[list[Term]], table: pa.Table) -> pa.ChunkedArray:
    """The rows for which filters hold, of those that `filters_of` makes."""
    none = pa.chunked_array([pa.repeat(pa.scalar(not filters), table.num_rows)])
    masks = [reduce(pc.and_, [_holds(term, table) for term in terms]) for terms in filters]
    return reduce(pc.or_, masks, none)


def _holds(term: Term, table: pa.Table) -> Any:
    column, op = term[:2]
    values = table[column]
    if op == "is null":
        return pc.is_null(values)
    if op == "is not null":
        return pc.is_valid(values)
    return pc.fill_null(_compare(values, op, term[2]), False)


def _compare(values: Any, op: str, value: Any) -> Any:
    if op == "in network":
        return in_network(values, list(value))
    if op in _COMPARE:
        return _COMPARE[op](values, value)
    found = pc.is_in(values, pa.array(value, values.type))
    if op == "in":
        return found
    return pc.and_(pc.invert(found), pc.is_valid(values))
