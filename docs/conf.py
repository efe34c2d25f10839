"""Sphinx reads this: Markdown pages, and an API page from the installed package.

Build with `sphinx-build -W -n --keep-going -b html docs docs/_build/html`. Needs no network.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "flowparse"
author = "The flowparse developers"
copyright = "The flowparse developers, Apache-2.0"
version = release = version_of("flowparse")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "flow_fields",
    "soft_references",
]
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown"}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "soft"
nitpicky = True
nitpick_ignore_regex = [
    # No inventories of other projects are read: that would need a network.
    ("py:.*", r"(pa|pyarrow|collections\.abc|datetime|os|pathlib|threading|types)\..*"),
    ("py:.*", r"(Any|Callable|Iterable|Iterator|Mapping|Path|Self|Sequence|date|datetime)"),
    # Names for a set of values, spelled out in the text beside them.
    (
        "py:.*",
        r"(flowparse\.[a-z.]+\.)?(Kind|Mode|Moment|OnReject|Partition|Progress|SchemaName|Column)",
    ),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "furo"
html_title = f"flowparse {release}"
html_static_path = ["_static"]
html_show_sphinx = False
