"""Sigma rules as filters and as detectors."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowparse
from detect.hand import BEGIN, facts, talk
from flowparse import detect
from strategies import LAW

pytest.importorskip("sigma", reason="pysigma is not installed: pip install flowparse[sigma]")

RULE = """
title: Remote desktop from outside
logsource: {category: firewall}
level: high
tags: [attack.initial-access, attack.t1021.001]
detection:
  selection: {dst_port: [3389, 22], action: allow}
  inside: {'src_ip|cidr': [10.0.0.0/8, 'fc00::/7']}
  condition: selection and not inside
"""
LOG = b"""srcaddr dstaddr dstport protocol action
203.0.113.7 10.0.0.1 3389 6 ACCEPT
203.0.113.7 10.0.0.1 3389 6 REJECT
10.9.9.9 10.0.0.1 22 6 ACCEPT
2001:db8::7 10.0.0.1 22 6 ACCEPT
fd00::7 10.0.0.1 22 6 ACCEPT
- 10.0.0.1 22 6 ACCEPT
203.0.113.7 10.0.0.1 443 17 ACCEPT
"""


def rule(selection: str, condition: str = "selection", more: str = "") -> str:
    return (
        "title: T\nlogsource: {category: firewall}\ndetection:\n"
        f"  selection: {selection}\n{more}  condition: {condition}\n"
    )


def kept(text: str) -> list[int]:
    """The lines of LOG that a rule's filters keep, from 0."""
    table = flowparse.read_table(LOG, filters=detect.sigma(text).filters, columns=["line"])
    return [line - 2 for line in table["line"].to_pylist()]


def test_a_rule_is_a_filter() -> None:
    """And, or, not and networks; what is null is not inside, and so passes `not inside`."""
    assert kept(RULE) == [0, 3, 5]


def test_a_rule_says_how_grave_it_is() -> None:
    """Level and technique are those of the rule."""
    found = detect.sigma(RULE)
    assert (found.name, found.severity, found.technique) == (
        "sigma:Remote desktop from outside",
        "high",
        "T1021.001",
    )


@pytest.mark.parametrize(
    ("selection", "lines"),
    [
        ("{DestinationPort: 443}", [6]),
        ("{destination.port: 443, network.transport: UDP}", [6]),
        ("{protocol: 17}", [6]),
        ("{'dst_port|lt': 443}", [2, 3, 4, 5]),
        ("{'dst_port|gte': 443}", [0, 1, 6]),
        ("{src_ip: null}", [5]),
        ("{'src_ip|exists': true, action: deny}", [1]),
        ("{'src_ip|startswith': '10.9.'}", [2]),
        ("[{dst_port: 443}, {action: blocked}]", [1, 6]),
        ("{dstaddr: 10.0.0.1, srcaddr: '2001:db8::7'}", [3]),
    ],
)
def test_fields_and_modifiers(selection: str, lines: list[int]) -> None:
    """What rules call things, and what they ask of them."""
    assert kept(rule(selection)) == lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rule("{Image: a.exe}"), "field 'Image': flow logs have no such field"),
        (rule("{'dst_ip|re': '10.*'}"), "field 'dst_ip': RegularExpression cannot"),
        (rule("{'dst_ip|endswith': '.1'}"), "field 'dst_ip': the pattern"),
        (rule("{'dst_port|contains': '44'}"), "field 'dst_port': the pattern"),
        (rule("{action: maybe}"), "field 'action': expected accept or reject, got 'maybe'"),
        (rule("{dst_port: http}"), "field 'dst_port': expected a number"),
        (rule("{protocol: xyz}"), "field 'protocol': IANA knows no protocol 'xyz'"),
        (rule("['word']"), "keywords"),
        ("title: T\n", "no Sigma rule"),
        ("a: b: c", "no Sigma rule"),
    ],
)
def test_what_cannot_be_expressed_is_an_error_that_names_it(text: str, said: str) -> None:
    """Nothing of a rule is left out in silence."""
    with pytest.raises(ValueError, match=said):
        detect.sigma(text)


def test_a_rule_may_be_a_file(tmp_path: Path) -> None:
    """The path of one."""
    (tmp_path / "rule.yml").write_text(RULE)
    assert detect.sigma(tmp_path / "rule.yml") == detect.sigma(RULE)
    assert detect.sigma(str(tmp_path / "rule.yml")) == detect.sigma(RULE)
    with pytest.raises(OSError, match="gone"):
        detect.sigma(tmp_path / "gone.yml")


def test_a_rule_is_a_detector() -> None:
    """One finding a client and hour, of the requests for which it holds."""
    asked = {"client": "203.0.113.7", "port": 3389, "records": 4}
    talks = [
        talk(0, **asked),
        talk(0, **asked, server="10.0.0.2"),
        talk(0, **asked, is_answer=True),
        talk(5, **asked),
        talk(6, **{**asked, "client": "10.0.0.9"}),
    ]
    found = detect.sigma(RULE).find(facts(talks)).to_pylist()
    assert [(row["entity"], row["records"], row["dstaddr"]) for row in found] == [
        ("203.0.113.7", 8, None),
        ("203.0.113.7", 4, "10.0.0.1"),
    ]
    assert found[1]["time"].timestamp() == BEGIN + 5 * 3600
    assert found[1]["why"] == (
        "Remote desktop from outside: 4 records of 203.0.113.7 in an hour, to 10.0.0.1 port 3389"
    )
    assert {row["severity"] for row in found} == {"high"}


def test_a_rule_about_what_facts_do_not_have_says_so() -> None:
    """The port of a client is in records only."""
    source_port = detect.sigma(rule("{src_port: 53}"))
    assert "srcport" in str(source_port.unable(facts([talk(0)])))
    assert source_port.find
    no_action = detect.sigma(RULE)
    assert no_action.unable(facts([talk(0, action=None)])) == "no record has action"


CONDITIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "d"]),
    lambda inner: st.one_of(
        inner.map(lambda x: f"not ({x})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda x: f"({x[0]} {x[1]} {x[2]})"
        ),
    ),
    max_leaves=5,
)
TERMS = """  a: {'src_ip|cidr': [203.0.113.0/24, 'fd00::/8']}
  b: {dst_port: [22, 443]}
  c: {src_ip: null}
  d: {action: accept, 'dst_port|gt': 22}
"""


def holds(condition: str, row: dict[str, Any]) -> bool:
    """The condition by Python's own logic."""
    address = row["srcaddr"] and ip_address(row["srcaddr"])
    networks = [ip_network("203.0.113.0/24"), ip_network("fd00::/8")]
    names = {
        "a": address is not None and any(address in one for one in networks),
        "b": row["dstport"] in (22, 443),
        "c": address is None,
        "d": row["action"] == "ACCEPT" and row["dstport"] > 22,
    }
    return bool(eval(condition, {}, names))


@LAW
@given(CONDITIONS)
def test_a_condition_keeps_what_logic_keeps(condition: str) -> None:
    """Any and, or and not of conditions, nulls included, on records and on facts."""
    rows = flowparse.read_table(LOG).to_pylist()
    expected = [place for place, row in enumerate(rows) if holds(condition, row)]
    head = "title: T\nlogsource: {category: firewall}\ndetection:\n"
    text = f"{head}{TERMS}  condition: {condition}\n"
    assert kept(text) == expected
    talks = [
        talk(n, client=row["srcaddr"], port=row["dstport"], action=row["action"])
        for n, row in enumerate(rows)
    ]
    found = detect.sigma(text).find(facts(talks)).to_pylist()
    assert [int(row["time"].timestamp() - BEGIN) // 3600 for row in found] == expected
