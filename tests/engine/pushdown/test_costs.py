"""What a rule costs: measured alone, on an ordinary server's events."""

from __future__ import annotations

import asyncio
import linecache

from engine.pushdown.costs import cost
from engine.rules.load import load, loads
from engine.service.rule_costs import RuleCosts
from probes.options import SHIPPED_RULES
from tests.helpers.patience import PATIENCE

RULES = """\
- rule: Shadow
  desc: x
  condition: evt.type = openat and fd.name = /etc/shadow
  output: x
  priority: INFO
- rule: All
  desc: x
  condition: evt.type = openat
  output: x
  priority: INFO
  enabled: false
- rule: Never
  desc: x
  condition: evt.type = openat and not evt.type = openat
  output: x
  priority: INFO
"""


def test_a_rule_that_looks_at_a_path_keeps_more_in_the_kernel_than_one_that_takes_all() -> None:
    rules = loads([("x.yaml", RULES)])
    shadow, every = cost(rules["Shadow"]), cost(rules["All"])
    assert shadow is not None and every is not None
    assert (shadow.kept_back, every.kept_back) == (1.0, 0.0)
    assert shadow.time > 0
    assert cost(rules["Never"]) is None


def test_measuring_leaves_the_functions_in_force_their_lines() -> None:
    rules = load([SHIPPED_RULES])
    for _ in rules.prepare():
        pass
    before = linecache.getlines("<rules openat>")
    cost(rules["Sensitive file read"])
    assert linecache.getlines("<rules openat>") == before


async def test_rules_are_measured_once_and_again_when_they_are_others() -> None:
    measured = asyncio.Event()
    costs = RuleCosts(measured.set)
    rules = loads([("x.yaml", RULES)])
    costs.measure(rules)
    assert costs.of(rules["Shadow"])["kept_back"] == -1.0
    await asyncio.wait_for(measured.wait(), PATIENCE)
    assert costs.of(rules["Shadow"])["kept_back"] == 1.0
    costs.measure(rules)
    assert costs.of(rules["Shadow"])["kept_back"] == 1.0
    costs.measure(loads([("x.yaml", RULES)]))
    assert costs.of(rules["Shadow"])["kept_back"] == -1.0
