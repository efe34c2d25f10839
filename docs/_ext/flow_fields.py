"""Sphinx extension: `{flow-fields} vpc` is the table of the fields of a kind of flow log.

It is made from `flowparse.FIELDS` when the pages are built, so it cannot differ from the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyarrow as pa
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from flowparse import FIELDS, LogFormat
from flowparse.fields import Field
from flowparse.schema import field_column

_HEAD = ("Field", "Version", "`typed`", "`aws`", "Meaning")
_FORMATS = {"vpc": LogFormat.all_fields, "tgw": LogFormat.transit_gateway}


def field_rows(service: str) -> Iterator[tuple[str, ...]]:
    """A row for each field, in AWS's order: name, version, both types, meaning."""
    for name in _FORMATS[service]():
        field = FIELDS[name]
        yield (
            f"`{field.name}`",
            str(field.version),
            f"`{_type_name(field, 'typed')}`",
            f"`{_type_name(field, 'aws')}`",
            _meaning(field),
        )


def _type_name(field: Field, schema: Any) -> str:
    type_ = field_column(field.name, schema).type
    if pa.types.is_dictionary(type_):
        return "dictionary"
    if pa.types.is_timestamp(type_):
        return f"timestamp[{type_.unit}, {type_.tz}]"
    return str(type_)


def _meaning(field: Field) -> str:
    limited = field.maximum is not None and field.maximum < 2**31 - 1
    return f"{field.about}; 0 to {field.maximum}" if limited else field.about


class FlowFields(SphinxDirective):
    """The directive."""

    required_arguments = 1
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        service = directives.choice(self.arguments[0], tuple(_FORMATS))
        rows = [_HEAD, ("---",) * len(_HEAD), *field_rows(service)]
        text = "\n".join("| " + " | ".join(row) + " |" for row in rows)
        return list(self.parse_text_to_nodes(text))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("flow-fields", FlowFields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
