"""The documentation is true: its examples run and show what they claim, its links lead somewhere.

How a page is run: from top to bottom, in a temporary folder, with one namespace.

- ```python: the block is run. Where a ```text block follows with nothing between them, it is what
  the block puts out: what it prints, each warning as `Category: message`, and the last line of a
  traceback if it ends in an error. Runs of blanks and line breaks count as one blank, so that long
  messages can be wrapped, and `...` stands for anything. Where no ```text block follows, what is
  printed does not matter, and warnings and errors fail the test.
- ```python that begins with `>>>`, and ```pycon: doctests, by the same rules.
- ```console: each line that begins with `$ ` (and goes on below `> ` if it ends with a backslash)
  is run in a shell, at a terminal of 80 columns without colors; the lines below it are what appears
  there, to the letter but for blanks at the end of a line, and `...` stands for anything. A command
  must succeed unless `$ echo $?` comes next. (Not on the page of the command line, see below.)
- Other blocks are not run. README's first ```sh block says `flowparse demo`; that is run first.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.util
import io
import os
import pkgutil
import re
import struct
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import flowparse

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))] if README.is_file() else []
NO_PAGES = pytest.param(
    None, id="none", marks=pytest.mark.skip(reason="README.md and docs are not beside these tests")
)
# Need a server; tests/services runs them.
SERVED = ("s3.md", "lifecycle.md")
EACH_PAGE = [
    pytest.param(page, id=page.relative_to(ROOT).as_posix())
    for page in PAGES
    if page.name not in SERVED
]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(flowparse.__path__, "flowparse.")
    if not module.name.endswith("__main__")
)

# Shows terminals cut to fit, and other programs; tests/cli runs its commands.
LOOKED_AT = ("cli.md",)

# Need libraries of an extra: what runs only where they are.
REPORT = ("jinja2", "vl_convert")
EXTRAS = {"report.md": REPORT, "flowparse.report.made": REPORT}

WORDS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LETTERS = doctest.ELLIPSIS

COLUMNS, LINES = 80, 200
PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "PYTHONUTF8": "1"}
DISTURBING = ("COLUMNS", "LINES", "FORCE_COLOR", "PYTHONWARNINGS")


class Block(NamedTuple):
    """A fenced block: its language, its text, and the page's line (from 1) where that begins."""

    language: str
    text: str
    line: int
    follows: bool


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page. `follows`: only blank lines are between it and the last one."""
    lines = page.read_text("utf-8").splitlines()
    fence = re.compile(r"^( *)(`{3,}|:{3,})\s*([^`\s]*)")
    at, follows = 0, False
    while at < len(lines):
        opening = fence.match(lines[at])
        if opening is None:
            follows = follows and not lines[at].strip()
            at += 1
            continue
        indent, marks, language = opening.groups()
        begin = at = at + 1
        while at < len(lines) and not re.fullmatch(rf" *{marks}+\s*", lines[at]):
            at += 1
        assert at < len(lines), f"{page.name}:{begin}: the block is not closed"
        body = [line.removeprefix(indent) for line in lines[begin:at]]
        yield Block(language, "".join(f"{line}\n" for line in body), begin + 1, follows)
        at, follows = at + 1, True


class Player:
    """Runs the blocks of one page."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def play(self) -> None:
        for block, after in pairwise([*blocks_of(self.page), None]):
            if block.language == "console":
                if self.page.name not in LOOKED_AT:
                    self.run_console(block)
            elif block.language == "pycon" or block.text.lstrip().startswith(">>>"):
                self.run_doctest(block)
            elif block.language == "python":
                claims = after is not None and after.language == "text" and after.follows
                self.run_python(block, after.text if claims and after else None)

    def run_python(self, block: Block, claimed: str | None) -> None:
        code = compile("\n" * (block.line - 1) + block.text, str(self.page), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out, warnings.catch_warnings():
            if claimed is None:
                warnings.simplefilter("error")
                exec(code, self.names)
                return
            warnings.simplefilter("always")
            warnings.showwarning = show_warning  # type: ignore[assignment]
            try:
                exec(code, self.names)
            except Exception as error:
                out.write(traceback.format_exception_only(error)[-1])
        self.compare(claimed, out.getvalue(), WORDS, block.line)

    def run_doctest(self, block: Block) -> None:
        example = doctest.DocTestParser().get_doctest(
            block.text, self.names, self.page.name, str(self.page), block.line - 1
        )
        said: list[str] = []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            runner = doctest.DocTestRunner(verbose=False, optionflags=WORDS)
            results = runner.run(example, out=said.append, clear_globs=False)
        self.names.update(example.globs)
        assert results.failed == 0, "".join(said)

    def run_console(self, block: Block) -> None:
        commands = split_console(block.text)
        code = 0
        for number, (command, claimed) in enumerate(commands):
            shown, code = at_terminal(command, code)
            self.compare(claimed, shown, LETTERS, block.line, command)
            told = [following for following, _ in commands[number + 1 : number + 2]]
            assert code == 0 or told == ["echo $?"], f"{command!r} ended with {code}"

    def compare(self, want: str, got: str, flags: int, line: int, what: str = "the block") -> None:
        want, got = trim(want), trim(got)
        if not doctest.OutputChecker().check_output(want, got, flags):
            pytest.fail(
                f"{self.page.name}:{line}: {what} should give\n{want}but gives\n{got}", False
            )


def need_libraries(name: str) -> None:
    """Skip what needs a library that is not installed."""
    missing = [one for one in EXTRAS.get(name, ()) if importlib.util.find_spec(one) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def needs_terminal(page: Path) -> bool:
    shows = any(block.language == "console" for block in blocks_of(page))
    return page == README or (shows and page.name not in LOOKED_AT)


def show_warning(message: Warning | str, category: type[Warning], *rest: Any) -> None:
    """What the pages show of a warning."""
    print(f"{category.__name__}: {message}")


def trim(text: str) -> str:
    """Without blanks at the ends of lines and of the text."""
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "".join(f"{line}\n" for line in lines)


def split_console(text: str) -> Sequence[tuple[str, str]]:
    """The commands of a ```console block, each with the output that it claims."""
    joined = re.sub(r" *\\\n> *", " ", text)
    head, *rest = re.split(r"^\$ ", joined, flags=re.MULTILINE)
    assert not head.strip(), f"output without a command: {head!r}"
    pairs = [part.partition("\n") for part in rest]
    return [(command.strip(), claimed) for command, _, claimed in pairs]


def at_terminal(command: str, code_before: int) -> tuple[str, int]:
    """What a person sees of a command at a terminal, and its exit code."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", f"(exit {code_before})\n{command}"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={name: value for name, value in os.environ.items() if name not in DISTURBING} | PLAIN,
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: read_terminal(ours), b""))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n"), process.wait()


def read_terminal(ours: int) -> bytes:
    """A piece of what was written; nothing at the end, which Linux tells by an error."""
    try:
        return os.read(ours, 1 << 16)
    except OSError:
        return b""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, where temporary files go too."""
    for name in ("work", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `flowparse` in a shell the one that is tested here."""
    script = tmp_path / "bin" / "flowparse"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flowparse "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.mark.usefixtures("workplace", "command")
@pytest.mark.parametrize("page", EACH_PAGE or [NO_PAGES])
def test_examples(page: Path) -> None:
    """Every example of a page runs, and gives what the page says."""
    if sys.platform == "win32" and needs_terminal(page):
        pytest.skip("the page shows a terminal, and this system has no pty")
    need_libraries(page.name)
    if page == README:
        shown, code = at_terminal("flowparse demo", 0)
        assert code == 0, shown
    Player(page).play()


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    """The examples in the docstrings of an installed module run, and give what they say."""
    need_libraries(name)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        results = doctest.testmod(importlib.import_module(name), verbose=False)
    assert results.failed == 0, said.getvalue()


def test_public_docstrings_have_examples() -> None:
    """What `flowparse` and its functions on columns offer to call has an example that was run."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    without = [
        name
        for module in (flowparse, flowparse.compute)
        for name in module.__all__
        if name not in dir(flowparse.errors)
        and callable(offered := getattr(module, name))
        and not any(test.examples for test in finder.find(offered, name))
    ]
    assert without == []


@pytest.mark.skipif(not PAGES, reason="README.md is not beside these tests")
def test_readme_commands() -> None:
    """README's first two ```sh blocks are how to see it work, and how to test it."""
    shown = [block.text for block in blocks_of(README) if block.language == "sh"]
    assert shown[:2] == [
        "pip install . && flowparse demo\n",
        "pip install '.[test]' && pytest\n",
    ]


@pytest.mark.parametrize("page", EACH_PAGE or [NO_PAGES])
def test_links(page: Path) -> None:
    """Every relative link of a page leads to a file, and to a heading of it if it names one."""
    broken = [link for link in links_of(page) if not leads_somewhere(page, link)]
    assert broken == []


def links_of(page: Path) -> Iterator[str]:
    """The targets of links and pictures that are relative, outside code."""
    prose = re.sub(r"`[^`\n]*`", "code", prose_of(page))
    inline = re.findall(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", prose)
    named = re.findall(r"^ *\[[^\]]+\]:\s*<?(\S+?)>?\s*$", prose, re.MULTILINE)
    html = re.findall(r"""\b(?:src|href|srcset)=["']([^"'\s]+)""", prose)
    return (link for link in (*inline, *named, *html) if not re.match(r"[a-z][a-z0-9+.-]*:", link))


def prose_of(page: Path) -> str:
    """A page without its fenced blocks."""
    fenced = re.compile(r"^ *(`{3,}).*?^ *\1`*[ \t]*$", re.MULTILINE | re.DOTALL)
    return fenced.sub("", page.read_text("utf-8"))


def leads_somewhere(page: Path, link: str) -> bool:
    """A file of this repository is there, and the heading in it that the link names."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors_of(target)


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub and MyST make of a page's headings."""
    headings = re.findall(r"^#{1,6} +(.+)$", prose_of(page), re.MULTILINE)
    return {slug(heading) for heading in headings}


def slug(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
