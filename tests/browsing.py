"""A headless Chromium, and what it says of a page."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIBRARIES = ("playwright", "axe_playwright_python")


def why_not() -> str | None:
    """Why there is no browser here; None where there is, or where it must be there."""
    if "chromium" in os.environ.get("FLOWPARSE_SERVICES", "").split(","):
        return None
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)}: pip install playwright axe-playwright-python"
    if program() is None:
        return "no Chromium: apt-get install chromium"
    return None


def program() -> str | None:
    found = (shutil.which(name) for name in PROGRAMS)
    return next((path for path in found if path), None)


@dataclass
class Opened:
    """A page in a browser, and all that it asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, path: Path, width: int, scheme: str = "light") -> Iterator[Opened]:
    """A file in a window of that width, in light or dark mode."""
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=False
    )
    page = context.new_page()
    seen = Opened(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(path.as_uri())
    try:
        yield seen
    finally:
        context.close()
