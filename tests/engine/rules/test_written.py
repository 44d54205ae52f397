"""A rule that is written out is the same rule when it is read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.load import load, loads
from engine.rules.ruleset import Rule, RuleSet
from engine.rules.written import as_item
from engine.scrub import scrub
from probes.options import SHIPPED_RULES
from tests.helpers.vectors import upstream_rules

ODD = """\
- list: shells
  items: [sh, "ba sh"]
- macro: odd
  condition: proc.name in (shells)
- rule: 'Odd: "name" # x'
  desc: |
    Two lines,
    and a: colon.
  condition: |
    evt.type = openat
      and (odd or fd.name = "/tmp/ü x")
  exceptions:
    - name: files
      fields: fd.name
      comps: in
      values: [/a, /b]
    - name: both
      fields: [proc.name, fd.name]
      comps: [in, startswith]
      values:
        - [[sh, dash], /var]
        - [[vi], "/etc/ x"]
  output: "%proc.name: {x} # %fd.name"
  priority: NOTICE
  tags: [b, a]
  enabled: false
- rule: 'Odd: "name" # x'
  condition: and not fd.name = /append
  override: {condition: append}
"""


@given(st.text(max_size=60), st.text(min_size=1, max_size=20))
def test_whatever_is_in_a_rule_reaches_an_editor_and_comes_back(description: str, value: str) -> None:
    """Through the border where texts are scrubbed, line by line."""
    (rule,) = loads([("odd.yaml", ODD)]).rules
    assert rule.definition is not None
    definition = replace(rule.definition, description=description, tags={value})
    text = as_item(definition)
    lines = text.split("\n")
    assert [scrub(line) for line in lines] == lines
    (item,) = yaml.safe_load(text)
    assert (item.get("desc", ""), item["tags"]) == (description.strip(), [value])


def said(rule: Rule) -> tuple[object, ...]:
    return (
        str(rule.expanded), rule.output, rule.priority, rule.tags, rule.description, rule.enabled, rule.source,
        rule.event_types,
    )  # fmt: skip


def again(rules: RuleSet) -> str:
    return "".join(as_item(rule.definition) for rule in rules.rules if rule.definition is not None)


def assert_the_same(before: RuleSet, after: RuleSet) -> None:
    assert [rule.name for rule in after.rules] == [rule.name for rule in before.rules]
    for one, other in zip(before.rules, after.rules, strict=True):
        assert said(other) == said(one)


def test_odd_rules_come_back_as_they_were() -> None:
    before = loads([("odd.yaml", ODD)])
    assert_the_same(before, loads([("odd.yaml", ODD), ("again.yaml", again(before))]))


def test_every_shipped_rule_comes_back_as_it_was(tmp_path: Path) -> None:
    assert_all_come_back([SHIPPED_RULES], tmp_path)


def test_every_rule_of_falcos_comes_back_as_it_was(tmp_path: Path) -> None:
    assert_all_come_back(upstream_rules(), tmp_path)


def assert_all_come_back(files: list[Path], tmp_path: Path) -> None:
    before = load(files)
    (tmp_path / "again.yaml").write_text(again(before))
    assert_the_same(before, load([*files, tmp_path / "again.yaml"]))


def test_a_long_condition_is_written_in_lines_that_can_be_read() -> None:
    rules = load([SHIPPED_RULES])
    text = again(rules)
    assert max(map(len, text.splitlines())) < 200
    assert "condition: >" in text or "condition: |" in text
