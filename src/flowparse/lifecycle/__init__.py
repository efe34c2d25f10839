"""Floor 4: rules for the flow logs of a bucket: when they move to colder storage, and when they go.

`plan` shows what would change and `apply` does it; rules of others stay as they are. `cost` tells
what the objects cost now, and would then.
"""

from __future__ import annotations

from flowparse.lifecycle.apply import Applied, apply, remove
from flowparse.lifecycle.check import CLASSES, Checked, check
from flowparse.lifecycle.cloudformation import as_cloudformation
from flowparse.lifecycle.costing import SCENARIOS, cost
from flowparse.lifecycle.faults import LifecycleChangedError, LifecycleError, LifecycleKeptError
from flowparse.lifecycle.forecast import PARTS, Compaction
from flowparse.lifecycle.listed import as_json, list_rules
from flowparse.lifecycle.plan import Plan, plan, plan_removal
from flowparse.lifecycle.policy import PRESETS, REASONS, Policy, Transition
from flowparse.lifecycle.prefixes import find_prefixes, flow_log_prefixes
from flowparse.lifecycle.prices import ClassPrice, PriceTable, load_prices
from flowparse.lifecycle.stock import Arrival, Stock, read_inventory, read_listing
from flowparse.lifecycle.stored import Configuration
from flowparse.lifecycle.terraform import as_terraform

__all__ = [
    "CLASSES",
    "PARTS",
    "PRESETS",
    "REASONS",
    "SCENARIOS",
    "Applied",
    "Arrival",
    "Checked",
    "ClassPrice",
    "Compaction",
    "Configuration",
    "LifecycleChangedError",
    "LifecycleError",
    "LifecycleKeptError",
    "Plan",
    "Policy",
    "PriceTable",
    "Stock",
    "Transition",
    "apply",
    "as_cloudformation",
    "as_json",
    "as_terraform",
    "check",
    "cost",
    "find_prefixes",
    "flow_log_prefixes",
    "list_rules",
    "load_prices",
    "plan",
    "plan_removal",
    "read_inventory",
    "read_listing",
    "remove",
]
