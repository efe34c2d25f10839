"""The page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import browsing as chromium
import reported as hand
from flowparse.report.page import render

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(chromium.why_not() is not None, reason=str(chromium.why_not())),
]

LONG = "i-" + "0123456789abcdef" * 12
WIDTHS = (360, 390, 768, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A usual page, an empty one, and one of long and hostile texts with many findings."""
    folder = tmp_path_factory.mktemp("pages")
    severities = ("critical", "high", "medium", "low") * 10
    found = hand.rows(hand.FINDINGS, *(hand.finding(one) for one in severities))
    made = {
        "usual": hand.everything(findings=found),
        "empty": hand.nothing(),
        "long": hand.everything(LONG),
        "hostile": hand.everything("<script>document.title='pwned'</script><img src=x>"),
    }
    for name, gathered in made.items():
        (folder / f"{name}.html").write_text(render(gathered, "Flow logs"), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


EACH = pytest.mark.parametrize("name", ["usual", "empty", "long", "hostile"])


@EACH
def test_it_asks_for_nothing_and_complains_of_nothing(browser, pages, name):
    """Opened from a file, the page asks for itself alone, and the console stays empty."""
    with chromium.opened(browser, pages[name], 1280) as seen:
        seen.page.wait_for_load_state("networkidle")
        assert seen.requests == [pages[name].as_uri()]
        assert seen.complaints == []
        assert seen.page.title() == "Flow logs"


@EACH
@pytest.mark.parametrize("width", WIDTHS)
def test_it_never_scrolls_sideways(browser, pages, name, width):
    """At any width, with all that can be opened open, the page is as wide as its window."""
    with chromium.opened(browser, pages[name], width) as seen:
        seen.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("width", "shown"), [(390, "narrow"), (1280, "wide")])
def test_each_width_has_its_charts(browser, pages, width, shown):
    """A phone sees the charts that are drawn for it, a desk those drawn for a desk."""
    with chromium.opened(browser, pages["usual"], width) as seen:
        visible = seen.page.eval_on_selector_all(
            ".chart", "all => all.filter(one => one.offsetWidth).map(one => one.className)"
        )
        assert set(visible) == {f"chart {shown}"}
        assert len(visible) == 7


@pytest.mark.parametrize("width", [390, 1280])
def test_text_of_charts_can_be_read(browser, pages, width):
    """No text of a chart is smaller than 9.5 pixels on the screen."""
    with chromium.opened(browser, pages["usual"], width) as seen:
        smallest = seen.page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('.chart svg')]
                .filter(svg => svg.clientWidth)
                .flatMap(svg => {
                    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                    return [...svg.querySelectorAll('text')].map(
                        text => parseFloat(getComputedStyle(text).fontSize) * scale);
                }))"""
        )
        assert smallest >= 9.5


@EACH
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_rules_of_accessibility(browser, pages, name, scheme, width):
    """Axe finds nothing against WCAG 2.2 AA or good practice, contrast in both modes included."""
    from axe_playwright_python.sync_playwright import Axe

    with chromium.opened(browser, pages[name], width, scheme) as seen:
        seen.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        found = Axe().run(seen.page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_axe_would_find_something(browser, pages, tmp_path):
    """The rules do run: a page whose text is pale is found out."""
    from axe_playwright_python.sync_playwright import Axe

    pale = tmp_path / "pale.html"
    text = pages["usual"].read_text(encoding="utf-8")
    pale.write_text(text.replace("--ink: #1a2129", "--ink: #c9cfd6"), encoding="utf-8")
    with chromium.opened(browser, pale, 1280) as seen:
        found = {one["id"] for one in Axe().run(seen.page).response["violations"]}
        assert "color-contrast" in found


TABBED = """() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    return one === document.body ? null : {
        place: [...document.querySelectorAll('a, summary, [tabindex="0"]')].indexOf(one),
        outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth,
    };
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_all_can_be_reached_by_keyboard(browser, pages, width):
    """Tab goes to every link, every summary and every region that scrolls, in order and visibly."""
    with chromium.opened(browser, pages["usual"], width) as seen:
        page = seen.page
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        wanted = page.locator('a, summary, [tabindex="0"]').count()
        reached = []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(TABBED))
        assert [one and one["place"] for one in reached] == list(range(wanted))
        assert all(one["outline"] and one["seen"] for one in reached)
        assert wanted > 12


def test_a_summary_opens_by_keyboard(browser, pages):
    """Enter on a summary shows the table beneath a chart."""
    with chromium.opened(browser, pages["usual"], 390) as seen:
        page = seen.page
        page.locator("#volume ~ details summary").focus()
        table = page.locator("#volume ~ details table")
        assert not table.is_visible()
        page.keyboard.press("Enter")
        assert table.is_visible()


def test_the_skip_link_leads_to_the_content(browser, pages):
    """The first stop is a link that jumps over the navigation."""
    with chromium.opened(browser, pages["usual"], 1280) as seen:
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "content"


def test_paper(browser, pages):
    """Printed in dark mode, the page is black on white, not cut off, and has every finding.

    What only a hand can use, navigation and closed tables, is not printed.
    """
    with chromium.opened(browser, pages["usual"], 1280, "dark") as seen:
        page = seen.page
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins
        color, paper = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).background]"
        )
        assert color == "rgb(0, 0, 0)"
        assert "rgb(255, 255, 255)" in paper
        assert not page.locator("nav").is_visible()
        assert not page.locator("details.tabled").first.is_visible()
        assert page.locator(".finding").count() == 40
        assert page.locator(".more .finding").last.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 680
