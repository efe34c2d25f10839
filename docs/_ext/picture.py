"""Draw `docs/_static/demo.svg`: `flowparse demo` as it looks at a terminal of 80 columns.

Run `python docs/_ext/picture.py` with the flowparse to be shown installed. The picture has its own
dark ground, so it looks the same on a light page and on a dark one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

_COLUMNS = 80
_TARGET = Path(__file__).parents[1] / "_static" / "demo.svg"
# rich's own frame loads a font from elsewhere; a picture in a repository must not.
_FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img"\
 aria-label="flowparse demo at a terminal">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run_demo() -> str:
    """What the demo puts out, with its colors."""
    terminal = {"COLUMNS": str(_COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [sys.executable, "-m", "flowparse", "demo"],
            cwd=folder,
            env={**os.environ, **terminal},
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ).stdout


def draw(output: str) -> str:
    """The picture of a terminal."""
    console = Console(record=True, width=_COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "green"), "flowparse demo"))
    console.print(Text.from_ansi(output.rstrip()), "")
    return console.export_svg(title="", code_format=_FRAME, unique_id="demo")


if __name__ == "__main__":
    lines = draw(run_demo()).splitlines()
    _TARGET.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
