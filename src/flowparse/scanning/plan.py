"""Floor 3: what a query asks for becomes the plan of one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.fields import near_names
from flowparse.keys import Key, parse_key
from flowparse.prune import Scope
from flowparse.reader import FlowReader
from flowparse.request import Request
from flowparse.scanning.expressions import field_names
from flowparse.scanning.predicates import ALL, Pushed, both, push_down
from flowparse.scanning.scan import FlowScan
from flowparse.schema import Column, is_known, named_column, schema_of
from flowparse.sources import Source

__all__ = ["Columns", "Content", "plan_scan"]

#: Names, or a name and an expression for each column.
Columns: TypeAlias = Sequence[str] | Mapping[str, pc.Expression]


@dataclass(frozen=True, eq=False)
class Content:
    """What a dataset holds: sources, the options of reading, and the columns they have.

    Attributes
    ----------
    sources : tuple of Source
    request : Request
    columns : tuple of Column
        Fixed when the dataset was made.
    expression : pyarrow.compute.Expression or None
        Of `FlowDataset.filter`: only these records are in it.
    """

    sources: tuple[Source, ...]
    request: Request
    columns: tuple[Column, ...]
    expression: pc.Expression | None = None

    @cached_property
    def schema(self) -> pa.Schema:
        """Of all columns."""
        return schema_of(self.columns)

    @cached_property
    def keys(self) -> tuple[Key | None, ...]:
        """What the sources' names say; None where that is nothing."""
        return tuple(parse_key(source.name.replace("\\", "/")) for source in self.sources)

    def within(self, scope: Scope) -> tuple[Source, ...]:
        """The sources that can hold what is asked for."""
        if scope.is_everything:
            return self.sources
        pairs = zip(self.sources, self.keys, strict=True)
        return tuple(source for source, key in pairs if key is None or scope.may_hold(key))

    def narrowed(self, expression: pc.Expression) -> Content:
        """The same with fewer records."""
        return replace(self, expression=_and(self.expression, expression))

    def with_columns(self, columns: tuple[Column, ...]) -> Content:
        """The same with other columns: what a later header brings is not missed then."""
        return replace(self, columns=columns, request=replace(self.request, columns=columns))

    def __getstate__(self) -> dict[str, Any]:
        """Without `progress`, whose caller is not in the other process."""
        names = ("sources", "columns", "expression")
        state = {name: self.__dict__[name] for name in names}
        return {**state, "request": replace(self.request, progress=None)}


def plan_scan(
    content: Content,
    columns: Columns | None = None,
    expression: pc.Expression | None = None,
    *,
    batch_rows: int | None = None,
    threads: int | None = None,
    on_open: Callable[[FlowReader], Any] | None = None,
) -> FlowScan:
    """The pass that gives some columns of the records for which an expression is true.

    Raises
    ------
    ValueError
        A column that there is not. pyarrow's `ArrowInvalid` is one too.
    pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, pyarrow.ArrowTypeError
        An expression that pyarrow cannot evaluate on these columns.
    """
    output = _read_output(content, columns)
    keep = _and(content.expression, expression)
    whole = _Widened(content, _names_in(output), keep)
    schema = _bind(whole.schema, output, keep)
    pushed = Pushed(ALL) if keep is None else push_down(keep, whole.schema)
    request, exact = _restrict(content.request, pushed)
    rest = None if exact else keep
    read = whole.columns_read(output, rest)
    if not set(content.columns) <= set(read):
        request = replace(request, columns=read)  # a later header's are not missed then
    return FlowScan(
        sources=content.within(Scope.of(request)) if pushed.groups else (),
        request=request if threads is None else replace(request, threads=threads),
        columns=read,
        keep=rest,
        output=output,
        schema=schema,
        on_open=on_open,
        **({} if batch_rows is None else {"batch_rows": batch_rows}),
    )


def _read_output(
    content: Content, columns: Columns | None
) -> tuple[str, ...] | dict[str, pc.Expression]:
    if columns is None:
        return tuple(content.schema.names)
    if isinstance(columns, str):
        raise ValueError(f"columns: expected a list of names, got {columns!r}: [{columns!r}]?")
    if isinstance(columns, Mapping):
        return dict(columns)
    return tuple(columns)


def _names_in(output: tuple[str, ...] | dict[str, pc.Expression]) -> list[str]:
    if not isinstance(output, dict):
        return list(output)
    found = [field_names(expression) or [] for expression in output.values()]
    return [name for names in found for name in names]


class _Widened:
    """The columns of a dataset, and those that a query names beyond them."""

    def __init__(self, content: Content, names: Iterable[str], keep: pc.Expression | None) -> None:
        names = [*names, *((keep is not None and field_names(keep)) or ())]
        self._by_name = {column.name: column for column in content.columns}
        for name in names:
            if name not in self._by_name:
                self._by_name[name] = _further_column(name, content)
        self.columns = tuple(self._by_name.values())
        self.schema = schema_of(self.columns)

    def columns_read(
        self, output: tuple[str, ...] | dict[str, pc.Expression], rest: pc.Expression | None
    ) -> tuple[Column, ...]:
        """What the core has to make, each once. One at least, where pyarrow has to count rows."""
        expressions = [*(output.values() if isinstance(output, dict) else ())]
        expressions += [] if rest is None else [rest]
        named = [field_names(expression) for expression in expressions]
        if None in named:
            return self.columns
        names = [] if isinstance(output, dict) else list(output)
        names += [name for found in named for name in found or ()]
        if expressions and not names:
            names = [column.name for column in self.columns[:1]]
        return tuple(self._by_name[name] for name in dict.fromkeys(names))


def _further_column(name: str, content: Content) -> Column:
    """A column on request, or one of the registry that no format here has."""
    if isinstance(name, str) and is_known(name):
        column = named_column(name, content.request.schema)
        if column.name == name:
            return column
    near = near_names(str(name), tuple(content.schema.names))
    hint = f"; did you mean {near}?" if near else ""
    raise ValueError(
        f"no column {name!r}: neither AWS's registry nor the formats of this dataset have it{hint}"
    )


def _bind(
    schema: pa.Schema,
    output: tuple[str, ...] | dict[str, pc.Expression],
    keep: pc.Expression | None,
) -> pa.Schema:
    """Let pyarrow say what it cannot evaluate, and which types come out."""
    from pyarrow.dataset import Scanner

    if not isinstance(output, dict):
        result = pa.schema([schema.field(name) for name in output])
        if keep is None:
            return result
        Scanner.from_batches([], schema=schema, filter=keep)
        return result
    return Scanner.from_batches([], schema=schema, columns=output, filter=keep).projected_schema


def _restrict(request: Request, pushed: Pushed) -> tuple[Request, bool]:
    """The request with the filters too, unless they are too many; and whether they say all."""
    if not pushed.groups or pushed.groups == ALL:
        return request, pushed.exact or not pushed.groups
    together = both(Pushed(request.filters or ALL), Pushed(pushed.groups))
    if not together.exact:
        return request, False
    return replace(request, filters=together.groups), pushed.exact


def _and(one: pc.Expression | None, other: pc.Expression | None) -> pc.Expression | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
