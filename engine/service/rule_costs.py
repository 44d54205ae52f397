"""The costs of the rules in force, measured beside the watch when somebody looks at the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.beside import beside
from engine.pushdown.costs import Cost, cost
from engine.rules.ruleset import Rule, RuleSet

_UNKNOWN = {"cost": -1.0, "kept_back": -1.0}


class RuleCosts:
    """Measures each set of rules once. ``done`` is called when more is known."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._rules: RuleSet | None = None
        self._known: dict[str, Cost] = {}
        self._work: asyncio.Task[None] | None = None

    def measure(self, rules: RuleSet) -> None:
        """Begin to measure them, unless that is done or under way. Each rule takes some milliseconds of a thread."""
        if rules is not self._rules:
            self._rules, self._known = rules, {}
            if self._work is not None:
                self._work.cancel()
            self._work = asyncio.create_task(self._measure(rules))

    async def _measure(self, rules: RuleSet) -> None:
        for rule in rules.rules:
            found = await beside(lambda rule=rule: cost(rule))  # type: ignore[misc]
            if found is not None:
                self._known[rule.name] = found
        self._done()

    def of(self, rule: Rule) -> dict[str, float]:
        """The figures of a row."""
        found = self._known.get(rule.name)
        return {"cost": found.time, "kept_back": found.kept_back} if found is not None else _UNKNOWN
