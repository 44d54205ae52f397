"""The rules in force: they are switched one by one, and their files are read again, while events are judged."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Callable, Sequence

from engine.beside import beside
from engine.errors import TiercelError
from engine.judging.evidence import forget_rules
from engine.protocol import Reload
from engine.rules.ruleset import Rule, RuleSet
from engine.ruling.exceptions import LocalRules
from engine.ruling.reload import difference, refusal


class Ruling(ABC):
    """The part of a sensor that has the rules. ``load_rules`` reads their files, again for a reload."""

    def __init__(
        self, rules: RuleSet, load_rules: Callable[[], RuleSet], rule_changes: AsyncIterable[object] | None
    ) -> None:
        self.rules = rules
        self.load_rules = load_rules
        self.rule_changes = rule_changes
        """Yields when the rule files have changed; None where nobody watches them."""
        self.rules_generation = 0
        self.on_switched: Callable[[Rule], None] = lambda _rule: None
        """Told when a rule was switched by hand."""
        self.on_rules: Callable[[RuleSet], None] = lambda _rules: None
        """Told of the rules of a reload before they judge."""
        self.on_reload: Callable[[Reload], None] = lambda _reload: None
        """Told how a reload went."""
        self.exceptions: LocalRules | None = None
        """Where exceptions from alerts are written; None where nothing is judged but once."""
        self.changing = asyncio.Lock()
        """Held by who changes the local rules."""
        self.try_rules: Callable[[str], RuleSet] | None = None
        """Loads the rules with a text behind all others; None where nobody can."""
        self._switched: dict[str, bool] = {}
        """Rules switched by hand."""
        self._reloading = asyncio.Lock()

    @abstractmethod
    def _select(self, *, narrows: bool = False) -> None:
        """Have the sources tell what the rules ask for."""

    @abstractmethod
    def _soon(self) -> None:
        """Front ends are to hear of a change with the next pulse."""

    @abstractmethod
    def _tell(self, reload: Reload) -> None:
        """Tell everybody how a reload went."""

    def set_rule(self, name: str, enabled: bool) -> Rule:
        """Switch a rule, until the end or until it is switched again. Raises TiercelError for a name that is none."""
        return self.set_rules([name], enabled)[0]

    def set_rules(self, names: Sequence[str], enabled: bool) -> list[Rule]:
        """Switch rules at one moment, as :meth:`set_rule` does; with a name that is none, none of them."""
        for name in names:
            if name not in self.rules:
                raise TiercelError(f"there is no rule {name!r}", hint="the rule files may have been reloaded since")
        rules = [self.rules.set_enabled(name, enabled) for name in names]
        self._switched.update(dict.fromkeys(names, enabled))
        self._select(narrows=not enabled)
        self.rules_generation += 1
        self._soon()
        for rule in rules:
            self.on_switched(rule)
        return rules

    async def reload(self) -> Reload:
        """Read the rule files again, beside the watch, and say what has changed; switches set by hand are kept.

        Raises TiercelError when something is wrong with them: the running rules go on, and Health tells what it is
        until they are read without an error.
        """
        async with self._reloading:
            try:
                fresh = await beside(self._load_ready)
            except TiercelError as error:
                self._tell(refusal(error, self.rules))
                raise
            except Exception as error:  # a bug that new rules find: those of before go on
                fault = _own_fault(error)
                self._tell(refusal(fault, self.rules))
                raise fault from error
            self.switch(fresh)
            reload = difference(self.rules, fresh, self._switched)
            self._use(fresh)
            self._tell(reload)
            return reload

    def _load_ready(self) -> RuleSet:
        """The rules with everything made that judging them needs."""
        rules = self.load_rules()
        self.switch(rules)
        for _event_type in rules.prepare():
            pass
        return rules

    def switch(self, rules: RuleSet) -> None:
        """Switch them as was done by hand."""
        for name, enabled in self._switched.copy().items():
            if name in rules:
                rules.set_enabled(name, enabled)

    def _use(self, rules: RuleSet) -> None:
        """From the next event on these rules judge."""
        self.rules = rules
        forget_rules()
        self.on_rules(rules)
        self._select()
        self.rules_generation += 1

    def rules_measured(self) -> None:
        """More is known of the rules than before: front ends that show them ask again."""
        self.rules_generation += 1
        self._soon()


def _own_fault(error: Exception) -> TiercelError:
    """A bug of ours that rule files have found."""
    return TiercelError(f"internal error while the rules were read: {error!r}", hint="please report it")
