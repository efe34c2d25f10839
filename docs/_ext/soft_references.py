"""Sphinx extension: names in docstrings become links where there is something to link to.

Docstrings write `read_table` with one pair of backticks, for people at a prompt. Here such a
text is a link where it names an object of this documentation, and plain code elsewhere. Objects are
also found under their public names: `flowparse.LogFormat` is defined in `flowparse.logformat`,
which no page mentions.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

_HIDDEN_COLON = "\ue000"


class SoftRole(SphinxRole):
    """Text in single backticks."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """A reference that Sphinx leaves to `find_object`."""
        shown = nodes.literal("", self.text)
        reference = pending_xref("", shown, refdomain="", reftype="soft", reftarget=self.text)
        for scope in ("py:module", "py:class"):
            reference[scope] = self.env.ref_context.get(scope)
        self.set_source_info(reference)
        return [reference], []


def find_object(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element
) -> nodes.Element | None:
    """Where a name leads: of text in backticks, and of what Sphinx could not follow itself."""
    is_soft = node["reftype"] == "soft"
    if not is_soft and node.get("refdomain") != "py":
        return None
    full = _scoped_name(env, node) or _public_name(env, node["reftarget"].rpartition(".")[2])
    if full is None:
        return shown if is_soft else None
    known = env.domains.python_domain.objects[full]
    uri = app.builder.get_relative_uri(node["refdoc"], known.docname) + "#" + known.node_id
    return nodes.reference("", "", shown, internal=True, refuri=uri, reftitle=full)


def _scoped_name(env: BuildEnvironment, node: pending_xref) -> str | None:
    """The object that has this name in the class, or the module, where it is written."""
    name, module, class_ = node["reftarget"], node.get("py:module"), node.get("py:class")
    scopes = (f"{module}.{class_}.", f"{class_}.", f"{module}.", "")
    objects = env.domains.python_domain.objects
    found = (scope + name for scope in scopes if scope + name in objects)
    return next((full for full in found if objects[full].objtype != "module"), None)


def _public_name(env: BuildEnvironment, name: str) -> str | None:
    """The one object with this last name that is no member of a class."""
    found = [
        full
        for full, known in env.domains.python_domain.objects.items()
        if full.rpartition(".")[2] == name and known.objtype in ("class", "function", "exception")
    ]
    return found[0] if len(found) == 1 else None


def hide_colon(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Before napoleon, which takes what stands before a property's first colon for its type."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", _HIDDEN_COLON)


def show_colon(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """After napoleon."""
    lines[:] = [line.replace(_HIDDEN_COLON, ":") for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role, the search and the repair."""
    app.add_role("soft", SoftRole())
    app.connect("missing-reference", find_object)
    app.connect("autodoc-process-docstring", hide_colon, priority=100)
    app.connect("autodoc-process-docstring", show_colon, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
