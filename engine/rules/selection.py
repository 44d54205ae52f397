"""``rules:`` and ``priority`` of the configuration: which of the loaded rules are in force.

Selections are applied in order on what the files enable. A rule that is disabled and enabled again is asked last,
which matters where the first matching rule wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.alerts import Priority
from engine.rules.ruleset import Rule, RuleSet


@dataclass(frozen=True)
class Selection:
    """Enable or disable the rules that have ``tag``, or whose name matches ``rule`` (``*``: any run of characters)."""

    enable: bool
    rule: str = ""
    tag: str = ""

    def test(self) -> Callable[[Rule], bool]:
        """Whether a rule is meant."""
        if self.tag:
            return lambda rule: self.tag in rule.tags
        return lambda rule: matches_wildcard(self.rule, rule.name)


def matches_wildcard(pattern: str, name: str) -> bool:
    """Whether the whole name matches a pattern in which ``*`` is any run of characters; linear in the name."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == name
    *middle, last = rest
    index = len(first)
    for part in middle:
        found = name.find(part, index)
        if found < 0:
            return False
        index = found + len(part)
    return name.startswith(first) and name.endswith(last) and index + len(last) <= len(name)


def in_force(
    rules: Iterable[Rule], selections: Iterable[Selection], least: Priority = Priority.DEBUG
) -> dict[str, Rule]:
    """The rules that are asked, by name, in the order in which they are: those at least as severe as ``least``."""
    severe = [rule for rule in rules if rule.priority <= least]
    active = {rule.name: rule for rule in severe if rule.enabled}
    for selection in selections:
        test = selection.test()
        for rule in filter(test, severe):
            if selection.enable:
                active.setdefault(rule.name, rule)
            else:
                active.pop(rule.name, None)
    return active


def select(ruleset: RuleSet, selections: Iterable[Selection], least: Priority = Priority.DEBUG) -> RuleSet:
    """The rules with these selections applied: those in force first, in their order, then the others, disabled."""
    active = in_force(ruleset.rules, selections, least)
    others = [rule for rule in ruleset.rules if rule.name not in active]
    for rule in others:
        rule.enabled = False
    for rule in active.values():
        rule.enabled = True
    return RuleSet([*active.values(), *others], ruleset.warnings)
