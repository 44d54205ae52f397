"""Rule files that change while their rules are in force: what is new in them, and who is told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Collection
from contextlib import suppress
from typing import Protocol

from engine.config import ConfigError
from engine.errors import RulesError, TiercelError
from engine.protocol import Reload
from engine.rules.render import render_lines
from engine.rules.ruleset import Rule, RuleSet


class Reloads(Protocol):
    """Reads its rule files again."""

    async def reload(self) -> Reload:
        """Read them. Raises TiercelError, and the rules of before go on."""


async def follow(sensor: Reloads, changes: AsyncIterable[object]) -> None:
    """Read the rule files again with each change. What is wrong with them is the sensor's to tell."""
    async for _change in changes:
        with suppress(TiercelError):
            await sensor.reload()


def difference(before: RuleSet, after: RuleSet, switched: Collection[str] = ()) -> Reload:
    """What a reload has changed. Rules in ``switched`` are on or off by hand, whatever the files say."""
    both = [rule for rule in after.rules if rule.name in before]
    return Reload(
        time=time.time_ns(),
        rules=len(after.rules),
        added=[rule.name for rule in after.rules if rule.name not in before],
        removed=[rule.name for rule in before.rules if rule.name not in after],
        changed=[rule.name for rule in both if _differ(before[rule.name], rule, by_hand=rule.name in switched)],
    )


def refusal(error: TiercelError, before: RuleSet) -> Reload:
    """What is told of a reload that failed."""
    return Reload(time=time.time_ns(), rules=len(before.rules), problems=problem_lines(error))


def problem_lines(error: TiercelError) -> list[str]:
    """What is wrong with the rule files or the configuration, each text one line."""
    if isinstance(error, RulesError):
        return render_lines(error.problems)
    if isinstance(error, ConfigError):
        return [line for fault in error.faults for line in str(fault).split("\n")]
    return [error.message, *([f"  hint: {error.hint}"] if error.hint else [])]


def _differ(before: Rule, after: Rule, *, by_hand: bool) -> bool:
    """Whether a rule is another one than before, be it by a macro or a list that it uses."""
    return _facts(before) != _facts(after) or (before.enabled != after.enabled and not by_hand)


def _facts(rule: Rule) -> tuple[object, ...]:
    return (rule.expanded, rule.output, rule.priority, rule.tags, rule.description, rule.source)
