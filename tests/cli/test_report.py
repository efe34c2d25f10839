from __future__ import annotations

import importlib.util
import sys

import pytest

LIBRARIES = ("jinja2", "vl_convert")
MISSING = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
made = pytest.mark.skipif(bool(MISSING), reason="pip install 'flowparse[report]'")


@made
def test_a_page_is_written(run, log, tmp_path):
    """The page is where -o says, its path is the result, and a note says how large it is."""
    page = tmp_path / "page.html"
    result = run("report", log, "-o", page, "--title", "Tuesday")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{page}\n"
    assert result.stderr.startswith("flowparse: note: a page on 4 records")
    assert "<h1>Tuesday</h1>" in page.read_text()
    assert list(tmp_path.glob(".flowparse*")) == []


@made
def test_a_page_is_not_replaced_unasked(run, log, tmp_path):
    """A file that is there is wrong use, before anything is read, unless --mode overwrite."""
    page = tmp_path / "page.html"
    page.write_text("mine")
    result = run("report", log, "-o", page)
    assert (result.exit_code, result.stdout, page.read_text()) == (2, "", "mine")
    assert "pass --mode overwrite" in result.stderr
    assert run("report", log, "-o", page, "--mode", "overwrite").exit_code == 0
    assert page.read_text() != "mine"


@made
def test_rejects_are_in_the_page_and_in_the_exit_code(run, bad_log, tmp_path):
    """Rejected lines give exit code 1, and the page says so."""
    page = tmp_path / "page.html"
    result = run("report", bad_log, "-o", page)
    assert result.exit_code == 1
    assert "1 line is no record" in page.read_text()


@made
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--every", "5x"], "--every: "),
        (["--network", "33"], "--network"),
        (["--no-detect", "--threat-list", "x"], "--threat-list is for detection"),
    ],
)
def test_wrong_use(run, log, tmp_path, options, says):
    """Options that make no sense are wrong use, and nothing is written."""
    page = tmp_path / "page.html"
    result = run("report", log, "-o", page, *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not page.exists()


@made
def test_findings_are_in_the_page(run, log, tmp_path):
    """An address of a threat list is a finding, unless nothing is to be looked for."""
    listed = tmp_path / "listed.txt"
    listed.write_text("203.0.113.0/24 ; SBL123\n")
    page = tmp_path / "page.html"
    result = run("report", log, "-o", page, "--threat-list", listed)
    assert result.exit_code == 0, result.stderr
    assert "finding" in result.stderr
    assert "listed-address" in page.read_text()
    assert run("report", log, "-o", page, "--no-detect", "--mode", "overwrite").exit_code == 0
    assert "Nothing was looked for: no detector ran." in page.read_text()


@made
def test_a_source_that_is_not_there(run, tmp_path):
    """A missing source is exit code 3, and there is no page."""
    page = tmp_path / "page.html"
    assert run("report", tmp_path / "none.log", "-o", page).exit_code == 3
    assert not page.exists()


def test_without_the_extra_it_says_what_to_install(run, log, tmp_path, monkeypatch):
    """Where a library is absent the command says which extra brings it, before it reads."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run("report", log, "-o", tmp_path / "page.html")
    assert result.exit_code == 2
    assert "pip install 'flowparse[report]'" in result.stderr
