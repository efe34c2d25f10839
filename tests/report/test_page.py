from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

import reported as hand
from flowparse.report.gathered import DENIED, LINKS, TALKERS, VOLUME
from flowparse.report.page import render

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}<!--\x00\u202e</style><img src=x onerror=alert(1)>"

NESTED = ("h1", "h2", "h3", "h4")


class Seen(HTMLParser):
    """The elements of a page, its headings, and the text between tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in NESTED:
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text += data

    def names(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def test_hostile_text_is_text():
    """Markup in a source's name, an address, a reject or a finding never becomes an element."""
    plain, hostile = (Seen(render(hand.everything(text), text)) for text in ("x", HOSTILE))
    assert hostile.names() == plain.names()
    assert {"script", "img", "iframe", "object"}.isdisjoint(hostile.names())
    events = [name for _, attrs in hostile.elements for name in attrs if name.startswith("on")]
    assert events == []
    assert hostile.text.count("<script>alert(1)</script>") > 10
    assert "\x00" not in hostile.text
    assert "\u202e" not in hostile.text
    assert "{{7*7}}" in hostile.text


def test_the_page_asks_for_nothing():
    """No element names another file or address; only places in the page itself are linked."""
    page = render(hand.everything(), "Title")
    seen = Seen(page)
    links = [
        attrs[name]
        for _, attrs in seen.elements
        for name in ("src", "href", "xlink:href", "data", "action", "poster", "srcset")
        if name in attrs
    ]
    assert all(link.startswith("#") or link == "data:," for link in links), links
    assert not re.search(r"url\(|@import", page)
    policy = next(a["content"] for _, a in seen.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_headings_are_in_order():
    """There is one first heading, and no level is skipped on the way down."""
    levels = Seen(render(hand.everything(), "Title")).headings
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels


def test_links_of_the_page_lead_somewhere():
    """Each link of the page has its target in it, and each label that is referred to is there."""
    seen = Seen(render(hand.everything(), "Title"))
    ids = [attrs["id"] for _, attrs in seen.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = [a["href"][1:] for _, a in seen.elements if a.get("href", "").startswith("#")]
    wanted += [a["aria-labelledby"] for _, a in seen.elements if "aria-labelledby" in a]
    assert set(wanted) <= set(ids)
    assert len(wanted) > 10


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({}, "There is nothing in the source"),
        ({"objects": 3, "headers": 3}, "3 objects were read, and there is no record in them."),
        ({"objects": 1, "rejects": 2}, "No line is a record: all 2 were rejected."),
        ({"objects": 1, "records": 9}, "None of the 9 records passed the filters."),
    ],
)
def test_a_page_of_nothing_says_so(counts, says):
    """Without records the page says that there are none, and why."""
    page = render(hand.nothing(counts=hand.Counts(**counts)), "Title")
    seen = Seen(page)
    assert "No records" in seen.text
    assert says in seen.text
    assert "svg" not in seen.names()


def test_what_was_lost_is_said_first():
    """Rejects, failed sources and SKIPDATA are told before any figure."""
    text = Seen(render(hand.everything(), "Title")).text
    figures = text.index("Accepted")
    for said in (
        "1 line is no record, and not in the figures.",
        "1 source could not be read to the end",
        "10 records say SKIPDATA",
    ):
        assert 0 < text.index(said) < figures
    assert "Nothing was lost" not in text


def test_nothing_lost_is_said_too():
    """Where nothing was lost the page says that, and shows no warning."""
    gathered = hand.everything(quality=hand.nothing().quality)
    text = Seen(render(gathered, "Title")).text
    assert "Nothing was lost" in text
    assert "Read these figures with care" not in text


def test_every_chart_is_there_twice_and_has_its_table():
    """Each chart has a label, a form for wide and for narrow screens, and a table beneath."""
    page = render(hand.everything(), "Title")
    charts = [a for tag, a in Seen(page).elements if tag == "svg"]
    assert all(a["role"] == "img" and a["aria-label"] for a in charts)
    assert page.count('class="chart wide"') == page.count('class="chart narrow"') == 7
    assert len(charts) == 14
    for name in ("Volume", "Top talkers", "Who talks to whom", "Denied"):
        assert f"<summary>{name} as a table</summary>" in page


def test_findings_come_by_severity():
    """The most severe finding is the first, whatever its time."""
    found = hand.rows(
        hand.FINDINGS,
        hand.finding("low", why="first in time", time=hand.HOUR - 9),
        hand.finding("critical", why="worst of all"),
        hand.finding("medium", why="in between"),
    )
    text = Seen(render(hand.everything(findings=found), "Title")).text
    places = [text.index(why) for why in ("worst of all", "in between", "first in time")]
    assert places == sorted(places)
    assert "1 critical, 1 medium, 1 low" in text


def test_a_page_stays_small_at_the_limits():
    """100,000 pairs, 10,000 findings and 300 bars of four actions fit into a megabyte."""
    pairs = [
        {"srcaddr": f"2001:db8:1111:2222:3333:4444:5555:{i:x}", "dstaddr": f"10.0.0.{i}"}
        for i in range(50)
    ]
    links = [
        {"source": f"2001:{i:x}::/32", "destination": f"10.{i % 200}.0.0/24"} for i in range(20_000)
    ]
    every = [
        {"time": hand.HOUR + 60 * i, "action": action}
        for i in range(300)
        for action in ("ACCEPT", "REJECT", "X", "Y")
    ]
    sizes = {"records": 10**9, "packets": 10**12, "bytes": 10**15}
    found = [hand.finding(entity=f"10.0.{i // 250}.{i % 250}") for i in range(10_000)]
    gathered = hand.everything(
        volume=hand.rows(VOLUME, *({**row, **sizes} for row in every)),
        talkers=hand.part(
            hand.rows(TALKERS, *({**p, **sizes, **hand.SEEN} for p in pairs)), 10**18
        ),
        denied=hand.part(
            hand.rows(DENIED, *({**p, **sizes, **hand.SEEN, "dstport": 65535} for p in pairs)),
            10**18,
        ),
        links=hand.rows(LINKS, *({**one, **sizes, "rejected": 1} for one in links)),
        findings=hand.rows(hand.FINDINGS, *found),
    )
    page = render(gathered, "Title")
    assert len(page.encode()) < 1_000_000
    text = Seen(page).text
    assert "All others have 1,000.0 PB of 1,050.0 PB." in text
    assert "The table leaves out 1,000,000,000,000,000,000 of" in text
    assert "9,800 more are counted above" in text
    assert "19,800 more pairs are not in the table" in text
