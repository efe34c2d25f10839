"""Floor 4: detectors made of Sigma rules."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.detect.detector import Detector
from flowparse.detect.facts import Facts
from flowparse.detect.findings import make_findings
from flowparse.detect.sigma_filters import filters_of, mask_of
from flowparse.detect.sigma_terms import Term
from flowparse.detect.sums import How, group

__all__ = ["SigmaRule", "sigma"]

#: What talks tell of a request's record.
_TOLD: Final = {
    "srcaddr": "client",
    "dstaddr": "server",
    "dstport": "port",
    "protocol": "protocol",
    "action": "action",
    "account_id": "account_id",
    "interface_id": "interface_id",
}
_SEVERITIES: Final = {"medium": "medium", "high": "high", "critical": "critical"}
_TECHNIQUE: Final = re.compile(r"t\d{4}(\.\d{3})?")
_SUMS: Final[dict[str, How]] = {
    **dict.fromkeys(("records", "packets", "bytes"), "sum"),
    "first_seen": "min",
    "last_seen": "max",
}
_KEYS: Final = ("hour", "account_id", "client")
_SINGLE: Final = ("interface_id", "server", "port", "protocol", "action")


@dataclass(frozen=True)
class SigmaRule(Detector):
    """A Sigma rule about network connections or a firewall. Made by `sigma`.

    Attributes
    ----------
    name : str
        `sigma:` and the title.
    technique : str or None
        The first `attack.tXXXX` of its tags.
    severity : str
        Its level; `informational` is low.
    filters : list of list of tuple
        The records that it is about, for `flowparse.read_table(filters=...)`.
    """

    name: str  # type: ignore[misc]
    technique: str | None  # type: ignore[misc]
    severity: str
    filters: list[list[Term]]

    needs: ClassVar[tuple[str, ...]] = ("start",)

    def unable(self, facts: Facts) -> str | None:
        """Facts know the requests of a conversation, but not the port of the client."""
        used = {term[0] for terms in self.filters for term in terms}
        unknown = sorted(used - set(_TOLD))
        if unknown:
            return (
                f"the rule asks for {', '.join(unknown)}, which facts do not have; read the "
                "records with filters=rule.filters"
            )
        missing = sorted(used - facts.columns) if facts else []
        return f"no record has {', '.join(missing)}" if missing else super().unable(facts)

    def find(self, facts: Facts) -> pa.Table:
        """One finding a client and hour: the requests for which the rule holds."""
        asked = facts.talks.filter(pc.invert(facts.talks["is_answer"]))
        records = asked.select(list(_TOLD.values())).rename_columns(list(_TOLD))
        mask = mask_of(self.filters, records)
        found = group(asked.filter(mask), _KEYS, _SUMS, only=_SINGLE)
        found = found.filter(pc.is_valid(found["hour"]))
        rows = found.select(["client", "server", "port", "records"]).to_pylist()
        return make_findings(
            self,
            time=found["hour"],
            severity=self.severity,
            entity=pc.fill_null(found["client"], ""),
            account_id=found["account_id"],
            interface_id=found["interface_id"],
            srcaddr=found["client"],
            dstaddr=found["server"],
            dstport=found["port"],
            protocol=found["protocol"],
            action=found["action"],
            records=found["records"],
            packets=found["packets"],
            bytes=found["bytes"],
            measure=found["records"],
            first_seen=found["first_seen"],
            last_seen=found["last_seen"],
            why=[
                f"{self.name.removeprefix('sigma:')}: {row['records']:,} records of "
                f"{row['client']} in an hour"
                + (f", to {row['server']}" if row["server"] else "")
                + (f" port {row['port']}" if row["port"] is not None else "")
                for row in rows
            ],
        )


def sigma(rule: str | os.PathLike[str]) -> SigmaRule:
    r"""A Sigma rule as a filter of records, and as a detector.

    Parameters
    ----------
    rule : str or path
        The rule as YAML, or the path of its file. Fields are those of network connections and
        firewalls: `dst_ip`, `src_ip`, `dst_port`, `src_port` (or Sysmon's `DestinationIp` and so
        on), `protocol` (name or number), `action` (accept, deny and so on), and AWS's own names.
        Values may be lists, numbers with `|lt`, `|gt`, `|lte`, `|gte`, networks with `|cidr`,
        null and `|exists`; conditions have and, or, not, `1 of`, `all of`.

    Returns
    -------
    SigmaRule
        `flowparse.read_table(source, filters=rule.filters)` gives its records, and
        `flowparse.detect.run(source, [rule])` a finding a client and hour.

    Raises
    ------
    ValueError
        It is no rule, or has what flow logs cannot answer; the message names the field or the
        modifier.
    OSError
        The file cannot be read.
    ImportError
        pySigma is not installed: `pip install flowparse[sigma]`.

    Notes
    -----
    Text is compared as it stands, while Sigma ignores case: addresses and names of AWS have one
    case. Records are filtered in the core.

    Examples
    --------
    >>> import flowparse
    >>> from flowparse import detect
    >>> rule = detect.sigma('''
    ... title: Remote desktop from outside
    ... logsource: {category: firewall}
    ... level: high
    ... tags: [attack.t1021.001]
    ... detection:
    ...   selection: {dst_port: 3389, action: accept}
    ...   inside: {'src_ip|cidr': 10.0.0.0/8}
    ...   condition: selection and not inside
    ... ''')  # doctest: +SKIP
    >>> rule.technique, rule.filters[0][:2]  # doctest: +SKIP
    ('T1021.001', [('dstport', 'in', [3389]), ('action', 'in', ['ACCEPT'])])
    """
    parsed = _parse(rule)
    conditions = parsed.detection.parsed_condition
    try:
        filters = [terms for one in conditions for terms in filters_of(one.parsed)]
    except ValueError as error:
        raise ValueError(f"Sigma rule {parsed.title!r}: {error}") from None
    level = parsed.level.name.lower() if parsed.level else "medium"
    tags = [tag.name for tag in parsed.tags if tag.namespace == "attack"]
    techniques = [name.upper() for name in tags if _TECHNIQUE.fullmatch(name)]
    return SigmaRule(
        name=f"sigma:{parsed.title}",
        technique=techniques[0] if techniques else None,
        severity=_SEVERITIES.get(level, "low"),
        filters=filters,
    )


def _parse(rule: str | os.PathLike[str]) -> Any:
    try:
        from sigma.exceptions import SigmaError
        from sigma.rule import SigmaRule as Parsed
        from yaml import YAMLError
    except ImportError as error:
        raise ImportError("Sigma rules need pySigma: pip install flowparse[sigma]") from error

    is_text = isinstance(rule, str) and ("\n" in rule or ": " in rule)
    text = str(rule) if is_text else Path(rule).read_text(encoding="utf-8")
    where = "the text" if is_text else os.fspath(rule)
    try:
        return Parsed.from_yaml(text)
    except (SigmaError, YAMLError, AttributeError, TypeError) as error:
        raise ValueError(f"{where}: no Sigma rule: {error}") from None
